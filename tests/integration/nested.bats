load lib

# The runtime inside a user namespace of somebody else: root there, with all
# ids, but without any privilege over the host.

nestable() {
	requires isolated
	differs_with_systemd "root of a user namespace has no systemd of its own"
}

# nest makes the namespaces and sets WRAP to a command that enters them. FILTER
# is for a config that can work there.
nest() {
	spawn nest unshare --user --mount --propagation private sleep 1000
	local pid=$SPAWNED_PID
	while [[ $(readlink "/proc/$pid/ns/user") == "$(readlink /proc/self/ns/user)" || $(</proc/$pid/comm) != sleep ]]; do :; done
	echo "0 0 4294967295" >"/proc/$pid/uid_map"
	echo "0 0 4294967295" >"/proc/$pid/gid_map"
	WRAP="nsenter --target $pid --user --mount --setuid 0 --setgid 0"
}

volume() {
	mkdir "$T/v"
	mount -t tmpfs -o "$1" tmpfs "$T/v"
}

@test "nested: a container in a user namespace of somebody else" {
	nestable
	needs_runc 1.2 "device rules that nobody asked for"
	bundle '.linux.resources={}' "$(script 'stat -c "%n %a %t:%T" /dev/null /dev/zero; echo x >/dev/null; ls /proc/self/fd >/dev/null && touch /x')"
	nest
	call run --bundle "$B" "$ID"
	ok
	stdout $'/dev/null 666 1:3\n/dev/zero 666 1:5'
}

@test "nested: a user namespace in it" {
	nestable
	needs_runc 1.2 "device rules that nobody asked for"
	local map='[{containerID:0,hostID:100000,size:65536}]'
	bundle '.linux.resources={}' "$(new_ns user)" ".linux.uidMappings=$map|.linux.gidMappings=$map" \
		"$(script 'cat /proc/self/uid_map; id -u; echo x >/dev/null')"
	chown -R 100000:100000 "$B/rootfs"
	nest
	call run --bundle "$B" "$ID"
	ok
	matches "$output" $'^ *0 +100000 +65536\n0$'
}

@test "nested: what is locked stays, unless it is to go" {
	nestable
	needs_runc 1.2 "device rules that nobody asked for"
	volume nosuid,nodev,noexec,ro
	bundle '.linux.resources={}' "$(mount_at /mnt bind "$T/v" bind)" "$(args /bin/probe)"
	nest
	call run --bundle "$B" "$ID"
	ok
	cp "$OUT" "$T/probe.json"
	local option
	for option in nosuid nodev noexec ro; do
		contains " $(got '[.mounts[]|select(.target=="/mnt")]|last|.options|join(" ")') " " $option "
	done
	for option in suid:nosuid dev:nodev exec:noexec rw:ro; do
		config '.linux.resources={}' "$(mount_at /mnt bind "$T/v" bind "${option%:*}")"
		call run --bundle "$B" "$ID"
		exited 1
		contains "$error" "not permitted"
		[[ $RUNTIME_KIND == runc ]] || contains "$error" "mounts[6].options: mount_setattr $T/v: operation not permitted: who mounted it in a more privileged user namespace has locked ${option#*:};"
	done
	umount "$T/v"
}

@test "nested: how access times are kept is locked too" {
	nestable
	differs_from_runc "wording of errors"
	volume noatime
	bundle '.linux.resources={}' "$(mount_at /mnt bind "$T/v" bind strictatime)"
	nest
	call run --bundle "$B" "$ID"
	fails 1 "mounts[6].options: mount_setattr $T/v: operation not permitted: who mounted it in a more privileged user namespace has locked how access times are kept"
	config '.linux.resources={}' "$(mount_at /mnt bind "$T/v" bind noatime nosuid)"
	call run --bundle "$B" "$ID"
	ok
	umount "$T/v"
}

@test "nested: what is not locked can be taken away, and more can be added" {
	nestable
	needs_runc 1.2 "device rules that nobody asked for"
	volume nosuid
	bundle '.linux.resources={}' "$(mount_at /mnt bind "$T/v" bind rw dev exec)" "$(script 'touch /mnt/x')"
	nest
	call run --bundle "$B" "$ID"
	ok
	config '.linux.resources={}' "$(mount_at /mnt bind "$T/v" bind ro nodev noexec)" "$(script 'touch /mnt/y')"
	call run --bundle "$B" "$ID"
	exited 1
	contains "$error" "Read-only file system"
	umount "$T/v"
}

@test "nested: mapping the owners of a mount takes privilege over it" {
	nestable
	differs_from_runc "wording of errors"
	mkdir "$T/v"
	bundle '.linux.resources={}' "$(mount_at /mnt bind "$T/v" bind idmap)" \
		'.mounts[-1].uidMappings=[{containerID:0,hostID:7,size:1}]|.mounts[-1].gidMappings=[{containerID:0,hostID:7,size:1}]'
	nest
	call run --bundle "$B" "$ID"
	fails 1 "mounts[6].source: mount_setattr $T/v: operation not permitted: it takes privilege over the filesystem"
	nothing_left
	# Over a filesystem of one's own there is that.
	config '.linux.resources={}' "$(mount_at /mnt tmpfs tmpfs idmap)" "$(script 'stat -c %u:%g /mnt')" \
		'.mounts[-1].uidMappings=[{containerID:0,hostID:7,size:1}]|.mounts[-1].gidMappings=[{containerID:0,hostID:8,size:1}]'
	call run --bundle "$B" "$ID"
	ok
	stdout 7:8
}

@test "nested: a copy of a directory, a remount, a mount over the root" {
	nestable
	differs_from_runc "a mount at / is made, not refused"
	bundle '.linux.resources={}' ".mounts=[{destination:\"/\",type:\"tmpfs\",source:\"tmpfs\",options:[\"tmpcopyup\"]}]+.mounts" \
		"$(mount_at /mnt tmpfs tmpfs size=1m)" "$(mount_at /mnt tmpfs tmpfs remount ro size=2m)" "$(script 'stat -c %u /home/alice; df -k /mnt | tail -n 1 | tr -s " " | cut -d" " -f2; touch /new; touch /mnt/x')"
	nest
	call run --bundle "$B" "$ID"
	exited 1
	stdout $'1000\n2048'
	contains "$error" "Read-only file system"
	absent "$B/rootfs/new"
}

# The runtime in a container such as an engine makes it, and containers in that.

# engine WORDS… makes $B a bundle as Docker's are, whose first program is a shell
# with WORDS, and in it the runtime and /inner, a bundle in its turn. Other
# filters are applied by edit.
engine() {
	[[ $RUNTIME_KIND == rung ]] || skip "about rung in a container"
	rm -rf "$B"
	mkdir "$B"
	cp -a "$RUNG_TEST_BUILD/rootfs" "$B/rootfs"
	local profile=()
	[[ -e $(seccomp_profile) ]] && profile=(-seccomp "$(seccomp_profile)")
	dockerbundle "${profile[@]}" -cgroup "/$ID" "$B" "$B/rootfs" sh -c "$1"
	install -m 755 "$RUNTIME" "$B/rootfs/bin/rung"
	install -m 755 "$RUNG_TEST_BUILD/bin/denysys" "$B/rootfs/bin/denysys"
	mkdir -p "$B/rootfs/inner"
	cp -a "$RUNG_TEST_BUILD/rootfs" "$B/rootfs/inner/rootfs"
	inner "$(script 'echo inside; cat /proc/self/cgroup | wc -l; grep -c . /proc/meminfo')"
}

# inner FILTER… writes the config of the container in the container.
inner() {
	jq "$(join_filters '.linux.cgroupsPath="/inner"|.linux.resources={}' "$@")" "$HERE/testdata/base.json" >"$B/rootfs/inner/config.json"
}

# privileged is the filter for what engines call that.
privileged() {
	local all
	all=$("$RUNTIME" features | jq -c .linux.capabilities)
	echo ".process.capabilities={bounding:$all,effective:$all,permitted:$all}|del(.linux.seccomp)|.process.noNewPrivileges=false
		|.linux.maskedPaths=[]|.linux.readonlyPaths=[]|.linux.resources.devices=[{allow:true,access:\"rwm\"}]
		|.mounts|=map(if .destination==\"/sys\" or .destination==\"/sys/fs/cgroup\" then .options-=[\"ro\"] else . end)
		|del(.linux.resources.pids,.linux.resources.memory)"
}

life='rung --root /run/r create --bundle /inner x </dev/null >/run/out 2>&1 && rung --root /run/r start x && rung --root /run/r exec x true;
	rung --root /run/r state x | grep status; rung --root /run/r kill x KILL; rung --root /run/r delete --force x; cat /run/out; ls /run/r;
	grep -c inner /proc/self/mountinfo; find /sys/fs/cgroup -name inner | wc -l'

@test "nested: in a privileged container of an engine" {
	requires isolated
	engine 'rung --root /run/r run --bundle /inner x; echo "status $?"; ls /run/r | wc -l; find /sys/fs/cgroup -name inner | wc -l'
	edit "$(privileged)"
	call run --bundle "$B" "$ID"
	ok
	matches "$output" $'^inside\n[0-9]+\n[0-9]+\nstatus 0\n0\n0$'
}

@test "nested: all of a life in a privileged container" {
	requires isolated
	engine "$life"
	edit "$(privileged)"
	inner "$(script 'sleep 100')"
	call run --bundle "$B" "$ID"
	exited 0
	contains "$output" '"status": "running"'
	matches "$output" $'\n0\n0$'
}

@test "nested: three deep" {
	requires isolated
	engine 'rung --root /run/r run --bundle /inner x'
	edit "$(privileged)"
	inner "$(script 'rung --root /run/r run --bundle /inner y')" "$(jq -c '"\(.process.capabilities)"' "$B/config.json" | sed 's/.*/.process.capabilities=(&|fromjson)/')" \
		'.process.noNewPrivileges=false|.linux.maskedPaths=[]|.linux.readonlyPaths=[]' "$(new_ns cgroup)" \
		'.mounts|=map(if .destination=="/sys" then .options-=["ro"] else . end)' \
		"$(mount_at /sys/fs/cgroup cgroup cgroup)"
	mkdir "$B/rootfs/inner/rootfs/inner"
	cp -a "$RUNG_TEST_BUILD/rootfs" "$B/rootfs/inner/rootfs/inner/rootfs"
	install -m 755 "$RUNTIME" "$B/rootfs/inner/rootfs/bin/rung"
	jq "$(script 'echo deep')|.linux.resources={}|.linux.cgroupsPath=\"/inner\"" "$HERE/testdata/base.json" >"$B/rootfs/inner/rootfs/inner/config.json"
	call run --bundle "$B" "$ID"
	ok
	stdout deep
}

# docker_filter is the filter that makes the profile what Docker's is without
# CAP_SYS_ADMIN.
docker_filter() {
	echo '.linux.seccomp.syscalls|=(map(.names-=["clone","clone3","unshare","setns","mount","umount","umount2","pivot_root","chroot","fsopen","fsconfig","fsmount","fspick","open_tree","move_mount","mount_setattr","sethostname","setdomainname","quotactl","bpf"])|map(select(.names!=[]))
		+[{names:["chroot"],action:"SCMP_ACT_ALLOW"},{names:["clone3"],action:"SCMP_ACT_ERRNO",errnoRet:38},
		{names:["clone"],action:"SCMP_ACT_ALLOW",args:[{index:0,value:2114060288,valueTwo:0,op:"SCMP_CMP_MASKED_EQ"}]}])'
}

# inner_user is the filter for a user namespace with one id, and no cgroup.
inner_user() {
	echo "$(new_ns user)"'|.linux.uidMappings=[{containerID:0,hostID:0,size:1}]|.linux.gidMappings=.linux.uidMappings
		|del(.linux.cgroupsPath)|.mounts|=map(if .options then .options-=["gid=5"] else . end)'
}

attempt='rung --root /run/r run --bundle /inner x; echo "status $?"; ls /run/r | wc -l; rung doctor >/run/said; echo "doctor $?"'

@test "nested: in a container of an engine without privilege nothing runs, and it says why" {
	requires isolated
	requires profile
	engine "$attempt; grep -c bad /run/said; grep -A 2 -E '^namespaces +user' /run/said"
	edit "$(docker_filter)"
	call run --bundle "$B" "$ID"
	fails 0 "read-only file system"
	matches "$output" $'^status 1\n0\ndoctor 1\n'
	contains "$output" "allow clone with CLONE_NEWUSER in the filter around rung"
	# With a user namespace it comes as far as the namespace.
	engine "${attempt/rung/rung --rootless true}"
	edit "$(docker_filter)"
	inner "$(inner_user)"
	call run --bundle "$B" "$ID"
	exited 0
	matches "$output" $'^status 1\n0\ndoctor 1$'
	contains "$error" "not implemented"
}

@test "nested: user namespaces in a container of an engine without privilege" {
	requires isolated
	engine "${attempt/rung/rung --rootless true}; grep -A 2 'procfs of init' /run/said"
	edit 'del(.linux.seccomp)'
	inner "$(inner_user)" "$(script 'id -u; cat /proc/self/uid_map; echo x >/dev/null; ls /proc/self/fd | wc -l')"
	call run --bundle "$B" "$ID"
	fails 0 "the container around this one needs a /proc without masks"
	matches "$output" $'^status 1\n0\ndoctor 0\n'
	matches "$output" 'procfs of init +without'
	contains "$output" "systempaths=unconfined"
	# Bound, it need not be mounted anew.
	inner "$(inner_user)" "$(no_ns pid)" '.mounts|=map(if .destination=="/proc" or .destination=="/sys" then {destination,type:"bind",source:.destination,options:["rbind"]} else . end)' \
		'del(.linux.maskedPaths,.linux.readonlyPaths)'
	call run --bundle "$B" "$ID"
	ok
	matches "$output" $'^status 0\n0\n'
	inner "$(inner_user)" "$(script 'id -u; cat /proc/self/uid_map; echo x >/dev/null; ls /proc/self/fd | wc -l')"
	edit '.linux.maskedPaths=[]|.linux.readonlyPaths=[]'
	call run --bundle "$B" "$ID"
	ok
	matches "$output" $'^0\n +0 +0 +1\n4\nstatus 0\n0\ndoctor 0\n'
}

@test "nested: in a container of an engine with the right to mount" {
	requires isolated
	local mounts='.mounts|=map(if .destination=="/sys/fs/cgroup" then .options-=["ro"] else . end)'
	engine "$attempt"
	inner 'del(.hostname)' "$(no_ns network)" "$(script 'echo inside; cat /proc/self/cgroup | wc -l; grep -c . /proc/meminfo')"
	edit '.process.capabilities|=map_values(.+["CAP_SYS_ADMIN"])|.process.noNewPrivileges=false'
	call run --bundle "$B" "$ID"
	fails 0 "read-only file system"
	matches "$output" $'^status 1\n0\n'
	edit "$mounts"
	if cgroup2; then
		call run --bundle "$B" "$ID"
		fails 0 "linux.resources.devices: " "a filter around rung that allows bpf(2)"
		matches "$output" $'^status 1\n0\n'
		edit '.linux.seccomp.syscalls|=map(.names-=["bpf"])+[{names:["bpf"],action:"SCMP_ACT_ALLOW"}]'
	fi
	call run --bundle "$B" "$ID"
	ok
	matches "$output" $'^inside\n[0-9]+\n[0-9]+\nstatus 0\n0\ndoctor 0$'
}

@test "nested: a /proc with mounts over its files, as lxcfs makes them" {
	requires isolated
	local life="rung --root /run/r run --bundle /inner x; echo status \$?"
	engine "$life"
	edit "$(privileged)"
	echo 'MemTotal: 1 kB' >"$T/meminfo"
	local file
	for file in meminfo uptime stat cpuinfo loadavg; do
		edit "$(mount_at /proc/$file bind "$T/meminfo" bind ro)"
	done
	edit "$(mount_at /proc/swaps bind "$T/meminfo" bind ro)"
	inner '.linux.sysctl={"net.ipv4.ip_forward":"1"}' "$(script 'cat /proc/sys/net/ipv4/ip_forward; cat /proc/meminfo | wc -l; wc -l </proc/uptime')"
	call run --bundle "$B" "$ID"
	ok
	matches "$output" $'^1\n[0-9]{2}\n1\nstatus 0$'
	# The same view for the container in it, as lxcfs is used.
	inner "$(mount_at /proc/meminfo bind /proc/meminfo bind ro)" "$(script 'cat /proc/meminfo')"
	call run --bundle "$B" "$ID"
	ok
	stdout $'MemTotal: 1 kB\nstatus 0'
	# With the calls that Linux 5.4 has.
	edit "$(args sh -c "denysys linux-5.4 EPERM -- $life")"
	call run --bundle "$B" "$ID"
	exited 0
	contains "$output" 'MemTotal: 1 kB'
}

@test "nested: a /proc with mounts over its files, in a user namespace" {
	nestable
	needs_runc 1.2 "device rules that nobody asked for"
	differs_from_runc "wording of errors"
	bundle '.linux.resources={}' '.linux.sysctl={"net.ipv4.ip_forward":"1"}' "$(script 'cat /proc/sys/net/ipv4/ip_forward; cat /proc/uptime')"
	echo uptime >"$T/uptime"
	mount --bind "$T/uptime" /proc/uptime
	nest
	umount /proc/uptime
	call run --bundle "$B" "$ID"
	fails 1 "the caller's own /proc is partly hidden (" "/proc/uptime)"
	nothing_left
	edit "$(no_ns pid)" '.mounts|=map(if .destination=="/proc" then {destination:"/proc",type:"bind",source:"/proc",options:["rbind"]} else . end)' \
		'del(.linux.maskedPaths,.linux.readonlyPaths)'
	call run --bundle "$B" "$ID"
	ok
	stdout $'1\nuptime'
}
