# Docker: dockerd with the runtime under test as its only one, for BuildKit, too.
# The image is imported from the busybox root; nothing is downloaded.

load lib
load docker

setup_file() {
	docker_up
	docker run --rm --network host busybox:test true >>"$C/import.log" 2>&1 || true
}

teardown_file() { docker_down; }
setup() { docker_begin; }
teardown() { docker_end; }

# --- run -----------------------------------------------------------------------

@test "docker: the runtime is the one under test" {
	equal "$(docker info --format '{{.DefaultRuntime}}')" tested
	detached -- sleep 100
	equal "$("$RUNTIME" --root "$ROOT" list --quiet)" "$(of .Id)"
	equal "$("$RUNTIME" --root "$ROOT" state "$(of .Id)" | jq .pid)" "$PID"
}

@test "docker: run, output and exit status" {
	run -- sh -c 'echo out; echo err >&2; exit 7'
	exited 7
	stdout out
	equal "$error" err
}

@test "docker: run, the payload is what a payload is" {
	probed --hostname given
	want .pid 1
	want '[.fds|keys[]]|join(",")' 0,1,2
	want .caps.bounding 00000000a80425fb
	want .seccomp 2
	run --hostname given -- hostname
	stdout given
}

@test "docker: run with standard input" {
	echo text >"$T/in"
	IN=$T/in run --interactive -- cat
	exited 0
	stdout text
}

@test "docker: run, killed by a signal" {
	run --init -- sh -c 'kill -TERM $$'
	exited 143
	detached -- sleep 100
	d kill --signal KILL "$ID"
	d wait "$ID"
	stdout 137
}

@test "docker: run detached, wait, logs" {
	detached -- sh -c 'echo out; echo err >&2; exit 3'
	d wait "$ID"
	stdout 3
	d logs "$ID"
	stdout out
	equal "$error" err
	d logs --timestamps --tail 1 "$ID"
	exited 0
	equal "$(of .State.Status) $(of .State.ExitCode)" "exited 3"
}

@test "docker: run on a terminal" {
	spawn run ptyrun -step 'expect:#' -step 'send:tty\n' -step expect:/dev/pts/0 -step 'send:exit 5\n' \
		-- docker run --rm --interactive --tty busybox:test sh
	reap run "$SPAWNED_PID"
	exited 5
}

@test "docker: run on a terminal, its size" {
	# Docker's client tells the size when the container runs already.
	spawn run ptyrun -size 91x33 -step 'expect:#' -step "send:until stty size | grep '33 91'; do sleep 0.1; done\n" -step $'expect:\n33 91' -step size:101x44 \
		-step 'send:until stty size | grep 101; do sleep 0.1; done\n' -step 'expect:44 101' -step 'send:exit\n' \
		-- docker run --rm --interactive --tty busybox:test sh
	reap run "$SPAWNED_PID"
	exited 0
}

@test "docker: attach, and leave by keys" {
	detached --interactive --tty -- sh
	spawn attach ptyrun -step 'send:echo a$((1+1))b\n' -step expect:a2b -step 'send:\x10\x11' -- docker attach "$ID"
	reap attach "$SPAWNED_PID"
	contains "$output" "read escape sequence"
	equal "$(of .State.Status)" running
}

@test "docker: create, then start attached" {
	with_image create --name "$ID" -- sh -c 'echo out; exit 4'
	exited 0
	equal "$(of .State.Status)" created
	d start --attach "$ID"
	exited 4
	stdout out
}

@test "docker: environment, working directory, entry point" {
	run --env A=b --workdir /var/made --entrypoint sh -- -c 'echo $A; pwd'
	exited 0
	stdout $'b\n/var/made'
}

@test "docker: several at once" {
	local n pids=()
	for n in 1 2 3 4; do
		# Docker 26 now and then loses what one says that ends at once.
		spawn "run$n" docker run --rm busybox:test sh -c "echo number $n; sleep 1; exit $n"
		pids+=("$SPAWNED_PID")
	done
	for n in 1 2 3 4; do
		reap "run$n" "${pids[n - 1]}"
		exited "$n"
		equal "$output" "number $n"
	done
}

# --- limits --------------------------------------------------------------------

@test "docker: memory limits" {
	detached --memory 64m --memory-swap 128m --memory-reservation 32m -- sleep 100
	equal "$(cgroup_file memory.limit_in_bytes memory.max)" 67108864
	if cgroup2; then
		equal "$(cgroup_file - memory.swap.max)" 67108864
	else
		equal "$(cgroup_file memory.memsw.limit_in_bytes -)" 134217728
	fi
	equal "$(cgroup_file memory.soft_limit_in_bytes memory.low)" 33554432
}

@test "docker: CPU limits" {
	detached --cpus 0.5 --cpu-shares 512 --cpuset-cpus 0 -- sleep 100
	if cgroup2; then
		equal "$(cgroup_file - cpu.max)" "50000 100000"
	else
		equal "$(cgroup_file cpu.cfs_quota_us -)" 50000
		equal "$(cgroup_file cpu.shares -)" 512
	fi
	equal "$(cgroup_file cpuset.cpus cpuset.cpus)" 0
	equal "$(awk '/^Cpus_allowed_list/ {print $2}' "/proc/$PID/status")" 0
}

@test "docker: limit of processes" {
	detached --pids-limit 7 -- sleep 100
	equal "$(cgroup_file pids.max pids.max)" 7
	run --pids-limit 3 -- sh -c 'for i in 1 2 3 4 5; do sleep 5 & done; wait'
	differ "$status" 0
	contains "$error" "can't fork"
}

@test "docker: limits of blocks" {
	[[ -b /dev/vda || -b /dev/sda ]] || skip "no disk /dev/vda or /dev/sda"
	local disk=/dev/vda
	[[ -b $disk ]] || disk=/dev/sda
	detached --device-read-bps "$disk:1mb" --device-write-iops "$disk:100" -- sleep 100
	[[ $(of .HostConfig.BlkioDeviceReadBps) != "[]" ]] || skip "Docker does not ask for them: $error"
	contains "$(cgroup_file blkio.throttle.read_bps_device io.max)" 1048576
	contains "$(cgroup_file blkio.throttle.write_iops_device io.max)" 100
}

@test "docker: OOM is told by inspect" {
	# A shim hears of it from when the container has started, and Docker forgets it if
	# it comes with the exit.
	detached --memory 16m --memory-swap 16m -- \
		sh -c 'until test -e /go; do sleep 0.05; done; tail /dev/zero; until test -e /told; do sleep 0.05; done; exit 137'
	d cp /dev/null "$ID:/go"
	told() { docker events --since 0 --until "$(date +%s.%N)" --filter "container=$ID" --filter event=oom | grep -q oom; }
	eventually told
	d cp /dev/null "$ID:/told"
	d wait "$ID"
	stdout 137
	equal "$(of .State.OOMKilled)" true
}

@test "docker: OOM score" {
	run --oom-score-adj 321 -- cat /proc/self/oom_score_adj
	stdout 321
}

@test "docker: cgroup parent" {
	detached --cgroup-parent "$(parent parent)" -- sleep 100
	equal "$(cgroup_dir pids)" "/sys/fs/cgroup$(cgroup2 || echo /pids)$(parent_dir parent)/$(of_parent docker "$(of .Id)")"
	d rm --force "$ID"
	remove_parent parent
}

@test "docker: cgroup namespace" {
	run --cgroupns private -- cat /proc/self/cgroup
	exited 0
	lacks "$output" "$RUNG_TEST_GROUP"
	run --cgroupns host -- cat /proc/self/cgroup
	exited 0
	contains "$output" "$RUNG_TEST_GROUP"
}

@test "docker: ulimits" {
	run --ulimit nofile=100:200 --ulimit core=0 -- sh -c 'ulimit -Sn; ulimit -Hn; ulimit -c'
	stdout $'100\n200\n0'
}

@test "docker: sysctls" {
	run --sysctl kernel.msgmax=5000 --sysctl net.ipv4.ip_unprivileged_port_start=77 -- \
		cat /proc/sys/kernel/msgmax /proc/sys/net/ipv4/ip_unprivileged_port_start
	stdout $'5000\n77'
}

# --- what a container may ------------------------------------------------------

@test "docker: capabilities added and dropped" {
	probed --cap-add NET_ADMIN --cap-drop CHOWN
	want .caps.bounding 00000000a80435fa
	want .caps.effective 00000000a80435fa
	probed --cap-drop ALL
	want .caps.bounding 0000000000000000
	run --cap-drop CHOWN -- chown alice /tmp
	exited 1
	contains "$error" "Operation not permitted"
}

@test "docker: user" {
	probed --user 1000:100 --group-add 29
	want '[.uid,.gid]' '[1000,100]'
	want '.groups|sort' '[29,100]'
	want .caps.effective 0000000000000000
	run --user alice -- sh -c 'id -un; echo $HOME'
	stdout $'alice\n/home/alice'
	run --user nosuch -- true
	exited 125
	no_trace
}

# all_caps HEX: the capabilities are those that dockerd knows and the machine has.
all_caps() {
	local own
	own=$(awk '/^CapBnd/ {print $2}' /proc/self/status)
	((16#$1 == 16#$own || 16#$1 == (16#$own & 0x3fffffffff))) || flunk "capabilities: got $1, the machine has $own"
}

# needs_capabilities: runc gives up where the machine lacks one, rung warns.
needs_capabilities() {
	((16#$(awk '/^CapBnd/ {print $2}' /proc/self/status) == (1 << $(cat /proc/sys/kernel/cap_last_cap) + 1) - 1)) ||
		differs_from_runc "a privileged container without the capabilities that this machine lacks"
}

@test "docker: privileged" {
	needs_capabilities
	probed --privileged
	want .seccomp 0
	all_caps "$(got .caps.bounding)"
	run --privileged -- sh -c 'test -e /dev/null && ls /dev | wc -l; mkdir /x; mount -t tmpfs x /x && echo mounted; touch /proc/sys/kernel/msgmax && echo writable'
	exited 0
	contains "$output" $'mounted\nwritable'
}

@test "docker: not privileged" {
	run -- sh -c 'mkdir /x; mount -t tmpfs x /x; echo 1 >/proc/sys/kernel/msgmax; echo 1 >/sys/x;
		for f in /proc/kcore /proc/keys /proc/timer_list; do test -e $f && head -c 1 $f; done; ls /proc/scsi /sys/firmware | grep -v :; true'
	stdout ""
	contains "$error" "mount: permission denied"
	contains "$error" "Read-only file system"
}

@test "docker: a seccomp profile" {
	echo '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":28}]}' >"$T/profile.json"
	run --security-opt "seccomp=$T/profile.json" -- mkdir /x
	exited 1
	contains "$error" "No space left on device"
	probed --security-opt seccomp=unconfined
	want .seccomp 0
}

@test "docker: no new privileges" {
	probed --security-opt no-new-privileges
	want .noNewPrivileges 1
	probed
	want .noNewPrivileges 0
}

@test "docker: masked paths given up" {
	run --security-opt systempaths=unconfined -- sh -c 'touch /proc/sys/kernel/msgmax && echo writable'
	stdout writable
}

@test "docker: devices" {
	run --device /dev/fuse -- sh -c 'stat -c "%t:%T" /dev/fuse; exec 3<>/dev/fuse && echo opened'
	stdout $'a:e5\nopened'
	run --device /dev/fuse:/dev/given:r -- sh -c 'exec 3</dev/given && echo opened; exec 4>/dev/given'
	stdout opened
	contains "$error" "Operation not permitted"
	run --cap-add MKNOD --device-cgroup-rule 'c 10:229 rwm' -- sh -c 'mknod /tmp/n c 10 229 && exec 3<>/tmp/n && echo opened'
	stdout opened
	run -- sh -c 'mknod /tmp/n c 10 229 && exec 3<>/tmp/n && echo opened'
	contains "$error" "Operation not permitted"
}

# --- file systems ----------------------------------------------------------------

@test "docker: a read-only root" {
	run --read-only --tmpfs /tmp -- sh -c 'touch /tmp/x && echo x; touch /x'
	exited 1
	stdout x
	contains "$error" "Read-only file system"
}

@test "docker: binds" {
	mkdir "$T/dir"
	echo text >"$T/dir/file"
	run -v "$T/dir:/in" -v "$T/dir:/ro:ro" -v "$T/dir/file:/etc/given" -- sh -c 'cat /in/file /etc/given; echo new >/in/new; touch /ro/x'
	exited 1
	stdout $'text\ntext'
	contains "$error" "Read-only file system"
	equal "$(<"$T/dir/new")" new
}

@test "docker: binds that propagate" {
	mkdir -p "$T/dir/sub"
	mount --bind "$T/dir" "$T/dir"
	mount --make-shared "$T/dir"
	detached --mount "type=bind,source=$T/dir,target=/in,bind-propagation=rslave" -- sleep 100
	mount -t tmpfs tmpfs "$T/dir/sub"
	touch "$T/dir/sub/seen"
	d exec "$ID" ls /in/sub
	stdout seen
	umount "$T/dir/sub"
	d exec "$ID" ls /in/sub
	stdout ""
	umount "$T/dir"
}

@test "docker: a bind whose source is missing" {
	run --mount "type=bind,source=$T/nosuch,target=/in" -- true
	exited 125
	no_trace
}

@test "docker: volumes" {
	d volume create "$ID"
	run -v "$ID:/home" -- sh -c 'ls /home; echo kept >/home/file'
	stdout alice
	run -v "$ID:/home" -- cat /home/file
	stdout kept
	d volume rm "$ID"
	exited 0
}

@test "docker: tmpfs" {
	run --tmpfs /in:size=1m,mode=1770,noexec -- sh -c 'grep " /in " /proc/self/mounts; stat -c %a /in'
	exited 0
	contains "$output" "size=1024k"
	contains "$output" noexec
	contains "$output" 1770
	run --mount type=tmpfs,target=/in,tmpfs-size=2097152 -- grep ' /in ' /proc/self/mounts
	contains "$output" size=2048k
}

@test "docker: size of /dev/shm" {
	run --shm-size 3m -- grep ' /dev/shm ' /proc/self/mounts
	contains "$output" size=3072k
}

@test "docker: copy into and out of a container" {
	echo text >"$T/file"
	detached -- sleep 100
	d cp "$T/file" "$ID:/tmp/file"
	exited 0
	d exec "$ID" cat /tmp/file
	stdout text
	d cp "$ID:/etc/passwd" "$T/passwd"
	exited 0
	cmp "$T/passwd" "$RUNG_TEST_BUILD/rootfs/etc/passwd"
}

# --- namespaces ------------------------------------------------------------------

@test "docker: --init" {
	run --init -- sh -c 'cat /proc/1/comm; echo $$; exit 6'
	exited 6
	contains "$output" docker-init
}

@test "docker: network none" {
	run --network none -- ls /sys/class/net
	stdout lo
}

@test "docker: network of the host" {
	run --network host -- readlink /proc/self/ns/net
	stdout "$(readlink /proc/self/ns/net)"
}

@test "docker: network bridge between two containers" {
	detached -- sh -c 'mkdir /www; echo page >/www/index.html; httpd -f -p 80 -h /www'
	local address
	address=$(of '.NetworkSettings.IPAddress')
	run -- sh -c "until wget -qO- http://$address; do sleep 0.1; done"
	exited 0
	contains "$output" page
}

@test "docker: network of another container" {
	detached -- sh -c 'mkdir /www; echo page >/www/index.html; httpd -f -p 80 -h /www'
	run --network "container:$ID" -- sh -c "until wget -qO- http://127.0.0.1; do sleep 0.1; done"
	exited 0
	contains "$output" page
}

@test "docker: a network of names" {
	d network create "$ID"
	exited 0
	detached --network "$ID" --network-alias server -- sh -c 'mkdir /www; echo page >/www/index.html; httpd -f -p 80 -h /www'
	run --network "$ID" -- sh -c "until wget -qO- http://server; do sleep 0.1; done"
	exited 0
	contains "$output" page
	d rm --force "$ID"
	d network rm "$ID"
	exited 0
}

@test "docker: a published port" {
	detached --publish 127.0.0.1:18080:80 -- sh -c 'mkdir /www; echo page >/www/index.html; httpd -f -p 80 -h /www'
	eventually busybox wget -qO "$T/page" http://127.0.0.1:18080
	equal "$(<"$T/page")" page
}

@test "docker: PID, IPC and UTS namespaces of the host and of others" {
	run --pid host --ipc host --uts host -- sh -c 'for n in pid ipc uts; do readlink /proc/self/ns/$n; done'
	stdout "$(for n in pid ipc uts; do readlink /proc/self/ns/$n; done)"
	detached --ipc shareable -- sleep 100
	run --pid "container:$ID" --ipc "container:$ID" -- sh -c 'for n in pid ipc; do readlink /proc/self/ns/$n; done; cat /proc/1/comm'
	stdout "$(for n in pid ipc; do readlink "/proc/$PID/ns/$n"; done; echo sleep)"
}

# --- exec --------------------------------------------------------------------------

@test "docker: exec, its output and exit status" {
	detached -- sleep 100
	d exec "$ID" sh -c 'echo out; echo err >&2; exit 9'
	exited 9
	stdout out
	equal "$error" err
}

@test "docker: exec with user, directory, environment and input" {
	detached -- sleep 100
	echo text >"$T/in"
	IN=$T/in d exec --interactive --user alice --workdir /etc --env A=b "$ID" sh -c 'id -un; pwd; echo $A; cat'
	exited 0
	stdout $'alice\n/etc\nb\ntext'
}

@test "docker: exec on a terminal" {
	detached -- sleep 100
	spawn exec ptyrun -step 'expect:#' -step "send:tty; until stty size | grep '24 80'; do sleep 0.1; done\n" -step expect:/dev/pts/ -step $'expect:\n24 80' -step 'send:exit 4\n' \
		-- docker exec --interactive --tty "$ID" sh
	reap exec "$SPAWNED_PID"
	exited 4
}

@test "docker: exec detached" {
	detached -- sleep 100
	d exec --detach "$ID" sh -c 'echo done >/tmp/done'
	exited 0
	d exec "$ID" sh -c 'until grep -q done /tmp/done; do sleep 0.05; done'
	exited 0
}

@test "docker: exec, privileged or not" {
	detached -- sleep 100
	d exec "$ID" awk '/^CapEff/ {print $2}' /proc/self/status
	stdout 00000000a80425fb
	needs_capabilities
	d exec --privileged "$ID" awk '/^CapEff/ {print $2}' /proc/self/status
	all_caps "$output"
}

@test "docker: exec that cannot start" {
	detached -- sleep 100
	d exec "$ID" nosuch
	# Docker 20.10 has one code for both, newer ones have two.
	[[ $status == 126 || $status == 127 ]] || exited 127
	contains "$output$error" "executable file not found"
	d exec "$ID" /etc/passwd
	exited 126
	contains "$output$error" "permission denied"
	d exec --workdir /nosuch "$ID" true
	differ "$status" 0
	contains "$output$error" "no such file or directory"
	equal "$(of .State.Status)" running
}

@test "docker: exec in one that is not running" {
	detached -- sleep 100
	d pause "$ID"
	d exec "$ID" true
	exited 1
	contains "$error" "is paused"
	d unpause "$ID"
	d kill "$ID"
	d wait "$ID"
	d exec "$ID" true
	exited 1
	contains "$error" "is not running"
}

@test "docker: exec ends with its container" {
	detached -- sleep 100
	spawn exec docker exec "$ID" sh -c 'echo started; sleep 100'
	await text "$T/exec.out" started
	d kill "$ID"
	reap exec "$SPAWNED_PID"
	exited 137
}

# --- life --------------------------------------------------------------------------

@test "docker: stop lets the payload end" {
	detached -- sh -c 'trap "exit 5" TERM; echo ready; while :; do sleep 0.05; done'
	eventually logged ready
	d stop "$ID"
	exited 0
	equal "$(of .State.ExitCode)" 5
}

@test "docker: stop kills a payload that does not listen" {
	detached -- sh -c 'trap "" TERM; echo ready; while :; do sleep 0.05; done'
	eventually logged ready
	d stop --time 1 "$ID"
	exited 0
	equal "$(of .State.ExitCode)" 137
}

@test "docker: the signal of stop" {
	detached --stop-signal USR1 -- sh -c 'trap "exit 6" USR1; echo ready; while :; do sleep 0.05; done'
	eventually logged ready
	d stop "$ID"
	equal "$(of .State.ExitCode)" 6
}

@test "docker: kill with signals" {
	detached -- sh -c 'trap "echo got HUP" HUP; trap "exit 8" USR2; echo ready; while :; do sleep 0.05; done'
	eventually logged ready
	d kill --signal HUP "$ID"
	exited 0
	eventually logged 'got HUP'
	d kill --signal 12 "$ID"
	exited 0
	d wait "$ID"
	stdout 8
	d kill "$ID"
	exited 1
	contains "$error" "is not running"
}

@test "docker: restart" {
	detached -- sh -c 'echo life; exec sleep 100'
	d restart --time 0 "$ID"
	exited 0
	differ "$(of .State.Pid)" "$PID"
	twice() { [[ $(docker logs "$ID") == $'life\nlife' ]]; }
	eventually twice
}

@test "docker: start of one that ended" {
	detached -- sh -c 'echo life; test -e /again || { touch /again; exit 1; }'
	d wait "$ID"
	stdout 1
	d start --attach "$ID"
	exited 0
	stdout life
}

@test "docker: pause and unpause" {
	detached -- sleep 100
	d pause "$ID"
	exited 0
	equal "$(of .State.Status)" paused
	d pause "$ID"
	exited 1
	contains "$error" "already paused"
	d unpause "$ID"
	exited 0
	equal "$(of .State.Status)" running
	d unpause "$ID"
	exited 1
	contains "$error" "not paused"
}

@test "docker: stop, kill and remove one that is paused" {
	detached -- sleep 100
	d pause "$ID"
	d rm --force "$ID"
	exited 0
	no_trace
	detached -- sleep 100
	d pause "$ID"
	d kill "$ID"
	d unpause "$ID"
	d wait "$ID"
	stdout 137
}

@test "docker: update" {
	local last=$(($(nproc) - 1))
	detached --memory 64m --memory-swap 64m -- sleep 100
	d update --memory 32m --memory-swap 48m --cpus 0.25 --cpuset-cpus "$last" --pids-limit 9 "$ID"
	exited 0
	equal "$(cgroup_file memory.limit_in_bytes memory.max)" 33554432
	equal "$(cgroup_file pids.max pids.max)" 9
	equal "$(cgroup_file cpuset.cpus cpuset.cpus)" "$last"
	cgroup2 || equal "$(cgroup_file cpu.cfs_quota_us -)" 25000
	d restart --time 0 "$ID"
	exited 0
	PID=$(of .State.Pid)
	equal "$(cgroup_file memory.limit_in_bytes memory.max)" 33554432
}

@test "docker: update that the kernel refuses" {
	detached --cpuset-cpus 0 --memory 64m -- sleep 100
	d update --memory-reservation 48m --cpuset-cpus 0-4000 "$ID"
	exited 1
	equal "$(cgroup_file cpuset.cpus cpuset.cpus)" 0
	equal "$(of .State.Status)" running
}

@test "docker: top" {
	detached -- sh -c 'sleep 100 & sleep 100'
	both() { [[ $(docker top "$ID" -o pid,args | grep -c ' sleep 100$') == 2 ]]; }
	eventually both
}

@test "docker: stats" {
	detached --memory 64m -- sleep 100
	d stats --no-stream --format '{{.MemUsage}} {{.PIDs}}' "$ID"
	exited 0
	matches "$output" '^[0-9.]+[kKM]iB / 64MiB 1$'
}

@test "docker: events of a life" {
	local since
	since=$(date +%s.%N)
	run --name "$ID" -- true
	exited 0
	# The daemon tells of the removal when it has answered the client.
	whole() {
		d events --since "$since" --until "$(date +%s.%N)" --filter "container=$ID" --format '{{.Action}}'
		[[ $output == *destroy ]]
	}
	eventually whole
	equal "$(tr '\n' ' ' <<<"$output")" "create attach start die destroy "
}

@test "docker: remove" {
	detached -- sleep 100
	d rm "$ID"
	exited 1
	matches "$error" 'running container|container is running'
	d rm --force "$ID"
	exited 0
	no_trace
	d rm "$ID"
	exited 1
	contains "$error" "No such container"
}

@test "docker: remove by two at once" {
	detached -- sleep 100
	local pids=()
	for n in 1 2; do
		spawn "rm$n" docker rm --force "$ID"
		pids+=("$SPAWNED_PID")
	done
	for n in 1 2; do
		reap "rm$n" "${pids[n - 1]}"
		[[ $status == 0 || $error == *"already in progress"* || $error == *"No such container"* ]] || flunk "rm: $error"
	done
	no_trace
}

@test "docker: --rm of a detached one" {
	detached --rm -- sleep 100
	d kill "$ID"
	gone() { ! docker inspect "$ID" >/dev/null 2>&1; }
	eventually gone
	no_trace
}

@test "docker: a name in use" {
	detached -- sleep 100
	with_image run --name "$ID" -- true
	exited 125
	contains "$error" "already in use"
	d start "$ID"
	exited 0
	equal "$(of .State.Pid)" "$PID"
}

@test "docker: restart policy" {
	detached --restart on-failure:2 -- sh -c 'echo life; exit 3'
	LIMIT=20 eventually is_so '.RestartCount' 2
	LIMIT=20 eventually is_so '.State.Status' exited
	d logs "$ID"
	stdout $'life\nlife\nlife'
}

@test "docker: health check" {
	detached --health-cmd 'test -e /tmp/well' --health-interval 200ms --health-retries 1 -- sleep 100
	eventually is_so .State.Health.Status unhealthy
	d exec "$ID" touch /tmp/well
	eventually is_so .State.Health.Status healthy
}

# --- failures ------------------------------------------------------------------------

@test "docker: a command that does not exist" {
	run -- nosuch
	exited 127
	contains "$error" 'exec: "nosuch": executable file not found in $PATH'
	no_trace
	run -- /no/such
	exited 127
	contains "$error" "no such file or directory"
	no_trace
}

@test "docker: a command that may not be executed" {
	run -- /etc/passwd
	exited 126
	contains "$error" "permission denied"
	no_trace
	run -- /etc
	exited 126
	no_trace
}

@test "docker: a command in a format that nobody knows" {
	printf 'no program' >"$T/file"
	chmod 755 "$T/file"
	run -v "$T/file:/bin/given" -- /bin/given
	differ "$status" 0
	contains "$error" "exec format error"
	no_trace
}

@test "docker: a script whose interpreter is missing" {
	printf '#!/no/such\n' >"$T/file"
	chmod 755 "$T/file"
	run -v "$T/file:/bin/given" -- /bin/given
	contains "$error" "no such file or directory"
	no_trace
	differs_from_runc "start knows whether the payload runs"
	exited 127
}

@test "docker: a directory mounted on a file" {
	mkdir "$T/dir"
	with_image run --name "$ID" -v "$T/dir:/etc/passwd" -- true
	exited 125
	contains "$error" "not a directory"
	contains "$error" "Check if the specified host path exists"
	equal "$(of .State.ExitCode)" 127
	no_trace
}

@test "docker: a sysctl that the kernel refuses" {
	run --sysctl net.ipv4.nosuch=1 -- true
	differ "$status" 0
	contains "$error" nosuch
	no_trace
}

@test "docker: a failed start can be mended" {
	with_image create --name "$ID" -- /tmp/late
	d start "$ID"
	differ "$status" 0
	equal "$(of .State.ExitCode)" 127
	no_trace
	printf '#!/bin/sh\nexit 3\n' >"$T/late"
	chmod 755 "$T/late"
	d cp "$T/late" "$ID:/tmp/late"
	d start --attach "$ID"
	exited 3
}

# --- building ------------------------------------------------------------------------

dockerfile() {
	mkdir "$T/build"
	cat >"$T/build/Dockerfile" <<-END
		FROM busybox:test
		ARG SEEN=no
		RUN echo "built \$SEEN" >/built && id -u >>/built
		USER alice
		WORKDIR /home/alice
		RUN id -un >mine
		RUN test "\$(cat /proc/1/comm)" = sh
		CMD cat /built mine
	END
}

@test "docker: build" {
	dockerfile
	d build --build-arg SEEN=yes --tag "local/${ID,,}" "$T/build"
	exited 0
	d run --rm "local/${ID,,}"
	stdout $'built yes\n0\nalice'
	d rmi --force "local/${ID,,}"
	echo 'RUN exit 7' >>"$T/build/Dockerfile"
	d build "$T/build"
	differ "$status" 0
	contains "$output$error" "returned a non-zero code: 7"
}

@test "docker: build by BuildKit" {
	dockerfile
	DOCKER_BUILDKIT=1 d build --build-arg SEEN=yes --tag "local/${ID,,}" "$T/build"
	exited 0
	d run --rm "local/${ID,,}"
	stdout $'built yes\n0\nalice'
	d rmi --force "local/${ID,,}"
	# BuildKit's own parent of cgroups, and the runtime's default root, stay.
	find /sys/fs/cgroup -depth -type d -path "*$(parent_dir)/buildkit" -exec rmdir {} +
	rmdir "/run/$RUNTIME_KIND" 2>/dev/null || rmdir /run/runc
}

# --- the daemon ------------------------------------------------------------------------

@test "docker: checkpoint and restore" {
	needs_criu
	detached -- sleep 100
	d checkpoint create "$ID" one
	exited 0
	d start --checkpoint one "$ID"
	exited 0
}

@test "docker: a shim that is killed" {
	detached -- sleep 100
	local shim
	shim=$(pgrep -f "containerd-shim.* -id $(of .Id)")
	kill -KILL "$shim"
	eventually is_so .State.Status exited
	await exit "$PID"
	d start "$ID"
	exited 0
	d rm --force "$ID"
	no_trace
}

@test "docker: many at once" {
	long
	local n pids=()
	for n in {1..30}; do
		spawn "run$n" docker run --detach --network none --name "$ID-$n" busybox:test sleep 1000
		pids+=("$SPAWNED_PID")
	done
	for n in {1..30}; do
		LIMIT=60 reap "run$n" "${pids[n - 1]}"
		exited 0
	done
	equal "$("$RUNTIME" --root "$ROOT" list --quiet | wc -l)" 30
	pids=()
	for n in {1..30}; do
		spawn "rm$n" docker rm --force "$ID-$n"
		pids+=("$SPAWNED_PID")
	done
	for n in {1..30}; do
		reap "rm$n" "${pids[n - 1]}"
		exited 0
	done
	no_trace
}

@test "docker: exec by many at once" {
	long
	detached -- sleep 1000
	local n pids=()
	for n in {1..30}; do
		spawn "exec$n" docker exec "$ID" sh -c "echo $n; exit $n"
		pids+=("$SPAWNED_PID")
	done
	for n in {1..30}; do
		reap "exec$n" "${pids[n - 1]}"
		exited "$n"
		stdout "$n"
	done
}

@test "docker: removal at any moment of a start" {
	long
	local n delay
	for n in {1..30}; do
		spawn "run$n" docker run --detach --network none --name "$ID-$n" busybox:test sleep 1000
		delay=$((n * 10))
		read -rt "0.$(printf %03d "$delay")" <> <(:) || true
		docker rm --force "$ID-$n" >"$T/io/rm$n" 2>&1 || true
		wait "$SPAWNED_PID" || true
		docker rm --force "$ID-$n" >"$T/io/rm$n" 2>&1 || true
	done
	shims_gone
	no_trace
}

# Last, as it ends the daemon.
@test "docker: containers that live while the daemon does not" {
	undaemon docker
	docker_daemon --live-restore
	LIMIT=30 eventually docker_answers
	detached -- sh -c 'echo life; exec sleep 100'
	undaemon docker
	present "/proc/$PID"
	docker_daemon --live-restore
	LIMIT=30 eventually docker_answers
	equal "$(of .State.Status) $(of .State.Pid)" "running $PID"
	d exec "$ID" echo inside
	stdout inside
	d stop --time 0 "$ID"
	exited 0
	equal "$(of .State.ExitCode)" 137
	d rm "$ID"
	no_trace
	# A daemon as before, which takes with it what this one leaves.
	undaemon docker
	local containerd
	for containerd in $(pgrep -x containerd || true); do
		kill "$containerd" && await exit "$containerd"
	done
	umount "$C/root" || true
	docker_daemon
	LIMIT=30 eventually docker_answers
	snapshot_before
}
