load lib

caps() { echo ".process.capabilities=$1"; }

# covers: process.capabilities
@test "caps: the five sets are those of the config" {
	# CHOWN 0, KILL 5, NET_BIND_SERVICE 10
	probe "$(caps '{bounding:["CAP_CHOWN","CAP_KILL","CAP_NET_BIND_SERVICE"],permitted:["CAP_CHOWN","CAP_KILL"],
		effective:["CAP_KILL"],inheritable:["CAP_CHOWN"],ambient:["CAP_CHOWN"]}')"
	want .caps.bounding 0000000000000421
	# Ambient ones become permitted and effective in execve of root without
	# file capabilities as well as root's own: what the bounding set allows.
	want .caps.ambient 0000000000000001
	want .caps.inheritable 0000000000000001
}

@test "caps: of an unprivileged user only the ambient ones" {
	probe '.process.user={uid:1000,gid:1000}' \
		"$(caps '{bounding:["CAP_CHOWN","CAP_KILL"],permitted:["CAP_CHOWN","CAP_KILL"],effective:["CAP_KILL"],inheritable:["CAP_KILL"],ambient:["CAP_KILL"]}')"
	want .caps.permitted 0000000000000020
	want .caps.effective 0000000000000020
	want .caps.ambient 0000000000000020
	want .caps.bounding 0000000000000021
}

@test "caps: of an unprivileged user none without ambient ones" {
	probe '.process.user={uid:1000,gid:1000}'
	want .caps.permitted 0000000000000000
	want .caps.effective 0000000000000000
	want .caps.bounding 0000000020000420
}

@test "caps: empty sets take everything" {
	probe "$(caps '{bounding:[],permitted:[],effective:[],inheritable:[],ambient:[]}')"
	want '[.caps[]]|unique' '["0000000000000000"]'
}

@test "caps: all that this machine grants" {
	local all
	all=$(all_caps)
	probe "$(caps "{bounding:$all,permitted:$all,effective:$all,inheritable:[],ambient:[]}")"
	equal "$(got .caps.bounding)" "$(awk '/^CapBnd/{print $2}' /proc/self/status)"
	want .caps.inheritable 0000000000000000
}

# all_caps lists the names in our own bounding set.
all_caps() {
	local name n=0 list="" set
	set=$((16#$(awk '/^CapBnd/{print $2}' /proc/self/status)))
	for name in $(capability_names); do
		(((set >> n) & 1)) && list+="${list:+,}\"CAP_$name\""
		n=$((n + 1))
	done
	echo "[$list]"
}

capability_names() {
	echo CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE \
		NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT \
		SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE \
		AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ \
		PERFMON BPF CHECKPOINT_RESTORE | tr ' ' '\n'
}

@test "caps: inheritable is empty unless asked for (CVE-2022-29162)" {
	probe
	want .caps.inheritable 0000000000000000
	want .caps.ambient 0000000000000000
}

@test "caps: an unknown name does not stop the container" {
	needs_runc 1.1 "unknown capabilities are warned about"
	bundle "$(caps '{bounding:["CAP_KILL","CAP_NOSUCH"],permitted:["CAP_KILL"],effective:["CAP_KILL"]}')" "$(args /bin/probe)"
	call run --bundle "$B" "$ID"
	exited 0
	equal "$(jq -r .caps.bounding <<<"$output")" 0000000000000020
}

@test "caps: they are dropped for root too" {
	bundle "$(script 'chown 5 /tmp; mount -t tmpfs x /mnt; hostname x')"
	call run --bundle "$B" "$ID"
	exited 1
	equal "$(grep -ci "not permitted\|permission denied" <<<"$error")" 3
}

@test "no new privileges: true and false" {
	probe '.process.noNewPrivileges=true'
	want .noNewPrivileges 1
	probe '.process.noNewPrivileges=false'
	want .noNewPrivileges 0
}

@test "no new privileges: a setuid program gains nothing" {
	bundle '.process.user={uid:1000,gid:1000}' "$(args /suid/probe)"
	mkdir "$B/rootfs/suid"
	cp "$B/rootfs/bin/probe" "$B/rootfs/suid/probe"
	chmod 4755 "$B/rootfs/suid/probe"
	run_payload
	equal "$(jq -c .uids <<<"$output")" '[1000,1000,1000]'
	# And without the flag it does, so the test can tell.
	edit '.process.noNewPrivileges=false'
	run_payload
	equal "$(jq -c .uids <<<"$output")" '[1000,0,0]'
}

@test "securebits are the kernel's default" {
	probe '.process.user={uid:1000,gid:1000}'
	want .securebits 0
}

@test "the payload is dumpable, has no parent-death signal, the default timer slack" {
	probe
	want .dumpable 1
	want .pdeathsig 0
	want .timerSlack "$("$RUNG_TEST_BUILD/bin/probe" | jq .timerSlack)"
}
