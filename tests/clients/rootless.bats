# Podman of an unprivileged user, who has a range of ids in /etc/subuid and no right
# to any cgroup: Podman, conmon and the runtime run in a user namespace.

load lib
load podman

setup_file() {
	prepare_client
	# /etc is a copy that goes with this run.
	echo "tester:x:7777:7777::$C/home:/bin/sh" >>/etc/passwd
	echo 'tester:x:7777:' >>/etc/group
	echo 'tester:300000:65536' >>/etc/subuid
	echo 'tester:300000:65536' >>/etc/subgid
	podman_config "$C/nowhere"
	rm /etc/containers/storage.conf
	sed -i '/^tmp_dir/d' /etc/containers/containers.conf
	device tun 200 net/tun
	device fuse 229 fuse
	mkdir -p "$C/home" /run/user/7777
	chown 7777:7777 "$C/home" /run/user/7777
	chmod 700 /run/user/7777
	cat >"$C/as" <<-END
		#!/bin/sh
		exec setpriv --reuid 7777 --regid 7777 --init-groups \
			env -i HOME=$C/home XDG_RUNTIME_DIR=/run/user/7777 USER=tester TMPDIR=$C/home PODMAN_IGNORE_CGROUPSV1_WARNING=1 PATH=/usr/bin:/usr/sbin:/bin:/sbin "\$@"
	END
	chmod 755 "$C/as"
	AS=("$C/as")
	cd /
	podman_images >"$C/import.log" 2>&1 || {
		cat "$C/import.log"
		return 1
	}
	# What the first container makes for all, so that no check is blamed for it.
	podman run --rm localhost/busybox:test true >>"$C/import.log" 2>&1 || true
}

# device NAME MINOR PATH gives a device to all users, here only.
device() {
	mknod -m 666 "$C/$1" c 10 "$2"
	mount --bind "$C/$1" "/dev/$3"
}

teardown_file() { pkill -KILL -U 7777 || true; }

setup() {
	begin
	AS=("$C/as")
	ROOT=/run/user/7777/$RUNTIME_KIND
	cd /
}

teardown() {
	podman pod rm --all --force --time 0 >/dev/null
	podman rm --all --force --time 0 --volumes >/dev/null
	conmon_gone
	settle
}

@test "rootless: the runtime is the one under test" {
	equal "$(podman info --format '{{.Host.OCIRuntime.Path}} {{.Host.Security.Rootless}}')" "$RUNTIME true"
	detached -- sleep 100
	equal "$(stat -c %u "/proc/$PID")" 7777
	equal "$(ls "$ROOT")" "$(of .Id)"
}

@test "rootless: run, output and exit status" {
	run -- sh -c 'echo out; echo err >&2; exit 7'
	exited 7
	stdout out
	equal "$error" err
}

@test "rootless: the payload is what a payload is" {
	probed --hostname given
	want .pid 1
	want .uid 0
	want '[.fds|keys[]]|join(",")' 0,1,2
	want .caps.bounding 00000000800405fb
	want .seccomp 2
	run -- cat /proc/self/uid_map
	equal "$(tr -s ' \n' ' ' <<<"$output")" " 0 7777 1 1 300000 65536 "
}

@test "rootless: standard input, a signal, several at once" {
	echo text >"$T/in"
	IN=$T/in run --interactive -- cat
	stdout text
	run --init -- sh -c 'kill -TERM $$'
	exited 143
	local n pids=()
	for n in 1 2 3; do
		spawn "run$n" "${AS[@]}" podman run --rm localhost/busybox:test sh -c "echo number $n; exit $n"
		pids+=("$SPAWNED_PID")
	done
	for n in 1 2 3; do
		reap "run$n" "${pids[n - 1]}"
		exited "$n"
		equal "$output" "number $n"
	done
}

@test "rootless: terminals" {
	spawn run ptyrun -step 'expect:#' -step 'send:tty\n' -step expect:/dev/pts/0 -step 'send:exit 5\n' \
		-- "${AS[@]}" podman run --rm --interactive --tty localhost/busybox:test sh
	reap run "$SPAWNED_PID"
	exited 5
	detached -- sleep 100
	spawn exec ptyrun -step 'expect:#' -step "send:tty; until stty size | grep '24 80'; do sleep 0.1; done\n" -step expect:/dev/pts/ -step 'expect:24 80' -step 'send:exit 4\n' \
		-- "${AS[@]}" podman exec --interactive --tty "$ID" sh
	reap exec "$SPAWNED_PID"
	exited 4
}

@test "rootless: users and their files" {
	probed --user 1000:100
	want '[.uid,.gid]' '[1000,100]'
	run --user alice -- sh -c 'id -un; touch ~/x && stat -c %U ~/x'
	stdout $'alice\nalice'
	mkdir -m 777 "$T/dir"
	run -v "$T/dir:/in" -- sh -c 'touch /in/root; chown alice /in/root; touch /in/mine'
	exited 0
	equal "$(stat -c %u "$T/dir/root" "$T/dir/mine" | tr '\n' ' ')" "300999 7777 "
	rm -r "$T/dir"
}

@test "rootless: the caller's own id inside" {
	run --userns keep-id -- id -u
	stdout 7777
	run --userns nomap -- cat /proc/self/uid_map
	lacks "$output" " 7777 "
}

@test "rootless: privileged" {
	run --privileged -- sh -c 'mkdir /x; mount -t tmpfs x /x && echo mounted; test -c /dev/fuse && echo devices'
	exited 0
	contains "$output" mounted
}

@test "rootless: capabilities, seccomp, no new privileges, devices, ulimits, sysctls" {
	probed --cap-add NET_ADMIN --cap-drop ALL --security-opt no-new-privileges
	want .caps.bounding 0000000000001000
	want .noNewPrivileges 1
	echo '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":28}]}' >"$T/profile.json"
	run --security-opt "seccomp=$T/profile.json" -- mkdir /x
	contains "$error" "No space left on device"
	run --device /dev/fuse --ulimit nofile=100:200 --sysctl kernel.msgmax=5000 -- sh -c 'exec 3<>/dev/fuse && echo opened; ulimit -Sn; cat /proc/sys/kernel/msgmax'
	stdout $'opened\n100\n5000'
}

@test "rootless: read-only root, tmpfs, /dev/shm, volumes, masks" {
	run --read-only --tmpfs /in:size=1m --shm-size 3m -v "$ID:/home" --security-opt mask=/etc/passwd -- \
		sh -c 'ls /home; touch /in/x && echo x; grep -E " (/in|/dev/shm) " /proc/self/mounts; wc -c </etc/passwd; touch /x'
	exited 1
	contains "$output" alice
	contains "$output" size=1024k
	contains "$output" size=3072k
	contains "$error" "Read-only file system"
	p volume rm "$ID"
}

@test "rootless: network by slirp4netns, of another, of the host, none" {
	detached -- sh -c 'mkdir /www; echo page >/www/index.html; httpd -f -p 8080 -h /www'
	run --network "container:$ID" -- sh -c 'until wget -qO- http://127.0.0.1:8080; do sleep 0.1; done; ls /sys/class/net'
	stdout $'page\nlo\ntap0'
	run --network host -- readlink /proc/self/ns/net
	stdout "$(readlink /proc/self/ns/net)"
	run --network none -- ls /sys/class/net
	stdout lo
}

@test "rootless: a published port" {
	detached --publish 127.0.0.1:18084:80 -- sh -c 'mkdir /www; echo page >/www/index.html; httpd -f -p 80 -h /www'
	eventually busybox wget -qO "$T/page" http://127.0.0.1:18084
	equal "$(<"$T/page")" page
}

@test "rootless: namespaces of the host and of another" {
	run --pid host --uts host -- sh -c 'for n in pid uts; do readlink /proc/self/ns/$n; done'
	stdout "$(for n in pid uts; do readlink /proc/self/ns/$n; done)"
	detached -- sleep 100
	run --pid "container:$ID" -- cat /proc/1/comm
	stdout sleep
}

@test "rootless: exec" {
	detached -- sleep 100
	echo text >"$T/in"
	IN=$T/in p exec --interactive --user alice --workdir /etc --env A=b "$ID" sh -c 'id -un; pwd; echo $A; cat; exit 9'
	exited 9
	stdout $'alice\n/etc\nb\ntext'
	p exec --detach "$ID" sh -c 'echo done >/tmp/done'
	p exec "$ID" sh -c 'until grep -q done /tmp/done; do sleep 0.05; done'
	exited 0
	p exec "$ID" nosuch
	exited 127
	p exec "$ID" /etc/passwd
	exited 126
}

@test "rootless: stop, kill, restart, logs, inspect, top, ps" {
	detached -- sh -c 'trap "exit 5" TERM; trap "echo got HUP" HUP; echo ready; while :; do sleep 0.05; done'
	eventually logged ready
	p kill --signal HUP "$ID"
	eventually logged 'got HUP'
	p top "$ID" pid args
	contains "$output" "trap"
	p ps --format '{{.Names}} {{.Status}}'
	matches "$output" "^$ID Up "
	p stop "$ID"
	exited 0
	equal "$(of .State.ExitCode)" 5
	p restart "$ID"
	exited 0
	equal "$(of .State.Status)" running
	p rm --force --time 0 "$ID"
	exited 0
	no_trace
}

@test "rootless: pause wants a cgroup" {
	[[ $(stat -fc %T /sys/fs/cgroup) != cgroup2fs ]] || skip "this machine has cgroup v2"
	detached -- sleep 100
	p pause "$ID"
	differ "$status" 0
	contains "$error" cgroup
	equal "$(of .State.Status)" running
}

@test "rootless: health check, restart policy" {
	detached --health-cmd 'test -e /tmp/well' --health-interval disable --health-retries 1 -- sleep 100
	p exec "$ID" touch /tmp/well
	p healthcheck run "$ID"
	exited 0
	p rm --force --time 0 "$ID"
	three_lives
}

@test "rootless: a pod that shares network, IPC, UTS and PID namespace" {
	p pod create --name "$ID" --hostname given --share pid,net,ipc,uts
	exited 0
	with_image run --detach --pod "$ID" --name "$ID-a" -- sh -c 'mkdir /www; echo page >/www/index.html; httpd -f -p 8080 -h /www'
	exited 0
	run --pod "$ID" -- sh -c 'hostname; until wget -qO- http://127.0.0.1:8080; do sleep 0.1; done; cat /proc/1/comm'
	stdout $'given\npage\ncatatonit'
	p pod stop --time 0 "$ID"
	exited 0
	p pod rm --force "$ID"
	exited 0
	no_trace
}

@test "rootless: kube play" {
	cat >"$T/pod.yaml" <<-END
		apiVersion: v1
		kind: Pod
		metadata: {name: "$ID"}
		spec:
		  containers:
		  - {name: web, image: localhost/busybox:test, imagePullPolicy: Never, command: [sh, -c, "echo made >/data/made; httpd -f -p 8080 -h /data"], volumeMounts: [{name: data, mountPath: /data}]}
		  - {name: other, image: localhost/busybox:test, imagePullPolicy: Never, command: [sleep, "1000"], securityContext: {runAsUser: 1000}}
		  volumes:
		  - {name: data, emptyDir: {}}
	END
	p kube play "$T/pod.yaml"
	exited 0
	p exec "$ID-other" sh -c 'id -u; until wget -qO- http://127.0.0.1:8080/made; do sleep 0.1; done'
	stdout $'1000\nmade'
	p kube down "$T/pod.yaml"
	exited 0
	p volume prune --force
	no_trace
}

@test "rootless: a command that cannot be executed" {
	run -- nosuch
	exited 127
	contains "$error" "executable file not found in"
	run -- /etc/passwd
	exited 126
	run -- /etc
	exited 126
	conmon_gone
	no_trace
}

@test "rootless: build" {
	mkdir "$T/build"
	printf 'FROM localhost/busybox:test\nRUN echo built >/built && id -u >>/built\nUSER alice\nRUN id -un >/tmp/mine\nCMD cat /built /tmp/mine\n' >"$T/build/Containerfile"
	# Without root buildah 1.28 has no other network for this isolation.
	p build --isolation oci --network host --tag "localhost/${ID,,}" "$T/build"
	exited 0
	run_made() { p run --rm "localhost/${ID,,}"; }
	run_made
	stdout $'built\n0\nalice'
	p rmi --force "localhost/${ID,,}"
}
