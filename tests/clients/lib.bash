# shellcheck shell=bash disable=SC2034,SC2154
#
# What every *.bats file here begins with, on top of what the integration tests
# have: calls of a client instead of the runtime, and the look at what is left.
#
# C     directory of the client: its roots, states, sockets and logs
# ROOT  where the client lets the runtime keep its states

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=SCRIPTDIR/../integration/lib.bash
source "$HERE/../integration/lib.bash"

[[ -n ${RUNG_TEST_GROUP:-} ]] || {
	echo "start these checks with tests/clients/run: daemons need namespaces of their own" >&2
	exit 1
}

prepare_client() {
	prepare
	export C=${BATS_RUN_TMPDIR%/*}/c
	export PATH=$RUNG_TEST_BUILD/bin:$PATH
	mkdir -p "$C/tmp" "$C/bin"
	# Whatever looks for a runtime by itself finds this one, under each name.
	ln -s "$RUNTIME" "$C/bin/runc"
	ln -s "$RUNTIME" "$C/bin/crun"
}

# daemon NAME COMMAND… starts one beside the checks; its log is $C/NAME.log.
daemon() {
	local name=$1
	shift
	TMPDIR=$C/tmp "$@" </dev/null >>"$C/$name.log" 2>&1 3>&- 4>&- &
	echo $! >"$C/$name.pid"
}

# undaemon NAME ends it and waits for that.
undaemon() {
	local pid
	pid=$(<"$C/$1.pid")
	kill -TERM "$pid" 2>/dev/null || true
	await -limit 30s exit "$pid"
}

# tell COMMAND… calls a client as call does the runtime.
#
# IN     file for standard input (default /dev/null)
# LIMIT  seconds until it is killed (default 60)
tell() {
	CALLS=$((CALLS + 1))
	OUT=$T/io/$CALLS.out
	ERR=$T/io/$CALLS.err
	status=0
	timeout --foreground -k 2 $((${LIMIT:-60} * ${PATIENCE:-1})) "$@" <"${IN:-/dev/null}" >"$OUT" 2>"$ERR" 3>&- 4>&- || status=$?
	output=$(<"$OUT")
	error=$(<"$ERR")
}

# eventually COMMAND… repeats a command until it succeeds: for what a client
# tells to nobody. Ten seconds at most, unless LIMIT says otherwise.
eventually() {
	local until=$((SECONDS + ${LIMIT:-10} * ${PATIENCE:-1}))
	until "$@"; do
		((SECONDS < until)) || flunk "does not come: $*" || return 1
		read -rt 0.05 <> <(:) || true
	done
}

# with_pid PID COMMAND… runs a command that looks at a process.
with_pid() {
	local PID=$1
	shift
	"$@"
}

# parent [NAME] is the parent of all cgroups here, or one below it, as clients are
# told; parent_dir [NAME], where that is; of_parent PREFIX ID, the name of a
# container's cgroup in it.
parent() {
	if by_systemd; then
		echo "$RUNG_TEST_GROUP${1:+-$1}.slice"
	else
		parent_dir "$@"
	fi
}

parent_dir() {
	if by_systemd; then
		echo "/$RUNG_TEST_GROUP.slice${1:+/$RUNG_TEST_GROUP-$1.slice}"
	else
		echo "/$RUNG_TEST_GROUP${1:+/$1}"
	fi
}

of_parent() {
	if by_systemd; then
		echo "$1-$2.scope"
	else
		echo "$2"
	fi
}

# remove_parent NAME removes one below it, which stays when its containers go, as with
# every runtime.
remove_parent() {
	if by_systemd; then
		systemctl stop "$(parent "$1")"
	else
		find /sys/fs/cgroup -depth -type d -path "*$(parent_dir "$1")*" -exec rmdir {} + 2>/dev/null || true
	fi
}

by_systemd() { [[ ${SYSTEMD_CGROUP:-} == 1 ]]; }

# Without a PID namespace there are other processes, too.
! by_systemd || ours() { [[ $1 == *"$ID"* || $1 == *"RUNG_TEST_GROUP=$RUNG_TEST_GROUP"* ]]; }

# The parent that all clients here use; below it there is nothing between checks.
left_cgroups() {
	find /sys/fs/cgroup -mindepth 2 -type d -path "*$(parent_dir)/*" -printf 'cgroup: %p\n' 2>/dev/null || true
}

# shims_gone waits for containerd's shims, which end on their own a moment after
# their last container.
shims_gone() {
	local pid
	for pid in $(pgrep -f containerd-shim || true); do await exit "$pid" || return; done
}

# no_trace wants that a start that failed left nothing of the runtime's.
no_trace() {
	local left
	left=$(
		find "$ROOT" -mindepth 1 -printf 'state: %p\n' 2>/dev/null
		left_cgroups
	)
	[[ -z $left ]] || flunk "left behind:" "$left"
}

# settle is the end of each check: nothing may be there that was not before.
settle() {
	local left
	end_spawned
	# A mount that goes with a directory of somebody else's is none of ours.
	left=$(leftovers)
	left=$(grep -vE '^mount gone: ([^ ]+ ){4}/(root|home|tmp|mnt)/' <<<"$left" || true)
	[[ -z $left ]] && return 0
	echo "left behind by this check:"
	echo "$left"
	sweep
	return 1
}

# archive FILE NAME [DIR [COMMAND]] makes a Docker image archive with one layer, the
# busybox root or another; COMMAND is a JSON array.
archive() {
	local dir=$C/image diff
	mkdir -p "$dir/layer"
	tar -C "${3:-$RUNG_TEST_BUILD/rootfs}" --numeric-owner -cf "$dir/layer/layer.tar" .
	diff=$(sha256sum <"$dir/layer/layer.tar" | cut -d' ' -f1)
	jq -n --arg diff "sha256:$diff" --arg arch "$(dpkg --print-architecture)" --argjson cmd "${4:-[\"sh\"]}" '{architecture:$arch,os:"linux",
		config:{Env:["PATH=/usr/sbin:/usr/bin:/sbin:/bin"],Cmd:$cmd},
		rootfs:{type:"layers",diff_ids:[$diff]}}' >"$dir/config.json"
	jq -n --arg name "$2" '[{Config:"config.json",RepoTags:[$name],Layers:["layer/layer.tar"]}]' >"$dir/manifest.json"
	tar -C "$dir" -cf "$1" manifest.json config.json layer/layer.tar
	rm -r "$dir"
}

# long skips a check that takes long, unless LONG is set.
long() { [[ ${LONG:-} == 1 ]] || skip "takes long: set LONG=1"; }

# needs_criu skips a check without a criu that works here.
needs_criu() {
	requires program=criu
	criu check >"$T/io/criu" 2>&1 || skip "criu check: $(grep -m 1 Error "$T/io/criu")"
	[[ $(criu --version) != "Version: 3."* || $(uname -r) == [1-5].* || $(uname -r) == 6.[0-9].* ]] || skip "criu 3 does not know kernel $(uname -r)"
	touch /run/criu.kdat /run/xtables.lock
	snapshot_before
}
