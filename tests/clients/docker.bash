# shellcheck shell=bash disable=SC2034,SC2154
# What the checks with Docker share.

# docker_up FLAG… starts a daemon and gives it the image.
docker_up() {
	prepare_client
	export DOCKER_HOST=unix://$C/docker.sock DOCKER_BUILDKIT=0
	docker_daemon "$@"
	tar -C "$RUNG_TEST_BUILD/rootfs" --numeric-owner -c . |
		docker import --change 'ENV PATH=/usr/sbin:/usr/bin:/sbin:/bin' --change 'CMD ["sh"]' - busybox:test >"$C/import.log" 2>&1 || {
		cat "$C/import.log" "$C/docker.log"
		return 1
	}
	# What the first container makes for all, so that no check is blamed for it.
	docker run --rm busybox:test true >>"$C/import.log" 2>&1 || true
}

# docker_daemon FLAG… starts it. tini-static, as the image has no libc.
docker_daemon() {
	by_systemd && set -- --exec-opt native.cgroupdriver=systemd "$@"
	PATH=$C/bin:$PATH daemon docker dockerd --host "$DOCKER_HOST" --data-root "$C/root" --exec-root "$C/exec" \
		--pidfile "$C/dockerd.pid" --cgroup-parent "$(parent)" --add-runtime "tested=$RUNTIME" \
		--default-runtime tested --init-path "$(command -v tini-static)" --experimental --debug "$@"
	await -limit 30s file "$C/docker.sock"
}

docker_down() {
	undaemon docker
	# The network namespace of this run stays bound to a file of dockerd's.
	! grep -v '/exec/netns/' /proc/self/mountinfo | grep "$C"
}

docker_begin() {
	begin
	# Newer ones add the ids to which they remap.
	ROOT=$(echo "$C"/exec/runtime-runc/moby*)
}

docker_end() {
	local all
	all=$(docker ps --all --quiet)
	# shellcheck disable=SC2086 # a list of names
	[[ -z $all ]] || docker rm --force --volumes $all >/dev/null
	shims_gone
	settle
}

d() { tell docker "$@"; }

# run FLAG… -- COMMAND… is docker run --rm, in the foreground.
run() { with_image run --rm "$@"; }

# detached FLAG… -- COMMAND… lets $ID run and sets $PID.
detached() {
	with_image run --detach --name "$ID" "$@"
	exited 0
	PID=$(of .State.Pid)
}

with_image() {
	local words=()
	while [[ $# -gt 0 && $1 != -- ]]; do
		words+=("$1")
		shift
	done
	d "${words[@]}" busybox:test "${@:2}"
}

# of FIELD prints what inspect says of the container.
of() { docker inspect --format "{{$1}}" "${2:-$ID}"; }

is_so() { [[ $(of "$1") == "$2" ]]; }

# probed FLAG… runs the probe; got and want read its report.
probed() {
	run "$@" -- /bin/probe
	exited 0
	cp "$OUT" "$T/probe.json"
}

logged() { docker logs "$ID" 2>&1 | grep -q "$1"; }


docker_answers() { docker version >/dev/null 2>&1; }
