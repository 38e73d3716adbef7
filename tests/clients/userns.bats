# Docker with --userns-remap: root of every container is an unprivileged user of
# the host.

load lib
load docker

setup_file() {
	# /etc is a copy that goes with this run.
	echo 'remap:x:7777:7777::/nonexistent:/bin/false' >>/etc/passwd
	echo 'remap:x:7777:' >>/etc/group
	echo 'remap:300000:65536' >>/etc/subuid
	echo 'remap:300000:65536' >>/etc/subgid
	docker_up --userns-remap remap
}

teardown_file() { docker_down; }
setup() { docker_begin; }
teardown() { docker_end; }

@test "userns-remap: root inside is nobody outside" {
	detached -- sleep 100
	equal "$(stat -c %u:%g "/proc/$PID")" 300000:300000
	matches "$(<"/proc/$PID/uid_map")" '^ *0 +300000 +65536$'
	equal "$("$RUNTIME" --root "$ROOT" state "$(of .Id)" | jq .pid)" "$PID"
	d exec "$ID" id -u
	stdout 0
}

@test "userns-remap: output, exit status, capabilities" {
	run -- sh -c 'echo out; exit 7'
	exited 7
	stdout out
	probed
	want .uid 0
	want .caps.bounding 00000000a80425fb
	want .seccomp 2
}

@test "userns-remap: files have the container's owners" {
	mkdir -m 777 "$T/dir"
	run -v "$T/dir:/in" -- sh -c 'stat -c %u:%g /etc/passwd /home/alice; touch /in/x; chown alice /tmp && echo owned'
	exited 0
	stdout $'0:0\n1000:1000\nowned'
	equal "$(stat -c %u "$T/dir/x")" 300000
}

@test "userns-remap: mounts, devices, tmpfs, sysctls" {
	run --tmpfs /in:size=1m --shm-size 3m --sysctl net.ipv4.ip_unprivileged_port_start=77 --device /dev/fuse -- \
		sh -c 'cat /proc/sys/net/ipv4/ip_unprivileged_port_start; echo x >/in/x && echo written; echo null >/dev/null && echo null; test -c /dev/fuse && echo fuse; touch /sys/x'
	stdout $'77\nwritten\nnull\nfuse'
	contains "$error" "Read-only file system"
}

@test "userns-remap: terminals" {
	spawn run ptyrun -step 'expect:#' -step 'send:tty\n' -step expect:/dev/pts/0 -step 'send:exit 5\n' \
		-- docker run --rm --interactive --tty busybox:test sh
	reap run "$SPAWNED_PID"
	exited 5
	detached -- sleep 100
	spawn exec ptyrun -step 'expect:#' -step 'send:tty\n' -step expect:/dev/pts/ -step 'send:exit 4\n' -- docker exec --interactive --tty "$ID" sh
	reap exec "$SPAWNED_PID"
	exited 4
}

@test "userns-remap: user, read-only root, bridge, limits" {
	run --user alice --read-only --memory 64m -- sh -c 'id -un; ls /sys/class/net; touch /x'
	exited 1
	stdout $'alice\neth0\nlo'
	contains "$error" "Read-only file system"
}

@test "userns-remap: pause, stop, kill, remove" {
	detached -- sh -c 'trap "exit 5" TERM; echo ready; while :; do sleep 0.05; done'
	eventually logged ready
	d pause "$ID"
	exited 0
	d unpause "$ID"
	exited 0
	d stop "$ID"
	equal "$(of .State.ExitCode)" 5
	d rm "$ID"
	no_trace
}

@test "userns-remap: a container that shares the host's" {
	run --userns host -- cat /proc/self/uid_map
	matches "$output" '^ *0 +0 +4294967295$'
}

@test "userns-remap: what cannot be executed" {
	run -- nosuch
	exited 127
	run -- /etc/passwd
	exited 126
	no_trace
}
