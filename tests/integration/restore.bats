load lib
load criu

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
	counting '.root.readonly=true' "$(mount_at /data bind "$WORK" bind)" \
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
	spawn front "$RUNTIME" "${FLAGS[@]}" --root "$ROOT" restore --bundle "$B" --image-path "$IMAGES" --work-path "$WORK" "$ID"
	await file "$B/rootfs/beat"
	kill -TERM "$SPAWNED_PID"
	reap front "$SPAWNED_PID"
	exited 9
}

@test "restore: streams that were pipes are those of the call" {
	needs_criu
	bundle "$(script 'while :; do echo out; echo err >&2; sleep 0.1; done')"
	local status=0
	timeout $((20 * ${PATIENCE:-1})) "$RUNTIME" "${FLAGS[@]}" --root "$ROOT" run --detach --bundle "$B" "$ID" </dev/null > >(cat >"$T/first") 2> >(cat >"$T/first.err") 3>&- 4>&-
	await text "$T/first" out
	checkpoint "$ID"
	timeout $((20 * ${PATIENCE:-1})) "$RUNTIME" "${FLAGS[@]}" --root "$ROOT" restore --detach --bundle "$B" --image-path "$IMAGES" --work-path "$WORK" "$ID" \
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
	timeout $((20 * ${PATIENCE:-1})) "$RUNTIME" "${FLAGS[@]}" --root "$ROOT" restore --detach --bundle "$B" --image-path "$IMAGES" --work-path "$WORK" "$ID" \
		</dev/null >>"$CTOUT" 2>>"$CTERR" 3>&- 4>&-
	await text "$CTOUT" "n$((n + 2))."
	local lines
	lines=$(<"$CTOUT")
	equal "$(tr -d n. <<<"$lines")" "$(seq "$(wc -l <<<"$lines")")" "lines"
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
	await text "$T/second.out" .
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
	timeout $((25 * ${PATIENCE:-1})) ptyrun -step expect:tick -step 'send:\x03' -- "$RUNTIME" "${FLAGS[@]}" --root "$ROOT" restore \
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
	differs_from_runc "on cgroup v1 it shows those of the host"
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
	local before same='/^(Seccomp|NoNewPrivs|Cap[A-Z]|Uid|Gid|Groups)/'
	before=$(awk "$same" "/proc/$PID/status")
	there_and_back
	equal "$(awk "$same" "/proc/$(pid_of)/status")" "$before"
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
		equal "$(grep -vc ":$(group_path)$" "/proc/$PID/cgroup")" 0 "hierarchies elsewhere with $mode"
	done
	call checkpoint --manage-cgroups-mode other --image-path "$IMAGES" "$ID"
	fails 1 "Invalid manage-cgroups-mode"
}

@test "restore: a network namespace by path" {
	needs_criu
	requires program=ip
	spawn ns unshare --net sleep 100
	local ns=/proc/$SPAWNED_PID/ns/net
	await -limit 5s file "$ns"
	counting "$(join_ns network "$ns")"
	running
	await text "$B/rootfs/log" n3.
	there_and_back
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
	local ns=/proc/$SPAWNED_PID/ns
	await -limit 5s file "$ns/uts"
	counting "$(join_ns uts "$ns/uts")" "$(join_ns ipc "$ns/ipc")" 'del(.hostname)' 'del(.mounts[]|select(.type=="mqueue"))'
	running
	await text "$B/rootfs/log" n3.
	there_and_back
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
	there_and_back
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
