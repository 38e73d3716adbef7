# shellcheck shell=bash disable=SC2034,SC2154
# What the checks with Podman share, as root and without.

# podman_config DIR writes what Podman reads: into /etc, for its own calls, which
# conmon makes without the caller's environment.
podman_config() {
	export PODMAN_IGNORE_CGROUPSV1_WARNING=1
	mkdir -p /etc/containers
	# No more descriptors than here may be had: there may be no right to more.
	cat >/etc/containers/containers.conf <<-END
		[containers]
		default_ulimits = ["nofile=$(ulimit -Hn):$(ulimit -Hn)", "nproc=$(ulimit -Hu):$(ulimit -Hu)"]
		[engine]
		runtime = "tested"
		runtime_supports_json = ["tested"]
		cgroup_manager = "$(by_systemd && echo systemd || echo cgroupfs)"
		events_logger = "file"
		infra_image = "localhost/infra:test"
		image_default_transport = "containers-storage:"
		tmp_dir = "$1/run/libpod"
		[engine.runtimes]
		tested = ["$RUNTIME"]
	END
	cat >/etc/containers/storage.conf <<-END
		[storage]
		driver = "overlay"
		graphroot = "$1/root"
		runroot = "$1/run/storage"
	END
}

# AS is what comes before each call of podman: nothing, or what makes it another
# user's.
AS=()
podman() { command "${AS[@]}" podman "$@"; }

# podman_images imports the two images that the checks use.
podman_images() {
	mkdir -p "$C/infra"
	cp "$(command -v catatonit)" "$C/infra/"
	tar -C "$C/infra" --numeric-owner -c . | podman import --quiet --change 'ENTRYPOINT ["/catatonit","-P"]' - localhost/infra:test
	tar -C "$RUNG_TEST_BUILD/rootfs" --numeric-owner -c . |
		podman import --quiet --change 'ENV PATH=/usr/sbin:/usr/bin:/sbin:/bin' --change 'CMD ["sh"]' - localhost/busybox:test
}

p() { tell "${AS[@]}" podman "$@"; }

# run FLAG… -- COMMAND… is podman run --rm, in the foreground.
run() { with_image run --rm "$@"; }

# detached FLAG… -- COMMAND… lets $ID run and sets $PID.
detached() {
	with_image run --detach --name "$ID" "$@"
	exited 0
	PID=$(of .State.Pid)
}

with_image() {
	local words=() verb=$1
	shift
	while [[ $# -gt 0 && $1 != -- ]]; do
		words+=("$1")
		shift
	done
	# In a pod the pod's is the parent.
	[[ " ${words[*]} " == *" --pod "* || ${#AS[@]} != 0 ]] || words=(--cgroup-parent "$(parent)" "${words[@]}")
	p "$verb" "${words[@]}" localhost/busybox:test "${@:2}"
}

# of FIELD prints what inspect says of the container.
of() { podman inspect --format "{{$1}}" "${2:-$ID}"; }

is_so() { [[ $(of "$1") == "$2" ]]; }

logged() { podman logs "$ID" 2>&1 | grep -q "$1"; }

# probed FLAG… runs the probe; got and want read its report.
probed() {
	run "$@" -- /bin/probe
	exited 0
	cp "$OUT" "$T/probe.json"
}

# conmon_gone waits for the processes that look after containers, for what they
# start at the end, and for a rootless container's network.
conmon_gone() {
	local pid
	for pid in $(pgrep -x conmon || true) $(pgrep -f 'podman.* container cleanup' || true) $(pgrep pasta || true) $(pgrep slirp4netns || true); do
		await exit "$pid" || return
	done
}

# three_lives lets a container with a restart policy end three times. Podman is not
# asked meanwhile: if it is when the container ends, now and then it does not restart.
three_lives() {
	mkdir -m 777 "$T/dir"
	with_image run --detach --name "$ID" -v "$T/dir:/in" --restart on-failure:2 -- sh -c 'echo life; echo life >>/in/lives; exit 3'
	exited 0
	lives() { [[ -e $T/dir/lives && $(wc -l <"$T/dir/lives") == 3 ]]; }
	LIMIT=20 eventually lives
	eventually is_so .State.Status exited
	equal "$(of .RestartCount)" 2
	rm -r "$T/dir"
}

# sweep_podman removes what newer releases forget: a directory for mounts with other
# owners, and the place of an ended name server.
sweep_podman() {
	rmdir "$T"/tmp/intermediate-mountpoint-* /run/containers/networks/aardvark-dns 2>/dev/null || true
	rm -f /run/containers/networks/aardvark.lock
}

# quiet_storage takes away the mount of the storage on itself that the last of two
# calls at once forgets now and then.
quiet_storage() { umount -l "$C/root/overlay" 2>/dev/null || true; }
