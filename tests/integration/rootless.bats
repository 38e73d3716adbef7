load lib
load users

# The runtime as an ordinary user.

setup_file() {
	prepare
	make_users
}

teardown_file() { unmake_users; }

setup() {
	requires isolated
	differs_with_systemd "these users have no systemd; systemd.bats has one who has"
	requires program=newuidmap
	begin
	as rt-ben
}

@test "rootless: what spec --rootless writes" {
	mkdir "$B"
	own
	call spec --rootless --bundle "$B"
	ok
	local c=$B/config.json
	equal "$(jq -c '[.linux.uidMappings,.linux.gidMappings]' $c)" \
		"[[{\"containerID\":0,\"hostID\":$BEN,\"size\":1}],[{\"containerID\":0,\"hostID\":$BEN,\"size\":1}]]"
	equal "$(jq -c '[.linux.namespaces[].type]|sort-["cgroup"]' $c)" '["ipc","mount","pid","user","uts"]'
	equal "$(jq -c '.linux.resources' $c)" null
	equal "$(jq -c '.mounts[]|select(.destination=="/sys")|[.source,.options[0]]' $c)" '["/sys","rbind"]'
	rm "$c"
}

@test "rootless: what spec --rootless writes runs" {
	rootless
	rm "$B/config.json"
	call spec --rootless --bundle "$B"
	ok
	edit '.process.terminal=false' '.root.readonly=false' "$(script 'id -u; cat /proc/self/setgroups; touch /new; echo x >/dev/null; grep -c . /proc/1/status >/dev/null && echo proc')"
	call run --bundle "$B" "$ID"
	ran
	stdout $'0\ndeny\nproc'
	equal "$(stat -c %u "$B/rootfs/new")" $BEN
	rm "$B/rootfs/new"
}

@test "rootless: the host's cgroups cannot be written" {
	needs_runc 1.2 "a cgroup namespace in what spec --rootless writes"
	rootless
	rm "$B/config.json"
	call spec --rootless --bundle "$B"
	ok
	edit '.process.terminal=false' "$(args /bin/probe)"
	call run --bundle "$B" "$ID"
	ran
	cp "$OUT" "$T/probe.json"
	# What is uppermost at /sys/fs/cgroup, and all below it.
	equal "$(got '[.mounts[]|select(.target|startswith("/sys/fs/cgroup"))]|group_by(.target)|map(last)|map(select(.options|index("ro")|not)|.target)')" '[]'
}

@test "rootless: one id" {
	rootless "$(args /bin/probe)"
	call run --bundle "$B" "$ID"
	ran
	equal "$(jq -c '[.uid,.gid,.uidMap,.gidMap]' "$OUT")" "[0,0,[\"0 $BEN 1\"],[\"0 $BEN 1\"]]"
}

@test "rootless: all mounts, masks and devices" {
	rootless "$(mount_at /mnt tmpfs tmpfs size=1m)" "$(script 'stat -c %t:%T /dev/null /dev/tty; echo x >/dev/null; head -c 2 /dev/zero | wc -c; touch /mnt/x /dev/shm/x; wc -c </proc/keys; (echo 1 >/proc/sys/kernel/shmmni) 2>&1 | grep -o Read-only; ls /dev/pts')"
	call run --bundle "$B" "$ID"
	ran
	stdout $'1:3\n5:0\n2\n0\nRead-only\nptmx'
}

@test "rootless: a life" {
	rootless "$(args sleep 100)"
	call create --bundle "$B" "$ID"
	ran
	PID=$(pid_of)
	equal "$(stat -c %u "/proc/$PID")" $BEN
	call state "$ID"
	ok
	equal "$(jq -r '.status' <<<"$output")" created
	call exec "$ID" id -u
	ran
	stdout 0
	call start "$ID"
	ran
	is running
	call exec "$ID" /bin/probe
	ran
	equal "$(jq -c '[.uid,.gid,.uidMap]' <<<"$output")" "[0,0,[\"0 $BEN 1\"]]"
	equal "$(jq -r .namespaces.pid <<<"$output")" "$(readlink "/proc/$PID/ns/pid")"
	call list
	ok
	matches "$output" "$ID .*running .*rt-ben"
	call kill "$ID" KILL
	ok
	ended
	call delete "$ID"
	ran
	absent "$ROOT/$ID"
}

@test "rootless: exec as somebody who is not mapped" {
	rootless "$(args sleep 100)"
	call run --detach --bundle "$B" "$ID"
	ran
	PID=$(pid_of)
	call exec --user 1:1 "$ID" id
	exited 255
	[[ $RUNTIME_KIND == runc ]] || contains "$error" "process.user.uid: 1 is not mapped by linux.uidMappings"
	call kill "$ID" KILL
	ended
}

@test "rootless: exec with a process file and a terminal" {
	rootless "$(args sleep 100)"
	call run --detach --bundle "$B" "$ID"
	ran
	PID=$(pid_of)
	spawn tty recvtty "$T/xdg/console"
	await file "$T/xdg/console"
	chmod 666 "$T/xdg/console"
	call exec --detach --tty --console-socket "$T/xdg/console" "$ID" sh -c 'tty; stat -c %u "$(tty)"'
	ran
	reap tty "$SPAWNED_PID"
	equal "${output//$'\r'/}" $'/dev/pts/0\n0'
	call kill "$ID" KILL
	ended
}

@test "rootless: a terminal of run's own" {
	rootless '.process.terminal=true' "$(script 'tty; stat -c %u /dev/console; echo hello')"
	WRAP="ptyrun $WRAP" call run --bundle "$B" "$ID"
	exited 0
	contains "$output" /dev/pts/0
	contains "$output" hello
}

@test "rootless: the state is in the user's runtime directory" {
	rootless "$(args sleep 100)"
	invoke run --detach --bundle "$B" "$ID"
	ran
	local dir=$T/xdg/$RUNTIME_KIND
	equal "$(stat -c %a:%u "$dir")" "1700:$BEN"
	present "$dir/$ID"
	invoke list -q
	ok
	stdout "$ID"
	PID=$(invoke state "$ID" && jq .pid <<<"$output")
	invoke delete --force "$ID"
	ran
	absent "$dir/$ID"
	rmdir "$dir"
}

@test "rootless: without a runtime directory there is no place for the state" {
	differs_from_runc "wording of errors"
	rootless
	WRAP="env --unset XDG_RUNTIME_DIR ${WRAP/XDG_RUNTIME_DIR=/NOTHING=}"
	chmod 755 /run
	invoke run --bundle "$B" "$ID"
	fails 1 "state directory /run/rung: permission denied: set XDG_RUNTIME_DIR, or use --root"
	nothing_left
	invoke list -q
	ok
	stdout ""
}

@test "rootless: somebody else's container is out of reach" {
	rootless "$(args sleep 100)"
	chmod 700 "$ROOT"
	call run --detach --bundle "$B" "$ID"
	ran
	PID=$(pid_of)
	WRAP=${WRAP//$BEN/$ANN} call kill "$ID" KILL
	exited 1
	contains "$error" "permission denied"
	is running
	call kill "$ID" KILL
	ended
}

@test "rootless: ps without a cgroup" {
	differs_from_runc "a container without a cgroup has processes all the same"
	rootless "$(script 'sleep 100 & exec sleep 101')"
	call run --detach --bundle "$B" "$ID"
	ran
	PID=$(pid_of)
	call ps --format json "$ID"
	ok
	equal "$(jq -c 'length,.[0]' <<<"$output" | tr '\n' ' ')" "2 $PID "
	call ps "$ID"
	ok
	contains "$output" "sleep 101"
	call kill "$ID" KILL
	ended
}

@test "rootless: pause, update and events without a cgroup" {
	requires cgroup1
	rootless "$(args sleep 100)"
	call run --detach --bundle "$B" "$ID"
	ran
	PID=$(pid_of)
	call pause "$ID"
	if [[ $RUNTIME_KIND != runc ]]; then
		local none="the container was created without the right to make a cgroup, and has none"
		fails 1 "freeze cgroup (none): $none"
		call update --pids-limit 5 "$ID"
		fails 1 "update: $none"
		call events --stats "$ID"
		fails 1 "read figures: $none"
		call events "$ID"
		fails 1 "watch: $none"
	fi
	is running
	call kill "$ID" KILL
	ended
}

@test "rootless: without a pid namespace KILL ends init" {
	rootless "$(no_ns pid)" "$(args sleep 100)" '.mounts|=map(if .destination=="/proc" then {destination:"/proc",type:"none",source:"/proc",options:["rbind"]} else . end)'
	call run --detach --bundle "$B" "$ID"
	ran
	PID=$(pid_of)
	if [[ $RUNTIME_KIND != runc ]]; then
		call ps "$ID"
		fails 1 "list processes: the container was created without the right to make a cgroup, and has none, nor a pid namespace of its own"
	fi
	call kill "$ID" KILL
	ok
	ended
	call delete "$ID"
	ran
}

@test "rootless: limits take a cgroup" {
	requires cgroup1
	rootless '.linux.resources.pids.limit=10'
	call run --bundle "$B" "$ID"
	fails 1 "cannot set pids limit: container could not join or create cgroup"
	[[ $RUNTIME_KIND == runc ]] || contains "$error" "linux.resources.pids: rootless needs no limits + no cgrouppath when no permission is granted for cgroups"
	nothing_left
	rootless ".linux.cgroupsPath=\"/$ID\""
	call run --bundle "$B" "$ID"
	exited 1
	contains "$error" "permission denied"
	[[ $RUNTIME_KIND == runc ]] || contains "$error" "linux.cgroupsPath"
	nothing_left
}

@test "rootless: --rootless=false wants a cgroup" {
	rootless
	CALLS=0
	invoke --rootless false --root "$ROOT" run --bundle "$B" "$ID"
	exited 1
	contains "$error" "permission denied"
	nothing_left
	invoke --rootless true --root "$ROOT" run --bundle "$B" "$ID"
	ran
}

@test "rootless: without a user namespace" {
	rootless "$(no_ns user)" 'del(.linux.uidMappings,.linux.gidMappings)'
	call run --bundle "$B" "$ID"
	exited 1
	[[ $RUNTIME_KIND == runc ]] || contains "$error" "linux.namespaces: a user namespace is needed: the caller is not root"
	nothing_left
}

@test "rootless: what a bind mount has stays, what it asks for is added" {
	needs_runc 1.2 "flags of a mount that are locked"
	mkdir "$T/v"
	mount -t tmpfs -o nosuid,nodev,noatime,mode=777 tmpfs "$T/v"
	rootless "$(mount_at /mnt none "$T/v" rbind ro)" "$(args /bin/probe)"
	call run --bundle "$B" "$ID"
	ran
	cp "$OUT" "$T/probe.json"
	local option
	for option in nosuid nodev noatime ro; do
		contains " $(got '[.mounts[]|select(.target=="/mnt")]|last|.options|join(" ")') " " $option "
	done
	edit "$(no_mnt)" "$(mount_at /mnt none "$T/v" rbind suid dev)"
	call run --bundle "$B" "$ID"
	exited 1
	[[ $RUNTIME_KIND == runc ]] || contains "$error" \
		"mounts[6].options: mount_setattr $T/v: operation not permitted: who mounted it in a more privileged user namespace has locked nosuid, nodev; without an option for it, it stays as it is"
	umount "$T/v"
	nothing_left
}

no_mnt() { echo '.mounts|=map(select(.destination!="/mnt"))'; }

@test "rootless: a bind mount may not show what another mount hides" {
	mkdir -p "$T/v/hidden"
	mount -t tmpfs tmpfs "$T/v/hidden"
	rootless "$(mount_at /mnt none "$T/v" bind)"
	call run --bundle "$B" "$ID"
	exited 1
	[[ $RUNTIME_KIND == runc ]] || contains "$error" "mounts[6].source: open_tree $T/v: invalid argument; something is mounted below it, and what that hides may not be seen in a user namespace: bind it with rbind"
	edit "$(no_mnt)" "$(mount_at /mnt none "$T/v" rbind)"
	call run --bundle "$B" "$ID"
	ran
	umount "$T/v/hidden"
	nothing_left
}

@test "rootless: a bind mount gives nothing back to the host" {
	mkdir "$T/v"
	mount --bind "$T/v" "$T/v"
	mount --make-shared "$T/v"
	mkdir "$T/v/x"
	rootless "$(mount_at /mnt none "$T/v" rbind)" '.process.capabilities.bounding+=["CAP_SYS_ADMIN"]' \
		'.process.capabilities.effective+=["CAP_SYS_ADMIN"]|.process.capabilities.permitted+=["CAP_SYS_ADMIN"]' \
		"$(script 'mount -t tmpfs t /mnt/x && echo mounted; sleep 100')"
	call run --detach --bundle "$B" "$ID"
	ran
	await -limit 10s line "$OUT" mounted 2>/dev/null || await file "$OUT"
	lacks "$(</proc/self/mountinfo)" "$T/v/x"
	call delete --force "$ID"
	umount "$T/v"
}

@test "rootless: mapping the owners of a mount is refused" {
	differs_from_runc "wording of errors"
	mkdir "$T/v"
	rootless "$(mount_at /mnt none "$T/v" rbind)" '.mounts[-1].uidMappings=[{containerID:0,hostID:7,size:1}]|.mounts[-1].gidMappings=[{containerID:0,hostID:7,size:1}]'
	call run --bundle "$B" "$ID"
	fails 1 "mounts[6]: mapping the owners of a mount takes privilege over its filesystem, which the caller has not"
	nothing_left
	edit "$(no_mnt)" "$(mount_at /mnt tmpfs tmpfs)" '.mounts[-1].uidMappings=[{containerID:0,hostID:7,size:1}]|.mounts[-1].gidMappings=[{containerID:0,hostID:7,size:1}]'
	call run --bundle "$B" "$ID"
	fails 1 "mounts[6]: mapping the owners of a mount takes privilege over its filesystem, which the caller has not"
	nothing_left
}

@test "rootless: filesystems that a user may not mount" {
	differs_from_runc "wording of errors"
	rootless "$(mount_at /mnt ext4 /dev/null)"
	call run --bundle "$B" "$ID"
	fails 1 "mounts[6]: mount ext4: operation not permitted; a user namespace may not mount this type of filesystem"
	edit "$(no_mnt)" "$(mount_at /mnt sysfs sysfs)"
	call run --bundle "$B" "$ID"
	fails 1 "mounts[6]: fsopen sysfs: operation not permitted; without privilege over this host sysfs takes a new network namespace in linux.namespaces; or bind the host's with rbind"
	edit "$(no_mnt)" "$(no_ns pid)"
	call run --bundle "$B" "$ID"
	fails 1 "mounts[0]: " "operation not permitted; without privilege over this host proc takes a new pid namespace in linux.namespaces; or bind the host's with rbind"
	nothing_left
}

@test "rootless: a network namespace and its sysfs" {
	rootless "$(new_ns network)" '.mounts|=map(if .destination=="/sys" then {destination:"/sys",type:"sysfs",source:"sysfs",options:["ro"]} else . end)' \
		"$(script 'ls /sys/class/net; cat /sys/class/net/lo/operstate')"
	call run --bundle "$B" "$ID"
	ran
	contains "$output" lo
}

@test "rootless: a device is the host's, and has to be" {
	differs_from_runc "the mode and owner that the config asks for are checked"
	rootless '.linux.devices=[{path:"/dev/zero",type:"c",major:1,minor:5,fileMode:438}]' "$(script 'head -c 1 /dev/zero | wc -c')"
	call run --bundle "$B" "$ID"
	ok
	stdout 1
	edit '.linux.devices[0].fileMode=384'
	call run --bundle "$B" "$ID"
	fails 1 "linux.devices[0]: /dev/zero: mode 0600 asked for, 0666 on this host"
	edit '.linux.devices=[{path:"/dev/zero",type:"c",major:1,minor:3}]'
	call run --bundle "$B" "$ID"
	fails 1 "linux.devices[0]: /dev/zero: not the device 1:3 on this host"
	nothing_left
}

@test "rootless: the OOM score goes up, not down" {
	rootless '.process.oomScoreAdj=300' "$(args cat /proc/self/oom_score_adj)"
	call run --bundle "$B" "$ID"
	ran
	stdout 300
	edit '.process.oomScoreAdj=-300'
	call run --bundle "$B" "$ID"
	[[ $RUNTIME_KIND == runc ]] || fails 1 "process.oomScoreAdj: write /proc/" "permission denied"
	exited 1
	nothing_left
	edit '.process.oomScoreAdj=300' "$(args sleep 100)"
	call run --detach --bundle "$B" "$ID"
	ran
	PID=$(pid_of)
	call exec "$ID" cat /proc/self/oom_score_adj
	ran
	stdout 300
	call kill "$ID" KILL
	ended
}

@test "rootless: resource limits go down, not up" {
	rootless '.process.rlimits=[{type:"RLIMIT_NOFILE",soft:100,hard:200}]' "$(script 'ulimit -Sn; ulimit -Hn')"
	WRAP="prlimit --nofile=1000:1000 $WRAP" call run --bundle "$B" "$ID"
	ran
	stdout $'100\n200'
	edit '.process.rlimits=[{type:"RLIMIT_NOFILE",soft:100,hard:2000}]'
	WRAP="prlimit --nofile=1000:1000 $WRAP" call run --bundle "$B" "$ID"
	exited 1
	[[ $RUNTIME_KIND == runc ]] || contains "$error" "process.rlimits[0]: prlimit"
	nothing_left
}

@test "rootless: clocks of its own" {
	requires timens
	needs_runc 1.2 "time namespaces"
	rootless "$(new_ns time)" '.linux.timeOffsets={boottime:{secs:1000000,nanosecs:0}}' "$(script 'cut -d. -f1 /proc/uptime')"
	call run --bundle "$B" "$ID"
	ok
	[[ $output -gt 1000000 ]] || flunk "uptime is $output"
}

@test "rootless: sysctl, hostname" {
	rootless '.hostname="inside"' '.linux.sysctl={"kernel.shmmni":"3000"}' "$(script 'hostname; cat /proc/sys/kernel/shmmni')"
	call run --bundle "$B" "$ID"
	ran
	stdout $'inside\n3000'
}

@test "rootless: hooks of the host run as the user, and may look at init" {
	rootless ".hooks.createRuntime=[{path:\"/bin/sh\",args:[\"sh\",\"-c\",\"pid=\$(jq .pid); id -u; readlink /proc/\$pid/ns/user; exit 1\"],env:[\"PATH=$PATH\"]}]"
	call run --bundle "$B" "$ID"
	exited 1
	contains "$error" "$BEN"
	contains "$error" "user:["
	nothing_left
}

@test "rootless: hooks inside run as root of the container" {
	rootless '.hooks.createContainer=[{path:"/bin/sh",args:["sh","-c","id -u >/tmp/'"$ID"'; readlink /proc/self/ns/user >>/tmp/'"$ID"'"],env:["PATH=/bin:/usr/bin"]}]' \
		'.hooks.startContainer=[{path:"/bin/touch",args:["touch","/tmp/started"]}]' "$(script 'ls /tmp')"
	call run --bundle "$B" "$ID"
	ran
	stdout started
	equal "$(head -n 1 "/tmp/$ID")" 0
	differ "$(tail -n 1 "/tmp/$ID")" "$(readlink /proc/self/ns/user)"
	rm "/tmp/$ID"
}

@test "rootless: joins the namespaces of another container" {
	rootless "$(new_ns network)" "$(args sleep 100)"
	needs_runc 1.2 "a user namespace by path without mappings"
	call run --detach --bundle "$B" "$ID"
	ran
	PID=$(pid_of)
	local first=$PID
	edit "$(join_ns user "/proc/$first/ns/user")" "$(join_ns network "/proc/$first/ns/net")" "$(join_ns ipc "/proc/$first/ns/ipc")" \
		'del(.linux.uidMappings,.linux.gidMappings)' "$(args /bin/probe)"
	call run --bundle "$B" "$ID-2"
	ok
	equal "$(jq -r '.namespaces.user,.namespaces.net,.namespaces.ipc' "$OUT" | tr '\n' ' ')" \
		"$(readlink "/proc/$first/ns/user" "/proc/$first/ns/net" "/proc/$first/ns/ipc" | tr '\n' ' ')"
	call kill "$ID" KILL
	ended "$first"
}

@test "rootless: a copied-up tmpfs, a terminal device, a read-only root" {
	rootless "$(mount_at /etc tmpfs tmpfs tmpcopyup)" '.root.readonly=true' "$(script 'head -n 1 /etc/passwd; touch /etc/new && echo new; touch /x 2>&1 | grep -o Read-only')"
	call run --bundle "$B" "$ID"
	ran
	stdout $'root:x:0:0:root:/root:/bin/sh\nnew\nRead-only'
	absent "$B/rootfs/etc/new"
}

@test "rootless: no-new-privileges or not, a filter is loaded" {
	rootless '.process.noNewPrivileges=false' '.linux.seccomp={defaultAction:"SCMP_ACT_ALLOW",syscalls:[{names:["mkdir","mkdirat"],action:"SCMP_ACT_ERRNO",errnoRet:38}]}' "$(script 'mkdir /tmp/x')"
	call run --bundle "$B" "$ID"
	exited 1
	contains "$error" "Function not implemented"
}

@test "rootless: a chroot allows no user namespace, and the error says so" {
	differs_from_runc "wording of errors"
	rootless
	mkdir "$T/ch"
	mount --rbind / "$T/ch"
	mount --make-rslave "$T/ch"
	WRAP="chroot $T/ch $WRAP" call run --bundle "$B" "$ID"
	fails 1 "unshare: operation not permitted; in a chroot, or under a seccomp filter or a security module that forbids user namespaces"
	# Not on every kernel, so here by files that look like them.
	local name
	for name in unprivileged_userns_clone=0 apparmor_restrict_unprivileged_userns=1; do
		mount -t tmpfs tmpfs "$T/ch/proc/sys/kernel"
		echo "${name#*=}" >"$T/ch/proc/sys/kernel/${name%=*}"
		WRAP="chroot $T/ch $WRAP" call run --bundle "$B" "$ID"
		umount "$T/ch/proc/sys/kernel"
		fails 1 "unshare: operation not permitted; sysctl kernel.${name%=*} is ${name#*=}, so "
	done
	umount -R -l "$T/ch"
	nothing_left
}

@test "rootless: a sysctl that forbids user namespaces is named" {
	differs_from_runc "wording of errors"
	rootless
	cat >"$T/few" <<-END
		#!/bin/sh
		echo \$1 >/proc/sys/user/max_user_namespaces || exit
		shift
		exec "\$@"
	END
	chmod 755 "$T/few"
	# Limits are counted in each user namespace for itself.
	as rt-ben unshare -Urm "$T/few" 0
	edit "$(one_id)" '.linux.uidMappings[0].hostID=0|.linux.gidMappings[0].hostID=0'
	call run --bundle "$B" "$ID"
	fails 1 "unshare: no space left on device; sysctl user.max_user_namespaces is 0: "
	nothing_left
}
