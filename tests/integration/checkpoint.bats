load lib

# Containers are checkpointed and restored by criu: that of this machine or the
# one that tests/integration/criu has unpacked, whichever works here.

setup() {
	find_criu
	begin
	IMAGES=$T/images
	WORK=$T/work
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
		NO_CRIU="no criu, get one with tests/integration/criu"
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
	[[ $status == 0 ]] || grep -n Error "$WORK/dump.log" >&2
	ok
	stdout ""
}

restore() {
	call restore --detach --image-path "$IMAGES" --work-path "$WORK" "$@"
	[[ $status == 0 ]] || grep -n Error "$WORK/restore.log" >&2
	exited 0
	stdout ""
}

gone() {
	call state "$1"
	fails 1 "does not exist"
}

@test "checkpoint and restore: under the same id" {
	needs_criu
	counting
	running
	await text "$B/rootfs/log" n3.
	checkpoint "$ID"
	gone "$ID"
	ended
	present "$IMAGES/inventory.img"
	present "$WORK/dump.log"
	local n
	n=$(counted "$B")
	restore --bundle "$B" "$ID"
	is running
	counts "$B" "$n"
	PID=$(pid_of)
	equal "$(field_of bundle)" "$B"
	call exec "$ID" cat /proc/1/cmdline
	ok
	contains "$(tr '\0' ' ' <"$OUT")" "sh -c"
	call kill "$ID" KILL
	ok
	ended
	is stopped
	call delete "$ID"
	ok
	nothing_left
}

@test "restore: under another id, with another bundle" {
	needs_criu
	counting
	running
	await text "$B/rootfs/log" n3.
	checkpoint "$ID"
	local n other=$T/other
	n=$(counted "$B")
	cp -a "$B" "$other"
	jq ".linux.cgroupsPath=\"/$ID-other\"" "$B/config.json" >"$other/config.json"
	restore --bundle "$other" "$ID-other"
	counts "$other" "$n"
	equal "$(counted "$B")" "$n" "lines in the first bundle"
	equal "$(field_of bundle "$ID-other")" "$other"
	PID=$(pid_of "$ID-other")
	contains "$(cat "/proc/$PID/cgroup")" "$ID-other"
	lacks "$(grep -v "$ID-other" "/proc/$PID/cgroup")" "$ID"
}

@test "checkpoint: of a restored container" {
	needs_criu
	counting
	running
	await text "$B/rootfs/log" n3.
	checkpoint "$ID"
	restore --bundle "$B" "$ID"
	IMAGES=$T/second
	local n
	n=$(counted "$B")
	await text "$B/rootfs/log" "n$((n + 2))."
	checkpoint "$ID"
	n=$(counted "$B")
	restore --bundle "$B" "$ID"
	counts "$B" "$n"
}

@test "checkpoint and restore: the directories are named by symbolic links" {
	needs_criu
	mkdir "$T/images-there" "$T/work-there"
	IMAGES=$T/images-link WORK=$T/work-link
	ln -s images-there "$IMAGES"
	ln -s "$T/work-there" "$WORK"
	counting
	running
	await text "$B/rootfs/log" n3.
	checkpoint "$ID"
	local n
	n=$(counted "$B")
	restore --bundle "$B" "$ID"
	counts "$B" "$n"
	present "$T/images-there/inventory.img"
	present "$T/work-there/restore.log"
}

@test "checkpoint --leave-running" {
	needs_criu
	counting
	running
	await text "$B/rootfs/log" n3.
	checkpoint --leave-running "$ID"
	is running
	equal "$(pid_of)" "$PID"
	counts "$B" "$(counted "$B")"
}

@test "checkpoint: into the directory checkpoint, where the log is too" {
	needs_criu
	counting
	running
	await text "$B/rootfs/log" n3.
	cd "$T/work"
	call checkpoint "$ID"
	ok
	present "$WORK/checkpoint/inventory.img"
	present "$WORK/checkpoint/dump.log"
	call restore --detach --bundle "$B" "$ID"
	exited 0
	present "$WORK/checkpoint/restore.log"
	is running
}

@test "checkpoint --pre-dump: a chain" {
	needs_criu
	needs_feature mem_dirty_track
	counting
	running
	await text "$B/rootfs/log" n3.
	IMAGES=$T/pre
	checkpoint --pre-dump "$ID"
	is running
	absent "$T/pre/descriptors.json"
	IMAGES=$T/images
	checkpoint --parent-path ../pre "$ID"
	gone "$ID"
	equal "$(readlink "$IMAGES/parent")" ../pre
	local n
	n=$(counted "$B")
	restore --bundle "$B" "$ID"
	counts "$B" "$n"
}

@test "checkpoint --pre-dump: on a kernel that does not track memory" {
	needs_criu
	differs_from_runc "says the same in other words"
	! criu check --feature mem_dirty_track >"$T/io/feature" 2>&1 || skip "this kernel does"
	counting
	running
	await text "$B/rootfs/log" n3.
	call checkpoint --pre-dump --image-path "$IMAGES" "$ID"
	fails 1 "criu pre-dump: this kernel does not track changes of memory"
	is running
}

@test "checkpoint --parent-path: has to be relative, and a directory" {
	needs_criu
	counting
	running
	mkdir "$T/pre"
	call checkpoint --image-path "$IMAGES" --parent-path "$T/pre" "$ID"
	fails 1 "--parent-path must be relative"
	call checkpoint --image-path "$IMAGES" --parent-path ../nowhere "$ID"
	fails 1 "invalid --parent-path" "no such file or directory"
	touch "$T/file"
	call checkpoint --image-path "$IMAGES" --parent-path ../file "$ID"
	fails 1 "invalid --parent-path" "not a directory"
	is running
}

@test "checkpoint: a container that does not run" {
	needs_criu
	bundle
	created
	call checkpoint --image-path "$IMAGES" "$ID"
	fails 1 "cannot be checkpointed in created state"
	is created
	call start "$ID"
	ended
	call checkpoint --image-path "$IMAGES" "$ID"
	fails 1 "cannot be checkpointed in stopped state"
	call checkpoint --image-path "$IMAGES" "$ID-unknown"
	fails 1 "does not exist"
}

@test "checkpoint: a paused container" {
	needs_criu
	counting
	running
	await text "$B/rootfs/log" n3.
	call pause "$ID"
	ok
	local n
	n=$(counted "$B")
	checkpoint "$ID"
	gone "$ID"
	restore --bundle "$B" "$ID"
	# How criu has found it: frozen on v1, going on v2.
	call resume "$ID"
	is running
	counts "$B" "$n"
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

@test "checkpoint --tcp-established" {
	needs_criu
	connected
	running
	await text "$B/rootfs/up" x
	checkpoint_tcp
	restore --tcp-established --bundle "$B" "$ID"
	: >"$B/rootfs/up"
	await text "$B/rootfs/up" x
}

@test "restore --tcp-close" {
	needs_criu
	differs_from_runc "it has no such flag"
	connected
	running
	await text "$B/rootfs/up" x
	checkpoint_tcp
	restore --tcp-close --bundle "$B" "$ID"
	is running
}

@test "checkpoint: a failure names the first error of criu, and changes nothing" {
	needs_criu
	differs_from_runc "criu's first error is on the first line"
	connected
	running
	await text "$B/rootfs/up" x
	call checkpoint --image-path "$IMAGES" --work-path "$WORK" "$ID"
	exited 1
	matches "$error" 'criu dump: [^:]+.*\(criu/[-a-z_]+\.c:[0-9]+\)'
	contains "$error" "log file: $WORK/dump.log"
	equal "$(wc -l <<<"$error")" 1 "lines on stderr"
	is running
}

@test "restore: a bind mount comes from the bundle of now" {
	needs_criu
	mkdir "$T/volume" "$T/moved"
	counting "$(mount_at /volume bind "$T/volume" rbind ro)" "$(mount_at /etc/passwd bind "$T/passwd" bind)"
	echo before >"$T/volume/file"
	echo before:x:0:0:::: >"$T/passwd"
	running
	await text "$B/rootfs/log" n3.
	checkpoint "$ID"
	echo after >"$T/moved/file"
	echo after:x:0:0:::: >"$T/passwd.moved"
	rm -r "$T/volume" "$T/passwd"
	edit "(.mounts[]|select(.destination==\"/volume\").source)=\"$T/moved\"" \
		"(.mounts[]|select(.destination==\"/etc/passwd\").source)=\"$T/passwd.moved\""
	restore --bundle "$B" "$ID"
	call exec "$ID" cat /volume/file /etc/passwd
	ok
	stdout $'after\nafter:x:0:0::::'
	call exec "$ID" touch /volume/new
	fails 1 "Read-only file system"
}

@test "restore: the mounts, in the order and with the options of before" {
	needs_criu
	mkdir "$T/volume"
	counting "$(mount_at /volume bind "$T/volume" rbind nosuid)" "$(mount_at /t tmpfs tmpfs size=64k noexec)" "$(mount_at /t/in bind "$T/volume" bind ro)" \
		'.root.readonly=false' '.linux.maskedPaths+=["/etc/group"]' '.linux.readonlyPaths+=["/etc"]'
	running
	await text "$B/rootfs/log" n3.
	call exec "$ID" sh -c 'echo kept >/t/file'
	ok
	# What differs each time: numbers of mounts, of devices without a disk.
	local before after keep='{print $5, $6}'
	# runc gives hidden files other options.
	[[ $RUNTIME_KIND != runc ]] || keep='!/\/null/{print $5, $6}'
	before=$(awk "$keep" "/proc/$PID/mountinfo" | sort)
	checkpoint "$ID"
	restore --bundle "$B" "$ID"
	PID=$(pid_of)
	after=$(awk "$keep" "/proc/$PID/mountinfo" | sort)
	equal "$after" "$before" "mounts"
	call exec "$ID" cat /t/file /etc/group
	ok
	stdout kept
}

@test "restore: what is mounted below a recursive bind mount" {
	needs_criu
	requires isolated
	differs_from_runc "it cannot checkpoint such a container"
	mkdir -p "$T/volume/sub"
	mount -t tmpfs -o size=64k tmpfs "$T/volume/sub"
	mkdir "$T/volume/sub/own"
	counting "$(mount_at /volume bind "$T/volume" rbind)" "$(mount_at /volume/sub/own tmpfs tmpfs size=32k)"
	running
	await text "$B/rootfs/log" n3.
	checkpoint "$ID"
	echo here >"$T/volume/sub/file"
	restore --bundle "$B" "$ID"
	call exec "$ID" sh -c 'cat /volume/sub/file; df -k /volume/sub | tail -n 1 | grep -c " 64 "; df -k /volume/sub/own | tail -n 1 | grep -c " 32 "'
	umount "$T/volume/sub" || umount -l "$T/volume/sub"
	ok
	stdout $'here\n1\n1'
}

@test "restore: how the root passes on mounts" {
	needs_criu
	local kind how='$5 == "/" { sub(/:.*/, "", $7); print $7 }' before
	for kind in shared slave private; do # criu cannot restore unbindable
		rm -rf "$IMAGES"
		counting ".linux.rootfsPropagation=\"$kind\""
		running
		await text "$B/rootfs/log" n3.
		before=$(awk "$how" "/proc/$PID/mountinfo")
		checkpoint "$ID"
		restore --bundle "$B" "$ID"
		equal "$(awk "$how" "/proc/$(pid_of)/mountinfo")" "$before" "$kind"
		call delete --force "$ID"
		ok
	done
}

@test "restore: a read-only root" {
	needs_criu
	differs_from_runc "the root is writable afterwards"
	counting '.root.readonly=true' "$(mount_at /data bind "$T/work" bind)" \
		"$(script "$AWAY; touch /data/up; while :; do sleep 1; done")"
	mkdir "$B/rootfs/data"
	running
	await file "$WORK/up"
	checkpoint "$ID"
	restore --bundle "$B" "$ID"
	call exec "$ID" touch /new
	fails 1 "Read-only file system"
}

@test "restore: mount points that the root has not" {
	needs_criu
	mkdir "$T/volume"
	counting "$(mount_at /deep/er/volume bind "$T/volume" rbind)" "$(mount_at /single bind "$T/file" bind)"
	touch "$T/file"
	running
	await text "$B/rootfs/log" n3.
	checkpoint "$ID"
	rm -r "$B/rootfs/deep" "$B/rootfs/single"
	restore --bundle "$B" "$ID"
	call exec "$ID" ls -d /deep/er/volume /single
	ok
}

@test "restore --pid-file, and detached" {
	needs_criu
	counting
	running
	await text "$B/rootfs/log" n3.
	checkpoint "$ID"
	restore --bundle "$B" --pid-file "$T/pid" "$ID"
	equal "$(od -An -c "$T/pid" | tr -d ' ')" "$(pid_of | tr -d '\n' | od -An -c | tr -d ' ')" "the pid file's bytes"
}

@test "restore: in the foreground, with the exit code" {
	needs_criu
	bundle "$(script "$AWAY; touch /up; while [ ! -e /end ]; do sleep 0.1; done; exit 7")"
	running
	await file "$B/rootfs/up"
	checkpoint "$ID"
	touch "$B/rootfs/end"
	call restore --bundle "$B" --image-path "$IMAGES" --work-path "$WORK" "$ID"
	exited 7
	gone "$ID"
	nothing_left
}

@test "restore: in the foreground, a signal is handed on" {
	needs_criu
	bundle "$(script "$AWAY; trap 'exit 9' TERM; touch /up; while :; do sleep 0.1; touch /beat; done")"
	running
	await file "$B/rootfs/up"
	checkpoint "$ID"
	rm -f "$B/rootfs/beat"
	spawn front "$RUNTIME" --root "$ROOT" restore --bundle "$B" --image-path "$IMAGES" --work-path "$WORK" "$ID"
	await file "$B/rootfs/beat"
	kill -TERM "$SPAWNED_PID"
	reap front "$SPAWNED_PID"
	exited 9
}

@test "restore: streams that were pipes are those of the call" {
	needs_criu
	bundle "$(script 'while :; do echo out; echo err >&2; sleep 0.1; done')"
	local status=0
	timeout 20 "$RUNTIME" --root "$ROOT" run --detach --bundle "$B" "$ID" </dev/null > >(cat >"$T/first") 2> >(cat >"$T/first.err") 3>&- 4>&-
	await text "$T/first" out
	checkpoint "$ID"
	timeout 20 "$RUNTIME" --root "$ROOT" restore --detach --bundle "$B" --image-path "$IMAGES" --work-path "$WORK" "$ID" \
		</dev/null > >(cat >"$T/second") 2> >(cat >"$T/second.err") 3>&- 4>&-
	await text "$T/second" out
	await text "$T/second.err" err
	lacks "$(cat "$T/second")" err
}

@test "restore: streams that are files of the host go on" {
	needs_criu
	differs_from_runc "it cannot checkpoint such a container"
	bundle "$(script 'i=0; while :; do i=$((i+1)); echo "n$i."; sleep 0.1; done')"
	running
	await text "$CTOUT" n3.
	checkpoint "$ID"
	local n
	n=$(wc -l <"$CTOUT")
	timeout 20 "$RUNTIME" --root "$ROOT" restore --detach --bundle "$B" --image-path "$IMAGES" --work-path "$WORK" "$ID" \
		</dev/null >>"$CTOUT" 2>>"$CTERR" 3>&- 4>&-
	await text "$CTOUT" "n$((n + 2))."
	equal "$(sed -n 's/^n\(.*\)\.$/\1/p' "$CTOUT")" "$(seq "$(wc -l <"$CTOUT")")" "lines"
}

# with_console NAME starts recvtty and sets $CONSOLE, its socket.
with_console() {
	CONSOLE=$T/$1.socket
	spawn "$1" recvtty -report "$T/$1.report" "$CONSOLE"
	await file "$CONSOLE"
}

@test "restore: a terminal, to a console socket" {
	needs_criu
	bundle '.process.terminal=true' "$(script 'echo begun; i=0; while :; do i=$((i+1)); echo "n$i."; sleep 0.1; done')"
	with_console first
	running --console-socket "$CONSOLE"
	await text "$T/first.out" n3.
	checkpoint "$ID"
	with_console second
	call restore --detach --console-socket "$CONSOLE" --bundle "$B" --image-path "$IMAGES" --work-path "$WORK" "$ID"
	ok
	equal "$(jq -c '[.fds,.istty,.connections]' "$T/second.report")" "[1,true,1]"
	await text "$T/second.out" "n$(($(sed -n 's/^n\(.*\)\..*$/\1/p' "$T/second.out" | tail -n 1) + 2))."
	lacks "$(cat "$T/second.out")" begun
	call exec "$ID" sh -c 'readlink /proc/1/fd/0; readlink /proc/1/fd/1; ls /dev/console'
	ok
	stdout $'/dev/pts/0\n/dev/pts/0\n/dev/console'
}

@test "restore: a terminal needs a console socket, or the foreground" {
	needs_criu
	bundle '.process.terminal=true' "$(script 'while :; do echo tick; sleep 0.1; done')"
	with_console first
	running --console-socket "$CONSOLE"
	await text "$T/first.out" tick
	checkpoint "$ID"
	call restore --detach --bundle "$B" --image-path "$IMAGES" "$ID"
	fails 1 "cannot allocate tty if runc will detach without setting console socket"
	local out=$T/front
	timeout 25 ptyrun -step expect:tick -step 'send:\x03' -- "$RUNTIME" --root "$ROOT" restore \
		--bundle "$B" --image-path "$IMAGES" --work-path "$WORK" "$ID" >"$out" 2>"$out.err" </dev/null 3>&- 4>&- || status=$?
	contains "$(cat "$out")" tick
	gone "$ID"
}

@test "restore: the limits of the bundle hold" {
	needs_criu
	requires controller=memory
	requires controller=pids
	counting '.linux.resources.memory={limit:134217728}' '.linux.resources.pids={limit:77}'
	running
	await text "$B/rootfs/log" n3.
	checkpoint "$ID"
	edit '.linux.resources.pids.limit=88'
	restore --bundle "$B" "$ID"
	PID=$(pid_of)
	equal "$(cgroup_file memory.limit_in_bytes memory.max)" 134217728
	equal "$(cgroup_file pids.max pids.max)" 88
	contains "$(cgroup_dir pids)" "$ID"
}

@test "restore: a view of its cgroups" {
	needs_criu
	local ns view show='$5 ~ "^/sys/fs/cgroup" { print $4, $5, $6 }' before
	view=$(mount_at /sys/fs/cgroup cgroup cgroup nosuid noexec nodev ro)
	for ns in "$(no_ns cgroup)" "$(new_ns cgroup)"; do
		rm -rf "$IMAGES"
		counting "$ns" "$view"
		running
		await text "$B/rootfs/log" n3.
		before=$(awk "$show" "/proc/$PID/mountinfo" | sort)
		checkpoint "$ID"
		restore --bundle "$B" "$ID"
		PID=$(pid_of)
		equal "$(awk "$show" "/proc/$PID/mountinfo" | sort)" "$before" "mounts"
		call exec "$ID" sh -c 'cat $(find /sys/fs/cgroup -maxdepth 2 -name cgroup.procs | head -n 1)'
		ok
		contains $'\n'"$output"$'\n' $'\n'1$'\n'
		call delete --force "$ID"
		ok
	done
}

@test "restore: a bundle such as Docker's" {
	needs_criu
	requires profile
	counting
	dockerbundle -seccomp "$(seccomp_profile)" -cgroup "/$ID" "$B" "$B/rootfs" \
		sh -c "$AWAY; i=0; while :; do i=\$((i+1)); echo \"n\$i.\" >>/log; sleep 0.05; done"
	running
	await text "$B/rootfs/log" n3.
	local n before same='/^(Seccomp|NoNewPrivs|Cap[A-Z]|Uid|Gid|Groups)/'
	before=$(awk "$same" "/proc/$PID/status")
	checkpoint "$ID"
	n=$(counted "$B")
	restore --bundle "$B" "$ID"
	counts "$B" "$n"
	equal "$(awk "$same" "/proc/$(pid_of)/status")" "$before"
}

@test "checkpoint --page-server" {
	needs_criu
	counting
	running
	await text "$B/rootfs/log" n3.
	mkdir "$IMAGES"
	local n port=$((20000 + RANDOM % 10000))
	spawn server criu page-server --images-dir "$IMAGES" --port "$port" -v4 --log-file "$WORK/server.log"
	await text "$WORK/server.log" "Starting page server"
	checkpoint --page-server "127.0.0.1:$port" "$ID"
	reap server "$SPAWNED_PID"
	exited 0
	present "$IMAGES"/pages-*.img
	n=$(counted "$B")
	restore --bundle "$B" "$ID"
	counts "$B" "$n"
	call checkpoint --page-server nowhere --image-path "$IMAGES" "$ID"
	exited 1
	is running
}

@test "checkpoint and restore --lazy-pages" {
	needs_criu
	needs_feature uffd-noncoop
	counting
	running
	await text "$B/rootfs/log" n3.
	local n dumper pages port=$((20000 + RANDOM % 10000))
	mkfifo "$T/status"
	spawn dump sh -c 'exec 3>"$1" && shift && exec "$@"' sh "$T/status" "$RUNTIME" --root "$ROOT" checkpoint --lazy-pages \
		--page-server "127.0.0.1:$port" --status-fd 3 --image-path "$IMAGES" --work-path "$WORK" "$ID"
	dumper=$SPAWNED_PID
	# A byte when the pages can be fetched; end of file if it failed.
	equal "$(timeout 20 head -c 1 "$T/status" | od -An -tx1 | tr -d ' ')" 00 "status"
	n=$(counted "$B")
	mkdir "$T/lazy"
	spawn pages criu lazy-pages --page-server --address 127.0.0.1 --port "$port" --images-dir "$IMAGES" --work-dir "$T/lazy" -v4 --log-file lazy.log
	pages=$SPAWNED_PID
	await file "$T/lazy/lazy-pages.socket"
	WORK=$T/lazy
	jq ".linux.cgroupsPath=\"/$ID-lazy\"" "$B/config.json" >"$T/config.new"
	mv "$T/config.new" "$B/config.json"
	timeout -k 2 15 "$RUNTIME" --root "$ROOT" restore --detach --lazy-pages --image-path "$IMAGES" --work-path "$WORK" --bundle "$B" "$ID-lazy" \
		</dev/null >"$T/io/lazy" 2>&1 3>&- 4>&- || status=$?
	! grep "page-pipe: splice: -1: Bad file descriptor" "$T/work/dump.log" || skip "$(criu --version | head -n 1): cannot serve lazy pages here"
	exited 0
	counts "$B" "$n"
	reap pages "$pages"
	exited 0
	reap dump "$dumper"
	exited 0
	gone "$ID"
}

@test "checkpoint: a container whose readiness was waited for" {
	needs_criu
	counting "$(script "$AWAY; sdhelper send \"\$NOTIFY_SOCKET\" READY=1; i=0; while :; do i=\$((i+1)); echo \"n\$i.\" >>/log; sleep 0.05; done")"
	cp "$RUNG_TEST_BUILD/bin/sdhelper" "$B/rootfs/bin/sdhelper"
	spawn notify sdhelper notify "$T/n"
	await file "$T/n"
	export NOTIFY_SOCKET=$T/n
	running
	unset NOTIFY_SOCKET
	await text "$B/rootfs/log" n3.
	checkpoint "$ID"
	local n
	n=$(counted "$B")
	restore --bundle "$B" "$ID"
	counts "$B" "$n"
}

@test "restore: every mode of cgroups" {
	needs_criu
	local mode n
	counting
	running
	await text "$B/rootfs/log" n3.
	for mode in soft full strict ignore; do
		needs_runc 1.2.0 "--manage-cgroups-mode ignore"
		rm -rf "$IMAGES"
		checkpoint --manage-cgroups-mode $mode "$ID"
		n=$(counted "$B")
		restore --manage-cgroups-mode $mode --bundle "$B" "$ID"
		counts "$B" "$n"
		PID=$(pid_of)
		equal "$(grep -vc ":/$ID$" "/proc/$PID/cgroup")" 0 "hierarchies elsewhere with $mode"
	done
	call checkpoint --manage-cgroups-mode other --image-path "$IMAGES" "$ID"
	fails 1 "Invalid manage-cgroups-mode"
}

@test "restore: a network namespace by path" {
	needs_criu
	requires program=ip
	spawn ns unshare --net sleep 100
	local n ns=/proc/$SPAWNED_PID/ns/net
	await -limit 5s file "$ns"
	counting "$(join_ns network "$ns")"
	running
	await text "$B/rootfs/log" n3.
	checkpoint "$ID"
	n=$(counted "$B")
	restore --bundle "$B" "$ID"
	counts "$B" "$n"
	equal "$(readlink "/proc/$(pid_of)/ns/net")" "$(readlink "$ns")"
	call delete --force "$ID"
	ok
}

@test "restore: the loopback device is up" {
	needs_criu
	differs_from_runc "it is down"
	counting
	running
	await text "$B/rootfs/log" n3.
	checkpoint "$ID"
	restore --bundle "$B" "$ID"
	call exec "$ID" ifconfig lo
	ok
	contains "$output" "UP LOOPBACK RUNNING"
}

@test "restore: the host's network" {
	needs_criu
	counting "$(no_ns network)"
	running
	await text "$B/rootfs/log" n3.
	checkpoint "$ID"
	restore --bundle "$B" "$ID"
	equal "$(readlink "/proc/$(pid_of)/ns/net")" "$(readlink /proc/self/ns/net)"
}

@test "restore: uts and ipc namespaces by path" {
	needs_criu
	differs_from_runc "it makes new ones"
	spawn ns unshare --uts --ipc sleep 100
	local n ns=/proc/$SPAWNED_PID/ns
	await -limit 5s file "$ns/uts"
	counting "$(join_ns uts "$ns/uts")" "$(join_ns ipc "$ns/ipc")" 'del(.hostname)' 'del(.mounts[]|select(.type=="mqueue"))'
	running
	await text "$B/rootfs/log" n3.
	checkpoint "$ID"
	n=$(counted "$B")
	restore --bundle "$B" "$ID"
	counts "$B" "$n"
	equal "$(readlink "/proc/$(pid_of)/ns/uts")" "$(readlink "$ns/uts")"
	equal "$(readlink "/proc/$(pid_of)/ns/ipc")" "$(readlink "$ns/ipc")"
	call delete --force "$ID"
	ok
}

@test "restore: a user namespace" {
	needs_criu
	differs_from_runc "root of the container has to be able to read the images"
	counting "$(new_ns user)" '.linux.uidMappings=[{containerID:0,hostID:100000,size:65536}]' '.linux.gidMappings=[{containerID:0,hostID:100000,size:65536}]'
	chown -R 100000:100000 "$B/rootfs"
	running
	await text "$B/rootfs/log" n3.
	checkpoint "$ID"
	local n
	n=$(counted "$B")
	restore --bundle "$B" "$ID"
	counts "$B" "$n"
	PID=$(pid_of)
	equal "$(awk '{print $1, $2, $3}' "/proc/$PID/uid_map")" "0 100000 65536"
	call exec "$ID" sh -c 'id -u; echo x >/dev/null; head -c 1 /dev/zero | wc -c'
	ok
	stdout $'0\n1'
}

@test "restore: hooks run" {
	needs_criu
	local hook='{path:"/bin/sh",args:["sh","-c",$text]}'
	counting "$(jq -nr --arg dir "$T" '
		def hook($name): "{path:\"/bin/sh\",args:[\"sh\",\"-c\",\"cat >>\($dir)/\($name); echo >>\($dir)/\($name)\"]}";
		".hooks={createRuntime:[\(hook("createRuntime"))],poststop:[\(hook("poststop"))]}"')"
	running
	await text "$B/rootfs/log" n3.
	checkpoint "$ID"
	equal "$(jq -r .status "$T/poststop")" stopped
	equal "$(wc -l <"$T/createRuntime")" 1
	restore --bundle "$B" "$ID"
	equal "$(jq -r .id "$T/createRuntime" | tail -n 1)" "$ID"
	equal "$(wc -l <"$T/createRuntime")" 2
	equal "$(jq -r .pid "$T/createRuntime" | tail -n 1)" "$(pid_of)"
}

@test "restore: poststart hooks run" {
	needs_criu
	differs_from_runc "it does not run them"
	counting ".hooks={poststart:[{path:\"/bin/sh\",args:[\"sh\",\"-c\",\"cat >$T/poststart\"]}]}"
	running
	await text "$B/rootfs/log" n3.
	checkpoint "$ID"
	rm "$T/poststart"
	restore --bundle "$B" "$ID"
	equal "$(jq -r .status "$T/poststart")" running
}

@test "restore: a hook that fails leaves nothing" {
	needs_criu
	counting
	running
	await text "$B/rootfs/log" n3.
	checkpoint "$ID"
	edit '.hooks={createRuntime:[{path:"/bin/sh",args:["sh","-c","echo no luck; exit 3"]}]}'
	call restore --detach --bundle "$B" --image-path "$IMAGES" --work-path "$WORK" --pid-file "$T/pid" "$ID"
	fails 1 "error running" "hook #0" "exit status 3, stdout: no luck"
	gone "$ID"
	absent "$T/pid"
	nothing_left
}

@test "restore: a failure leaves nothing but the log" {
	needs_criu
	counting
	running
	await text "$B/rootfs/log" n3.
	checkpoint "$ID"
	rm "$IMAGES"/pages-*.img "$IMAGES"/core-1.img
	call restore --detach --bundle "$B" --image-path "$IMAGES" --work-path "$WORK" --pid-file "$T/pid" "$ID"
	exited 1
	contains "$error" "criu"
	present "$WORK/restore.log"
	gone "$ID"
	absent "$T/pid"
	nothing_left
}

@test "restore: no images" {
	needs_criu
	counting
	mkdir "$IMAGES"
	call restore --detach --bundle "$B" --image-path "$IMAGES" "$ID"
	exited 1
	gone "$ID"
	nothing_left
	differs_from_runc "makes the directory"
	call restore --detach --bundle "$B" --image-path "$T/nowhere" "$ID"
	fails 1 "--image-path" "no such file or directory"
	nothing_left
}

@test "restore: an id that is there" {
	needs_criu
	counting
	running
	await text "$B/rootfs/log" n3.
	checkpoint --leave-running "$ID"
	call restore --detach --bundle "$B" --image-path "$IMAGES" --work-path "$WORK" "$ID"
	fails 1 "container with given ID already exists"
	is running
	equal "$(pid_of)" "$PID"
}

@test "checkpoint and restore: no criu in PATH" {
	counting
	running
	await text "$B/rootfs/log" n3.
	local path=$PATH
	WRAP='env PATH=/nowhere' call checkpoint --image-path "$IMAGES" "$ID"
	fails 1 "criu"
	differs_from_runc "says it in other words"
	WRAP='env PATH=/nowhere' call checkpoint --image-path "$IMAGES" "$ID"
	fails 1 'exec: "criu": executable file not found in $PATH'
	absent "$IMAGES"
	WRAP='env PATH=/nowhere' call restore --detach --bundle "$B" --image-path "$IMAGES" "$ID-other"
	fails 1 'exec: "criu": executable file not found in $PATH'
	is running
}

@test "checkpoint: options that criu is to read from a file" {
	needs_criu
	counting ".annotations={\"org.criu.config\":\"$T/criu.conf\"}"
	echo "log-file other.log" >"$T/criu.conf"
	running
	await text "$B/rootfs/log" n3.
	checkpoint --leave-running "$ID"
	contains "$(cat "$WORK"/*.log)" "Version:"
	present "$WORK/other.log"
}

@test "checkpoint: a filter that asks an agent is refused by name" {
	needs_criu
	differs_from_runc "criu refuses it in its log"
	spawn agent seccompagent -state "$T/states" "$T/agent"
	await file "$T/agent"
	counting ".linux.seccomp={defaultAction:\"SCMP_ACT_ALLOW\",listenerPath:\"$T/agent\",syscalls:[{names:[\"chroot\"],action:\"SCMP_ACT_NOTIFY\"}]}"
	running
	call checkpoint --image-path "$IMAGES" "$ID"
	fails 1 "linux.seccomp: criu cannot checkpoint a filter that asks an agent"
	is running
}
