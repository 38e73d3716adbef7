# buildah, which calls the runtime itself: no daemon, no conmon.

load lib
load podman

setup_file() {
	prepare_client
	podman_config "$C"
	export BUILDAH_ISOLATION=oci BUILDAH_RUNTIME=$RUNTIME
	mkdir -p "/run/$RUNTIME_KIND"
	podman_images >"$C/import.log" 2>&1 || {
		cat "$C/import.log"
		return 1
	}
	buildah run "$(buildah from localhost/busybox:test)" true >>"$C/import.log" 2>&1 || true
	buildah rm --all >>"$C/import.log" 2>&1 || true
}

teardown_file() {
	quiet_storage
	! grep -v ' /run/netns ' /proc/self/mountinfo | grep "$C"
}

setup() {
	quiet_storage
	begin
	ROOT=/run/$RUNTIME_KIND
}

teardown() {
	buildah rm --all >/dev/null
	find /sys/fs/cgroup -depth -type d -name 'buildah-buildah*' -exec rmdir {} + 2>/dev/null
	quiet_storage
	settle
}

b() { tell buildah "$@"; }

# working makes $W, a working container.
working() {
	b from --cgroup-parent "$(parent)" "$@" localhost/busybox:test
	exited 0
	W=$output
}

@test "buildah: run, output and exit status" {
	working
	b run "$W" sh -c 'echo out; echo err >&2; exit 7'
	exited 7
	stdout out
	contains "$error" err
	no_trace
}

@test "buildah: run uses the runtime under test" {
	working
	spawn run buildah run "$W" sh -c 'echo started; sleep 100'
	await text "$T/run.out" started
	equal "$("$RUNTIME" list --quiet | wc -l)" 1
	equal "$("$RUNTIME" list --format json | jq -r '.[0].status')" running
	kill "$SPAWNED_PID"
	reap run "$SPAWNED_PID"
	gone() { [[ -z $("$RUNTIME" list --quiet) ]]; }
	for id in $("$RUNTIME" list --quiet); do "$RUNTIME" delete --force "$id"; done
	eventually gone
}

@test "buildah: run with input, and on a terminal" {
	working
	echo text >"$T/in"
	IN=$T/in b run "$W" cat
	stdout text
	spawn run ptyrun -step 'expect:#' -step 'send:tty\n' -step expect:/dev/pts/0 -step 'send:exit 5\n' -- buildah run --terminal "$W" sh
	reap run "$SPAWNED_PID"
	exited 5
}

@test "buildah: what run writes stays" {
	working
	b run "$W" sh -c 'echo one >/one'
	b run "$W" cat /one
	stdout one
	b commit "$W" "localhost/${ID,,}"
	exited 0
	b rmi --force "localhost/${ID,,}"
}

@test "buildah: run with user, capabilities, limits, mounts" {
	mkdir "$T/dir"
	echo text >"$T/dir/file"
	working --memory 64m --ulimit nofile=100:200
	b run --user alice --cap-add CAP_NET_ADMIN --env A=b --volume "$T/dir:/in:ro" "$W" sh -c 'id -un; echo $A; cat /in/file; ulimit -Sn; touch /in/x'
	exited 1
	stdout $'alice\nb\ntext\n100'
	contains "$error" "Read-only file system"
	b run --network none "$W" ls /sys/class/net
	stdout lo
	b run --network host "$W" readlink /proc/self/ns/net
	stdout "$(readlink /proc/self/ns/net)"
}

@test "buildah: run of what cannot be executed" {
	working
	b run "$W" nosuch
	differ "$status" 0
	contains "$error" "executable file not found in"
	b run "$W" /etc/passwd
	differ "$status" 0
	contains "$error" "permission denied"
	no_trace
}

@test "buildah: bud" {
	mkdir "$T/build"
	printf 'FROM localhost/busybox:test\nRUN echo built >/built && id -u >>/built\nUSER alice\nWORKDIR /home/alice\nRUN id -un >mine\nCMD cat /built mine\n' >"$T/build/Containerfile"
	b bud --cgroup-parent "$(parent)" --tag "localhost/${ID,,}" "$T/build"
	exited 0
	W=$(buildah from "localhost/${ID,,}")
	b run "$W" cat /built mine
	stdout $'built\n0\nalice'
	buildah rm "$W" >/dev/null
	b rmi --force "localhost/${ID,,}"
	echo 'RUN exit 7' >>"$T/build/Containerfile"
	b bud --cgroup-parent "$(parent)" "$T/build"
	differ "$status" 0
	contains "$error" "exit status 7"
}
