# shellcheck shell=bash
#
# What checkpoint.bats and restore.bats share.
#
# Containers are checkpointed and restored by criu: that of this machine or the
# one that `make criu` has unpacked, whichever works here.

setup() {
	find_criu
	begin
	IMAGES=$T/images
	WORK=$T/log
	mkdir "$WORK"
}

# find_criu puts a criu that works with this kernel into PATH, or none, and then
# $NO_CRIU says why not. criu and iptables leave a file each in /run, which
# are there before a test looks what was there.
find_criu() {
	local own=${XDG_CACHE_HOME:-$HOME/.cache}/rung-tests/criu/bin
	[[ ! -x $own/criu ]] || PATH=$own:$PATH
	NO_CRIU=""
	if ! command -v criu >/dev/null; then
		NO_CRIU="no criu, get one with make criu"
	elif ! criu check >"$BATS_TEST_TMPDIR/check" 2>&1; then
		NO_CRIU="criu check: $(grep -m 1 Error "$BATS_TEST_TMPDIR/check")"
	elif [[ $(criu --version) == "Version: 3."* && $(uname -r) != [1-5].* && $(uname -r) != 6.[0-9].* ]]; then
		NO_CRIU="criu 3 does not know kernel $(uname -r)"
	fi
	[[ -z ${RUNG_TEST_ISOLATED:-} ]] || touch /run/xtables.lock /run/criu.kdat
}

needs_criu() {
	[[ -n $NO_CRIU ]] || return 0
	[[ ${REQUIRE:-} != all ]] || flunk "REQUIRE=all: $NO_CRIU"
	skip "$NO_CRIU"
}

needs_feature() {
	criu check --feature "$1" >"$T/io/feature" 2>&1 || skip "criu: no $1 on this kernel"
}

# Its standard streams are the container's: files of the host cannot be kept.
AWAY='exec </dev/null >/dev/null 2>&1'

# counting [FILTER…] makes a bundle whose payload counts in the file log.
counting() {
	bundle "$(script "$AWAY; i=0; while :; do i=\$((i+1)); echo \"n\$i.\" >>/log; sleep 0.05; done")" "$@"
}

# counts BUNDLE FROM: the payload of a bundle counts on from there.
counts() {
	await text "$1/rootfs/log" "n$(($2 + 3))." || return
	local lines
	lines=$(<"$1/rootfs/log")
	[[ $(tr -d n. <<<"$lines") == "$(seq "$(wc -l <<<"$lines")")" ]] || flunk "does not count on:" "$(tail -n 20 <<<"$lines")"
}

counted() { wc -l <"$1/rootfs/log"; }

checkpoint() {
	call checkpoint --image-path "$IMAGES" --work-path "$WORK" "$@"
	[[ $status == 0 ]] || grep -n Error "$WORK/dump.log" >&2 || true
	ok
	stdout ""
}

restore() {
	call restore --detach --image-path "$IMAGES" --work-path "$WORK" "$@"
	[[ $status == 0 ]] || grep -n Error "$WORK/restore.log" >&2 || true
	exited 0
	stdout ""
}

# there_and_back checkpoints and restores a container of counting, which counts on.
there_and_back() {
	local n
	checkpoint "$ID"
	n=$(counted "$B")
	restore --bundle "$B" "$ID"
	counts "$B" "$n"
}

gone() {
	call state "$1"
	fails 1 "does not exist"
}

# connected makes a bundle whose payload has an open TCP connection, over which x
# comes back into the file up each tenth of a second.
connected() {
	bundle "$(script "$AWAY; nc -l -p 9999 -e cat & while :; do { while sleep 0.1; do echo x; done; } | nc 127.0.0.1 9999 >>/up; sleep 0.1; done")"
}

checkpoint_tcp() {
	call checkpoint --image-path "$IMAGES" --work-path "$WORK" --tcp-established "$ID"
	# Kernel 6.16 has SO_PASSCRED for unix sockets alone, which criu 4.1 asks of all.
	! grep -q "Can't get 1:16 opt: Operation not supported" "$WORK/dump.log" || skip "$(criu --version | head -n 1): no TCP sockets of kernel $(uname -r)"
	ok
}

# with_console NAME starts recvtty and sets $CONSOLE, its socket.
with_console() {
	CONSOLE=$T/$1.socket
	spawn "$1" recvtty -report "$T/$1.report" "$CONSOLE"
	await file "$CONSOLE"
}
