load lib

setup() {
	begin
	bundle
}

up() {
	edit "$(args sleep 100)" "$@"
	running
}

@test "exec: runs a command in the container" {
	up '.hostname="inside"'
	call exec "$ID" hostname
	ok
	stdout inside
}

@test "exec: the exit status is the command's" {
	up
	local code
	for code in 0 1 42 255; do
		call exec "$ID" sh -c "exit $code"
		exited $code
		equal "$error" ""
	done
}

@test "exec: a command killed by signal N gives 128+N" {
	up
	call exec "$ID" sh -c 'kill -KILL $$'
	exited 137
}

@test "exec: stdin, stdout and stderr are the caller's" {
	up
	echo "typed" >"$T/in"
	IN=$T/in call exec "$ID" sh -c 'cat; echo err >&2'
	exited 0
	equal "$output" typed
	equal "$error" err
}

@test "exec: the command's timers are as exact as the caller's" {
	up
	call exec "$ID" cat /proc/self/timerslack_ns
	ok
	stdout "$(cat /proc/self/timerslack_ns)"
}

@test "exec: joins the container's session keyring" {
	up
	call exec "$ID" /bin/probe
	ok
	contains "$(jq -r .keyringName <<<"$output")" "_ses.$ID"
}

@test "exec: a container made with --no-new-keyring gets none from exec either" {
	edit "$(args sleep 100)"
	running --no-new-keyring
	call exec "$ID" /bin/probe
	ok
	equal "$(jq .keyring <<<"$output")" "$("$RUNG_TEST_BUILD/bin/probe" | jq .keyring)" "keyring serial"
}

@test "exec: joins all namespaces of the container" {
	edit "$(new_ns cgroup)"
	up
	call exec "$ID" /bin/probe
	ok
	local ns
	for ns in mnt net ipc uts pid cgroup; do
		equal "$(jq -r ".namespaces.$ns" <<<"$output")" "$(readlink "/proc/$PID/ns/$ns")" "$ns namespace"
	done
	equal "$(jq .ppid <<<"$output")" 0 "parent as seen inside"
}

@test "exec: joins the cgroup of the container" {
	up
	call exec --detach --pid-file "$T/pid" "$ID" sleep 100
	ok
	equal "$(cat "/proc/$(<"$T/pid")/cgroup")" "$(cat "/proc/$PID/cgroup")"
}

@test "exec: joins a user namespace and has its ids" {
	edit "$(new_ns user)" '.linux.uidMappings=[{containerID:0,hostID:100000,size:65536}]' \
		'.linux.gidMappings=[{containerID:0,hostID:100000,size:65536}]'
	chown -R 100000:100000 "$B/rootfs"
	up
	call exec "$ID" /bin/probe
	ok
	equal "$(jq -c '[.uid,.gid,.namespaces.user]' <<<"$output")" "[0,0,\"$(readlink "/proc/$PID/ns/user")\"]"
}

@test "exec: everything after the id belongs to the command" {
	up
	call exec "$ID" echo --cwd /x --pid-file y -t
	ok
	stdout "--cwd /x --pid-file y -t"
}

@test "exec --cwd: the working directory" {
	up
	call exec --cwd /bin "$ID" pwd
	ok
	stdout /bin
	call exec "$ID" pwd
	ok
	stdout /
}

@test "exec --cwd: the container's own by default" {
	up '.process.cwd="/etc"'
	call exec "$ID" pwd
	ok
	stdout /etc
}

@test "exec --cwd: a relative one is refused" {
	up
	call exec --cwd bin "$ID" pwd
	exited 255
	contains "$error" absolute
}

@test "exec --env: added to the container's environment" {
	up '.process.env += ["A=config","C=config"]'
	call exec --env A=flag --env B=two "$ID" /bin/probe
	ok
	equal "$(jq -c '[.env[]|select(test("^[ABC]="))]|sort' <<<"$output")" '["A=flag","B=two","C=config"]'
}

@test "exec: a bare name is looked up in the container's PATH" {
	mkdir -p "$B/rootfs/opt/bin"
	ln -s /bin/busybox "$B/rootfs/opt/bin/hostname"
	edit '.process.env=["PATH=/opt/bin"]' "$(args /bin/sleep 100)"
	running
	call exec "$ID" hostname
	ok
	stdout base
	call exec "$ID" sleep 0
	fails 255 "executable file not found in"
}

@test "exec --user: uid and gid by number" {
	up
	local user uid gid
	while read -r user uid gid; do
		call exec --user "$user" "$ID" /bin/probe
		ok
		equal "$(jq -c '[.uids,.gids]|flatten|unique' <<<"$output")" \
			"$(jq -nc "[$uid,$gid]|unique")" "ids of --user $user"
		equal "$(jq -c '[.uid,.gid]' <<<"$output")" "[$uid,$gid]"
	done <<-'END'
		1000 1000 0
		1000:1001 1000 1001
		0:5 0 5
		2147483647:2147483647 2147483647 2147483647
	END
}

@test "exec --user: no word parses to root by mistake (CVE-2026-30892)" {
	up
	local user uid
	for user in 1 01 1:2 12345 1000:0; do
		call exec --user "$user" "$ID" id -u
		[[ $status == 0 ]] || continue
		uid=${user%%:*}
		equal "$output" "$((10#$uid))" "uid of --user $user"
	done
	for user in 1: "1 " 1x 0x1 x -1; do
		call exec --user "$user" "$ID" id -u
		[[ $status == 0 ]] || continue
		differ "$output" 0 "uid of --user $user"
	done
}

@test "exec --user: a number beyond the range is refused" {
	differs_from_runc "a uid or gid beyond 32 bits is refused, not cut down to some other id"
	up
	local user
	for user in 4294967295 4294967296 4294968296 18446744073709551616 0:4294967295 0:4294967296; do
		call exec --user "$user" "$ID" id -u
		exited 255
		equal "$output" ""
	done
}

@test "exec --additional-gids: supplementary groups" {
	needs_runc 1.1 "--additional-gids"
	up
	call exec --user 1000:1000 --additional-gids 100 --additional-gids 65534 "$ID" /bin/probe
	ok
	equal "$(jq -c '.groups|sort' <<<"$output")" '[100,65534]'
}

@test "exec: the container's groups are not the command's, nor the caller's" {
	up
	call exec "$ID" /bin/probe
	ok
	equal "$(jq -c '.groups-[0]' <<<"$output")" '[]'
}

@test "exec --cap: adds to what the container has" {
	up
	call exec --cap CAP_CHOWN --cap CAP_SYS_TIME "$ID" /bin/probe
	ok
	# AUDIT_WRITE 29, KILL 5, NET_BIND_SERVICE 10, CHOWN 0, SYS_TIME 25
	equal "$(jq -r .caps.bounding <<<"$output")" 0000000022000421
	equal "$(jq -r .caps.effective <<<"$output")" 0000000022000421
}

@test "exec --cap: nothing becomes inheritable or ambient (CVE-2022-29162)" {
	up
	call exec --cap CAP_CHOWN "$ID" /bin/probe
	ok
	equal "$(jq -r '.caps.inheritable' <<<"$output")" 0000000000000000
	needs_runc 1.2 "no ambient capabilities from --cap"
	equal "$(jq -r '.caps.ambient' <<<"$output")" 0000000000000000
}

@test "exec: has the container's capabilities without --cap" {
	up
	call exec "$ID" /bin/probe
	ok
	equal "$(jq -r .caps.effective <<<"$output")" 0000000020000420
}

@test "exec --no-new-privs" {
	up '.process.noNewPrivileges=false'
	call exec "$ID" /bin/probe
	ok
	equal "$(jq .noNewPrivileges <<<"$output")" 0
	call exec --no-new-privs "$ID" /bin/probe
	ok
	equal "$(jq .noNewPrivileges <<<"$output")" 1
}

@test "exec: the container's rlimits and umask hold" {
	needs_runc 1.2 "the umask in exec"
	up '.process.rlimits=[{type:"RLIMIT_NOFILE",soft:77,hard:99}]' '.process.user.umask=63'
	call exec "$ID" sh -c 'ulimit -Sn; ulimit -Hn; umask'
	ok
	stdout $'77\n99\n0077'
}

@test "exec --process: a process from a file" {
	up
	jq -n '{args:["/bin/probe"],cwd:"/etc",env:["PATH=/bin","X=y"],user:{uid:1000,gid:1000,additionalGids:[29]},
		noNewPrivileges:true,oomScoreAdj:100,
		capabilities:{bounding:["CAP_KILL"],effective:["CAP_KILL"],permitted:["CAP_KILL"],inheritable:[]}}' >"$T/process.json"
	call exec --process "$T/process.json" "$ID"
	ok
	equal "$(jq -c '[.uid,.gid,.groups,.cwd,.noNewPrivileges,.caps.bounding]' <<<"$output")" \
		'[1000,1000,[29],"/etc",1,"0000000000000020"]'
	equal "$(jq -c '.env-["HOME=/home/alice"]' <<<"$output")" '["PATH=/bin","X=y"]'
}

@test "exec --process: its rlimits and umask hold" {
	differs_from_runc "exec --process honours user.umask"
	up
	jq -n '{args:["sh","-c","ulimit -Sn; umask"],cwd:"/",user:{uid:0,gid:0,umask:7},env:["PATH=/bin"],
		rlimits:[{type:"RLIMIT_NOFILE",soft:33,hard:44}]}' >"$T/process.json"
	call exec --process "$T/process.json" "$ID"
	ok
	stdout $'33\n0007'
}

@test "exec --process: the file may be a pipe" {
	up
	mkfifo "$T/pipe"
	jq -n '{args:["/bin/echo","piped"],cwd:"/",user:{uid:0,gid:0}}' >"$T/process.json"
	spawn feed sh -c 'cat "$1" >"$2"' - "$T/process.json" "$T/pipe"
	call exec --process "$T/pipe" "$ID"
	ok
	stdout piped
}

@test "exec --process: its env is used alone" {
	up
	jq -n '{args:["echo","x"],cwd:"/",user:{uid:0,gid:0},env:["X=y"]}' >"$T/process.json"
	call exec --process "$T/process.json" "$ID"
	fails 255 "executable file not found in"
}

@test "exec --process: a file that is none or no JSON" {
	up
	call exec --process "$T/none" "$ID"
	fails 255 "no such file or directory"
	echo '{' >"$T/process.json"
	call exec --process "$T/process.json" "$ID"
	exited 255
}

@test "exec: no command, and neither args nor file" {
	up
	call exec "$ID"
	exited 255
	jq -n '{args:[],cwd:"/",user:{uid:0,gid:0}}' >"$T/process.json"
	call exec --process "$T/process.json" "$ID"
	exited 255
}

@test "exec --detach: returns while the command runs" {
	up
	call exec --detach --pid-file "$T/pid" "$ID" sh -c 'echo out; sleep 100'
	exited 0
	await text "$OUT" out
	local pid
	pid=$(<"$T/pid")
	equal "$(stat -c %s "$T/pid")" "${#pid}" "size of the pid file"
	equal "$(readlink "/proc/$pid/ns/pid")" "$(readlink "/proc/$PID/ns/pid")"
	requires isolated
	equal "$(awk '/^PPid:/{print $2}' "/proc/$pid/status")" 1 "parent of the detached command"
}

@test "exec --detach: exit status 255 and no pid file when the command cannot be run" {
	up
	call exec --detach --pid-file "$T/pid" "$ID" /no/such/file
	fails 255 "no such file or directory"
	absent "$T/pid"
}

@test "exec --pid-file: absent after each kind of failure" {
	up
	local dir=$B/rootfs/tmp
	: >"$dir/plain"
	local command
	for command in nosuch /no/such /tmp/plain /tmp; do
		call exec --pid-file "$T/pid" "$ID" "$command"
		exited 255
		absent "$T/pid"
	done
	call exec --pid-file "$T/pid" --cwd /no/such/dir "$ID" true
	exited 255
	absent "$T/pid"
	call exec --pid-file "$T/pid" "$ID" sh -c 'exit 7'
	exited 7
	present "$T/pid"
}

@test "exec: 255 and the words for a command that cannot be run" {
	up
	: >"$B/rootfs/tmp/plain"
	call exec "$ID" nosuch
	fails 255 'exec: "nosuch": executable file not found in $PATH'
	call exec "$ID" /no/such
	fails 255 "/no/such: no such file or directory"
	call exec "$ID" /tmp/plain
	fails 255 "permission denied"
	needs_runc 1.2 "the words for a directory"
	call exec "$ID" /tmp
	fails 255 "is a directory"
	differs_from_runc "both words: Docker 20.10 knows 126 by the second"
	fails 255 "is a directory: permission denied"
}

@test "exec: 255 for an unknown container" {
	call exec "$ID" true
	fails 255 "container does not exist"
}

@test "exec: 255 for a stopped container" {
	running
	[[ $PID == 0 ]] || ended
	call exec "$ID" true
	exited 255
	contains "$error" "stopped"
}

@test "exec: works in a created container" {
	edit "$(script 'echo started')"
	created
	call exec "$ID" echo fine
	ok
	stdout fine
	is created
	equal "$(<"$CTOUT")" ""
}

@test "exec: refused in a paused container, unless --ignore-paused" {
	up
	call pause "$ID"
	ok
	call exec "$ID" true
	exited 255
	contains "$error" "cannot exec in a paused container (use --ignore-paused to override)"
	spawn exec "$RUNTIME" --root "$ROOT" exec --ignore-paused "$ID" echo thawed
	local exec=$SPAWNED_PID
	# It can only end once the container runs again.
	call resume "$ID"
	ok
	reap exec "$exec"
	exited 0
	equal "$output" thawed
}

@test "exec --preserve-fds: descriptors keep their numbers, others are closed" {
	up
	echo three >"$T/three"
	PASS=3 call exec --preserve-fds 1 "$ID" /bin/probe 3<"$T/three" 4<"$T" 5</dev/null
	ok
	equal "$(jq -c '.fds|keys' <<<"$output")" '["0","1","2","3"]'
	equal "$(jq -r '.fds["3"]' <<<"$output")" "$T/three"
}

@test "exec --preserve-fds: a missing one is an error that names it" {
	up
	differs_from_runc "--preserve-fds counts only descriptors of the caller"
	call exec --preserve-fds 2 "$ID" true
	exited 255
	matches "$error" 'fd[^0-9]*3|3.*fd'
}

@test "exec: exactly three descriptors" {
	up
	call exec "$ID" /bin/probe
	ok
	equal "$(jq -c '.fds|keys' <<<"$output")" '["0","1","2"]'
}

@test "exec --pidfd-socket: the pidfd of the command" {
	needs_runc 1.2 "exec --pidfd-socket"
	up
	spawn pidfd pidfdrecv "$T/s"
	await file "$T/s"
	call exec --detach --pid-file "$T/pid" --pidfd-socket "$T/s" "$ID" sleep 100
	ok
	reap pidfd "$SPAWNED_PID"
	exited 0
	equal "$(jq -c '[.fds,.pid]' <<<"$output")" "[1,$(<"$T/pid")]"
}

@test "exec --cgroup: a sub-cgroup of the container's" {
	needs_runc 1.1 "exec --cgroup"
	requires cgroup1
	up
	mkdir "$(cgroup_dir memory)/sub"
	call exec --cgroup memory:sub "$ID" cat /proc/self/cgroup
	ok
	matches "$output" "memory:[^ ]*/$ID/sub"
	matches "$output" "pids:[^ ]*/$ID"$'\n'
	rmdir "$(cgroup_dir memory)/sub"
}

@test "exec --cgroup: a sub-cgroup on v2" {
	requires cgroup2
	up
	mkdir "$(cgroup_dir -)/sub"
	call exec --cgroup sub "$ID" cat /proc/self/cgroup
	ok
	contains "$output" ":$(group_path)/sub"
	rmdir "$(cgroup_dir -)/sub"
}

@test "exec --cgroup: does not lead out of the container's cgroup" {
	needs_runc 1.1 "exec --cgroup"
	up
	local path paths=(.. ../.. ../x)
	cgroup2 || paths+=(memory:.. memory:../../x)
	for path in "${paths[@]}"; do
		call exec --cgroup "$path" "$ID" cat /proc/self/cgroup
		if [[ $RUNTIME_KIND == runc && $status == 0 ]] && cgroup2; then
			# There runc takes the container's cgroup for the root.
			contains "$output" "0::$(group_path)"
			continue
		fi
		exited 255
		contains "$error" "sub cgroup path"
	done
	if [[ $RUNTIME_KIND == runc ]] && cgroup2; then return; fi # takes any controller there
	call exec --cgroup nosuch:/ "$ID" true
	exited 255
	contains "$error" "unknown controller "
}

@test "exec --cgroup: one that is not there" {
	needs_runc 1.1 "exec --cgroup"
	up
	call exec --cgroup /no/such "$ID" true
	fails 255 "no such file or directory"
}

@test "exec: HOME is that of the user in the container's passwd" {
	up
	call exec --user 1000:1000 "$ID" sh -c 'echo $HOME'
	ok
	stdout /home/alice
	call exec "$ID" sh -c 'echo $HOME'
	ok
	stdout /root
}

@test "exec: many at once" {
	up
	local n pids=()
	for n in 1 2 3 4 5 6; do
		spawn "exec$n" "$RUNTIME" --root "$ROOT" exec "$ID" echo "number $n"
		pids+=("$SPAWNED_PID")
	done
	for n in 1 2 3 4 5 6; do
		reap "exec$n" "${pids[n - 1]}"
		exited 0
		equal "$output" "number $n"
	done
}

@test "exec: forwards signals to the command" {
	up
	spawn exec "$RUNTIME" --root "$ROOT" exec "$ID" sh -c 'trap "echo got TERM; exit 9" TERM; echo ready; sleep 100 >/dev/null 2>&1 & wait'
	await text "$T/exec.out" ready
	kill -TERM "$SPAWNED_PID"
	reap exec "$SPAWNED_PID"
	exited 9
	contains "$output" "got TERM"
}

@test "exec: a command does not outlive the container" {
	up
	call exec --detach --pid-file "$T/pid" "$ID" sleep 100
	ok
	call kill "$ID" KILL
	ok
	ended
	ended "$(<"$T/pid")"
}

@test "exec: leaves no process behind when the command has ended" {
	up
	left_processes >"$T/before"
	call exec "$ID" true
	ok
	left_processes >"$T/after"
	equal "$(<"$T/after")" "$(<"$T/before")"
}
