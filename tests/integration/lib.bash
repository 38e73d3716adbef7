# shellcheck shell=bash disable=SC2005,SC2034,SC2119,SC2120
#
# What every *.bats file here begins with: one fresh state directory, bundle and
# name for each test, a way to call the runtime that cannot hang, short
# assertions, and after each test a check that nothing was left behind.
#
# bats traps each command of a test for the sake of its reports, functions
# included. `local -; set +T` spares what a function calls that, where there are
# loops: they cost more than all the rest of a test, with it.
#
# RUNTIME  the binary under test (default: the rung of this checkout)
# SYSTEMD_CGROUP  "1" lets systemd make the cgroups: each call gets
#          --systemd-cgroup, and a cgroupsPath of /NAME becomes its form of it
# REQUIRE  "all" turns a test that this machine cannot run into a failure
# PATIENCE how many times as long as usual to wait before a call or a process
#          counts as hanging (default 1); for machines that are emulated

bats_require_minimum_version 1.5.0

HERE=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
RUNTIME=${RUNTIME:-$HERE/../../rung}

setup_file() { prepare; }
setup() { begin; }
teardown() { finish; }

# prepare makes what the tests of a file share.
prepare() {
	if [[ -z ${RUNG_TEST_BUILD:-} ]]; then
		export RUNG_TEST_BUILD=$BATS_RUN_TMPDIR/build
		[[ -d $RUNG_TEST_BUILD ]] || "$HERE/fixtures" "$RUNG_TEST_BUILD"
	fi
	export RUNTIME RUNTIME_KIND
	if [[ $RUNTIME == */* ]]; then
		RUNTIME=$(realpath -s "$RUNTIME")
	else
		RUNTIME=$(command -v "$RUNTIME")
	fi
	RUNTIME_KIND=${RUNTIME##*/}
}

# begin makes $T (the test's directory) and in it $ROOT (state), $B (bundle),
# and chooses $ID, a name that nothing else on this machine contains.
begin() {
	local -
	set +T
	T=$BATS_TEST_TMPDIR
	ROOT=$T/root
	B=$T/bundle
	ID=rt-${EPOCHREALTIME/[.,]/-}
	PATH=$RUNG_TEST_BUILD/bin:$PATH
	CALLS=0
	SPAWNED=()
	FLAGS=()
	[[ ${SYSTEMD_CGROUP:-} != 1 ]] || FLAGS=(--systemd-cgroup)
	mkdir -p "$T/io" "$T/tmp" "$ROOT"
	# Root of a user namespace has to be able to walk to the bundle.
	chmod 755 "$BATS_RUN_TMPDIR"
	export TMPDIR=$T/tmp
	unset XDG_RUNTIME_DIR NOTIFY_SOCKET LISTEN_FDS LISTEN_PID LISTEN_FDNAMES
	declare -gA BUNDLE_BEFORE=() PIDS_BEFORE=()
	snapshot_before
}

finish() {
	local -
	set +T
	# A test that was skipped before it began has left nothing.
	[[ -n ${T:-} ]] || return 0
	local left dir
	for dir in "$ROOT"/*/; do
		dir=${dir%/}
		[[ -d $dir ]] && delete_quietly "${dir##*/}"
	done
	end_spawned
	left=$(leftovers)
	[[ -z $left ]] && return 0
	echo "left behind by this test:"
	echo "$left"
	sweep
	return 1
}

delete_quietly() {
	timeout -k 2 $((20 * ${PATIENCE:-1})) "$RUNTIME" --root "$ROOT" delete --force "$1" >>"$T/io/delete" 2>&1 3>&- 4>&- </dev/null || true
}

# --- calling the runtime -----------------------------------------------------

# call ARG… runs the runtime with the test's own --root and sets $status,
# $output, $error and, for exact comparisons, the files $OUT and $ERR. The
# output goes to files, as a container keeps them open when the call returns.
# $error has the quotes as they were before the log format escaped them.
#
# IN       file for standard input (default /dev/null)
# WRAP     shell words of a command that starts the runtime
# PASS     how many descriptors from 3 on the call may hand over (default 0)
call() { invoke --root "$ROOT" "$@"; }

# invoke is call without --root.
invoke() {
	local -
	set +T
	CALLS=$((CALLS + 1))
	OUT=$T/io/$CALLS.out
	ERR=$T/io/$CALLS.err
	[[ ${SYSTEMD_CGROUP:-} != 1 ]] || name_units "$@"
	remember_bundle
	local shut=" 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-"
	shut=${shut:5 * ${PASS:-0}}
	status=0
	eval 'timeout --foreground -k 2 $((30 * ${PATIENCE:-1})) '"${WRAP:-}"' "$RUNTIME" "${FLAGS[@]}" "$@" <"${IN:-/dev/null}" >"$OUT" 2>"$ERR"' "$shut" || status=$?
	output=$(<"$OUT")
	error=$(<"$ERR")
	error=${error//\\\"/\"}
} 2>/dev/null

# name_units ARG… gives the config of the call's bundle a cgroupsPath of systemd's
# form. Cgroups below others are not systemd's kind of thing.
name_units() {
	local config=${B:-}/config.json
	while [[ $# -gt 1 ]]; do
		[[ $1 != --bundle && $1 != -b ]] || config=$2/config.json
		shift
	done
	grep -q '"cgroupsPath": *"[^:"]*"' "$config" 2>/dev/null || return 0
	! grep -q '"cgroupsPath": *"\(/[^"]*/\|[^/"]\)' "$config" || skip "a cgroupsPath that systemd cannot have"
	sed -i 's|"cgroupsPath": *"/\([^"]*\)"|"cgroupsPath": "system.slice:rt:\1"|' "$config"
}

# spawn NAME COMMAND… runs a command beside the test; its output is in
# $T/NAME.out and $T/NAME.err, its pid in $SPAWNED_PID. It is ended with the test.
# A shell lets what it starts beside itself ignore INT and QUIT; env undoes that.
spawn() {
	local name=$1
	shift
	env --default-signal=INT,QUIT "$@" </dev/null >"$T/$name.out" 2>"$T/$name.err" 3>&- 4>&- 5>&- &
	SPAWNED_PID=$!
	SPAWNED+=("$SPAWNED_PID")
}

# reap NAME PID waits for a spawned command; $status is its exit status.
reap() {
	local ended=yes
	await -limit 25s exit "$2" || ended=no
	output=$(<"$T/$1.out")
	error=$(<"$T/$1.err")
	error=${error//\\\"/\"}
	[[ $ended == yes ]] || flunk "$1 does not end" "stdout: $output" "stderr: $error"
	status=0
	wait "$2" || status=$?
}

end_spawned() {
	local pid
	for pid in "${SPAWNED[@]}"; do
		kill -KILL "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
}

# --- bundles -----------------------------------------------------------------

# bundle [FILTER…] makes $B from base.json and the busybox root; each FILTER is
# a jq filter that changes the config.
bundle() {
	rm -rf "$B"
	mkdir "$B"
	cp -a "$RUNG_TEST_BUILD/rootfs" "$B/rootfs"
	config "$@"
}

# config [FILTER…] writes only the config.json, from base.json.
config() {
	jq "$(join_filters ".linux.cgroupsPath=\"$(cgroups_path)\"" "$@")" "$HERE/testdata/base.json" >"$B/config.json"
}

# cgroups_path [NAME] is what linux.cgroupsPath says, group_path [NAME] what the
# kernel then says in /proc/PID/cgroup.
cgroups_path() {
	if [[ ${SYSTEMD_CGROUP:-} == 1 ]]; then echo "system.slice:rt:${1:-$ID}"; else echo "/${1:-$ID}"; fi
}
group_path() {
	if [[ ${SYSTEMD_CGROUP:-} == 1 ]]; then echo "/system.slice/rt-${1:-$ID}.scope"; else echo "/${1:-$ID}"; fi
}

# edit FILTER… changes the config.json that is there.
edit() {
	jq "$(join_filters "$@")" "$B/config.json" >"$T/config.new"
	mv "$T/config.new" "$B/config.json"
}

join_filters() {
	local filter=$1 f
	shift
	for f in "$@"; do filter+=" | $f"; done
	echo "$filter"
}

# args WORD… is the filter that sets process.args.
args() {
	local list="" word
	for word; do
		list+="${list:+,}$(json_string "$word")"
	done
	echo ".process.args=[$list]"
}

# script TEXT is the filter that lets a shell run TEXT.
script() { args sh -c "$1"; }

# no_ns TYPE is the filter that removes a namespace, join_ns TYPE PATH the one
# that joins it by path.
no_ns() { echo ".linux.namespaces |= map(select(.type!=\"$1\"))"; }
join_ns() { echo "$(no_ns "$1") | .linux.namespaces += [{type:\"$1\",path:\"$2\"}]"; }
new_ns() { echo "$(no_ns "$1") | .linux.namespaces += [{type:\"$1\"}]"; }

# mount DESTINATION TYPE SOURCE OPTION… is the filter that adds a mount.
mount_at() {
	local destination=$1 type=$2 source=$3 list="" word
	shift 3
	for word; do list+="${list:+,}$(json_string "$word")"; done
	echo ".mounts += [{destination:$(json_string "$destination"),type:\"$type\",source:$(json_string "$source"),options:[$list]}]"
}

json_string() {
	local s=$1
	s=${s//\\/\\\\}
	s=${s//\"/\\\"}
	s=${s//$'\n'/\\n}
	s=${s//$'\t'/\\t}
	printf '"%s"' "$s"
}

# run_payload [FLAG…] runs the bundle in the foreground and wants success.
run_payload() {
	call run --bundle "$B" "$@" "$ID"
	ok
}

# probe [FILTER…] runs the probe as payload; its report is in $T/probe.json.
probe() {
	bundle "$(args /bin/probe)" "$@"
	run_payload
	cp "$OUT" "$T/probe.json"
}

# got FILTER prints what the probe reported.
got() { jq -rc "$1" "$T/probe.json"; }

# want FILTER VALUE compares it.
want() {
	local value
	value=$(got "$1")
	[[ $value == "$2" ]] || flunk "$1: got $value, want $2"
}

# created [FLAG…] and running [FLAG…] make a container; its output is in $CTOUT
# and $CTERR, its pid in $PID.
created() {
	call create --bundle "$B" "$@" "$ID"
	ok
	CTOUT=$OUT
	CTERR=$ERR
	PID=$(pid_of)
}

running() {
	call run --bundle "$B" --detach "$@" "$ID"
	exited 0 # the payload may have written to stderr already
	CTOUT=$OUT
	CTERR=$ERR
	PID=$(pid_of)
}

# --- looking at containers ---------------------------------------------------

field_of() {
	timeout -k 2 $((20 * ${PATIENCE:-1})) "$RUNTIME" --root "$ROOT" state "${2:-$ID}" 3>&- 4>&- | jq -r ".$1"
}
pid_of() { field_of pid "$@"; }
status_of() { field_of status "$@"; }

is() {
	local now
	now=$(status_of "${2:-$ID}")
	[[ $now == "$1" ]] || flunk "status of ${2:-$ID}: got $now, want $1"
}

# ended [PID] waits until the payload is gone.
ended() { await -limit 10s exit "${1:-$PID}"; }

# cgroup_dir CONTROLLER [PID] prints the cgroup directory of a process.
cgroup_dir() {
	local path
	if cgroup2; then
		path=$(sed -n 's/^0:://p' "/proc/${2:-$PID}/cgroup")
		echo "/sys/fs/cgroup$path"
		return
	fi
	path=$(sed -nE "s/^[0-9]+:([^:]*,)?(name=)?$1(,[^:]*)?:(.*)/\4/p" "/proc/${2:-$PID}/cgroup")
	echo "/sys/fs/cgroup/$1$path"
}

cgroup2() { [[ -e /sys/fs/cgroup/cgroup.controllers ]]; }

# cgroup_file NAME-ON-V1 NAME-ON-V2 prints the content of a cgroup's file; the
# controller is the part of the v1 name before the dot.
cgroup_file() {
	if cgroup2; then
		cat "$(cgroup_dir -)/$2"
	else
		cat "$(cgroup_dir "${1%%.*}")/$1"
	fi
}

# --- assertions --------------------------------------------------------------

flunk() {
	local line
	echo "$1" >&2
	for line in "${@:2}"; do echo "  $line" >&2; done
	return 1
}

show_call() {
	echo "  status: $status" >&2
	echo "  stdout: ${output:0:800}" >&2
	echo "  stderr: ${error:0:2000}" >&2
}

# ok wants exit status 0 and not a word on stderr.
ok() {
	[[ $status == 0 && -z $error ]] && return
	echo "want success and nothing on stderr" >&2
	show_call
	return 1
}

# exited N wants exit status N.
exited() {
	[[ $status == "$1" ]] && return
	echo "want exit status $1" >&2
	show_call
	return 1
}

# fails N TEXT… wants exit status N and each TEXT on stderr.
fails() {
	exited "$1" || return
	local text
	for text in "${@:2}"; do
		[[ $error == *"$text"* ]] && continue
		echo "want on stderr: $text" >&2
		show_call
		return 1
	done
}

# stdout TEXT wants exactly that output, apart from newlines at its end.
stdout() {
	[[ $output == "$1" ]] && return
	echo "want stdout: $1" >&2
	show_call
	return 1
}

equal() { [[ $1 == "$2" ]] || flunk "${3:-values differ}: got '$1', want '$2'"; }
differ() { [[ $1 != "$2" ]] || flunk "${3:-values are equal}: both '$1'"; }
contains() { [[ $1 == *"$2"* ]] || flunk "want '$2' in:" "$1"; }
lacks() { [[ $1 != *"$2"* ]] || flunk "do not want '$2' in:" "$1"; }
matches() { [[ $1 =~ $2 ]] || flunk "want a match of '$2' in:" "$1"; }
absent() { [[ ! -e $1 && ! -L $1 ]] || flunk "$1: is there, want it absent"; }
present() { [[ -e $1 ]] || flunk "$1: is absent, want it there"; }

# --- tests that not every runtime or machine can run -------------------------

# differs_from_runc REASON: rung does this otherwise than every runc, on
# purpose; docs/compat.md has a line about it.
differs_from_runc() {
	[[ $RUNTIME_KIND != runc ]] || skip "differs from runc: $1"
}

# differs_with_systemd REASON: there is no such thing where systemd makes the
# cgroups.
differs_with_systemd() {
	[[ ${SYSTEMD_CGROUP:-} != 1 ]] || skip "differs with --systemd-cgroup: $1"
}

# needs_runc VERSION WHAT: runc does this too, but only since that version.
needs_runc() {
	[[ $RUNTIME_KIND == runc ]] || return 0
	local version
	version=$("$RUNTIME" --version | sed -n '1s/^runc version \([0-9.]*\).*/\1/p')
	[[ $(printf '%s\n' "$1" "$version" | sort -V | head -n 1) == "$1" ]] ||
		skip "runc $version is older than $1: $2"
}

# not_yet FIELD: rung may still refuse this, but then by the field's JSON path
# and leaving nothing. Once it does it, the test runs on.
not_yet() {
	[[ $RUNTIME_KIND == rung ]] || return 0
	call run --bundle "$B" "$ID"
	[[ $status != 0 && $error == *"not supported"* ]] || return 0
	contains "$error" "$1"
	nothing_left
	skip "rung refuses $1 so far"
}

# requires WHAT skips when this machine lacks it, or fails with REQUIRE=all.
requires() {
	local missing=""
	case $1 in
	cgroup1) cgroup2 && missing="this machine has cgroup v2" ;;
	cgroup2) cgroup2 || missing="this machine has cgroup v1" ;;
	controller=*) [[ $(cgroup_controllers) == *" ${1#*=} "* ]] || missing="no cgroup controller ${1#*=}" ;;
	debian) [[ -d $(debian_rootfs) ]] || missing="no Debian root, make it with tests/integration/debian-rootfs" ;;
	apparmor)
		[[ $(cat /sys/module/apparmor/parameters/enabled 2>/dev/null) == Y ]] && command -v apparmor_parser >/dev/null ||
			missing="no AppArmor, or no apparmor_parser"
		;;
	selinux) [[ -e /sys/fs/selinux/enforce ]] || missing="SELinux is off" ;;
	throwaway) [[ ${THROWAWAY:-} == yes ]] || missing="not a machine that is thrown away afterwards" ;;
	program=*) command -v "${1#*=}" >/dev/null || missing="no program ${1#*=}" ;;
	systemd) [[ -S /run/systemd/private ]] || missing="systemd does not run here" ;;
	timens) [[ -e /proc/self/ns/time ]] || missing="no time namespaces in this kernel" ;;
	isolated) [[ -n ${RUNG_TEST_ISOLATED:-} ]] || missing="needs the namespaces that tests/integration/run makes" ;;
	profile) [[ -e $(seccomp_profile) ]] || missing="no seccomp profile $(seccomp_profile)" ;;
	*) flunk "requires $1: unknown" ;;
	esac
	[[ -n $missing ]] || return 0
	[[ ${REQUIRE:-} != all ]] || flunk "REQUIRE=all: $missing"
	skip "$missing"
}

cgroup_controllers() {
	if cgroup2; then
		echo " $(</sys/fs/cgroup/cgroup.controllers) "
	else
		echo " $(cut -d: -f2 /proc/self/cgroup | tr '\n,' '  ') "
	fi
}

debian_rootfs() { echo "${XDG_CACHE_HOME:-$HOME/.cache}/rung-tests/debian"; }
seccomp_profile() { echo "$HERE/../../libcontainer/seccomp/testdata/default.json"; }

# --- what is left behind -----------------------------------------------------

snapshot_before() {
	local pid
	mapfile -t MOUNTS_BEFORE </proc/self/mountinfo
	for pid in /proc/[0-9]*; do PIDS_BEFORE[${pid#/proc/}]=1; done
	shared_places
	SHARED_BEFORE=$SHARED
}

# shared_places sets $SHARED to all names in directories that tests share.
shared_places() {
	SHARED=
	[[ -n ${RUNG_TEST_ISOLATED:-} ]] || return 0
	shopt -s globstar nullglob dotglob
	local top names=()
	for top in /run/* /dev/shm/*; do
		[[ $top == /run/@(systemd|dbus|user) ]] || names+=("$top" "$top"/**)
	done
	shopt -u globstar nullglob dotglob
	[[ ${#names[@]} == 0 ]] || printf -v SHARED '%s\n' "${names[@]}"
}

# remember_bundle notes the names in the bundle before each call, so that a
# name that a call adds stands out at the end.
remember_bundle() {
	local f
	for f in "$B"/* "$B"/.[!.]*; do BUNDLE_BEFORE[$f]=1; done
}

# leftovers prints one line for each thing that should not be there any more.
leftovers() {
	left_mounts
	left_cgroups
	left_processes
	local f
	for f in "$ROOT"/* "$ROOT"/.[!.]*; do
		[[ -e $f ]] && echo "state: $f"
	done
	if [[ -d $B && ${#BUNDLE_BEFORE[@]} -gt 0 ]]; then
		for f in "$B"/* "$B"/.[!.]*; do
			[[ -e $f && -z ${BUNDLE_BEFORE[$f]:-} ]] && echo "file in the bundle: $f"
		done
	fi
	for f in "$T"/tmp/* "$T"/tmp/.[!.]*; do
		[[ -e $f ]] && echo "temporary file: $f"
	done
	shared_places
	[[ $SHARED == "$SHARED_BEFORE" ]] ||
		diff <(echo "$SHARED_BEFORE") <(echo "$SHARED") | sed -n 's/^[<>]/file below \/run or \/dev\/shm:/p'
	return 0
}

left_mounts() {
	local line now=()
	mapfile -t now </proc/self/mountinfo
	local -A before=() after=()
	for line in "${MOUNTS_BEFORE[@]}"; do before[$line]=1; done
	for line in "${now[@]}"; do
		after[$line]=1
		[[ -n ${before[$line]:-} ]] || ! ours "$line" || echo "mount: $line"
	done
	for line in "${MOUNTS_BEFORE[@]}"; do
		# A mount on a directory of somebody else goes with the directory.
		[[ $line != *" /tmp/"* || $line == *"$T"* ]] || continue
		[[ -n ${after[$line]:-} ]] || ! ours "$line" || echo "mount gone: $line"
	done
}

# ours: in namespaces made for this run everything concerns us; without them
# only what bears the test's name does.
ours() { [[ -n ${RUNG_TEST_ISOLATED:-} || $1 == *"$ID"* || $1 == *"$T"* ]]; }

left_cgroups() {
	# A cgroup of somebody else that goes while we look is no error.
	find /sys/fs/cgroup -type d -name "*$ID*" -printf 'cgroup: %p\n' 2>/dev/null || true
	local unit
	for unit in /run/systemd/transient/*"$ID"*; do
		[[ ! -e $unit ]] || echo "systemd unit: $unit"
	done
}

left_processes() {
	local dir pid stat parent mark
	for dir in /proc/[0-9]*; do
		pid=${dir#/proc/}
		[[ -z ${PIDS_BEFORE[$pid]:-} && $pid != "$BASHPID" ]] || continue
		stat=
		read -r -d '' stat 2>/dev/null <"$dir/stat" || true
		[[ -n $stat ]] || continue
		stat=${stat##*) }
		parent=${stat#* }
		parent=${parent%% *}
		[[ $parent != "$$" && $parent != "$BASHPID" && ${stat:0:1} != Z ]] || continue
		mark=$(cat "$dir/cgroup" "$dir/cmdline" "$dir/environ" 2>/dev/null | tr '\0' ' ')
		[[ -d $dir ]] && ours "$mark" && echo "process: $pid $(tr '\0' ' ' <"$dir/cmdline" 2>/dev/null)"
	done
	return 0
}

# nothing_left wants that a failed call left nothing, before any clean-up.
nothing_left() {
	local - left
	set +T
	left=$(leftovers)
	[[ -z $left ]] || flunk "left behind:" "$left"
}

# sweep removes what a test left, so that the next one starts clean.
sweep() {
	local kind rest
	while IFS=: read -r kind rest; do
		rest=${rest# }
		case $kind in
		process) kill -KILL "${rest%% *}" 2>/dev/null ;;
		mount) umount -l "$(cut -d' ' -f5 <<<"$rest")" 2>/dev/null ;;
		esac
	done < <(leftovers)
	find /sys/fs/cgroup -depth -type d -name "*$ID*" -exec rmdir {} + 2>/dev/null
	[[ ! -d /run/systemd/system ]] || systemctl --no-block stop "*$ID*" 2>/dev/null
	return 0
}
