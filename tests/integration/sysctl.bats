load lib

sysctl() { echo ".linux.sysctl += {\"$1\":\"$2\"}"; }

@test "sysctl: of the network namespace" {
	bundle "$(sysctl net.ipv4.ip_forward 1)" "$(sysctl net.ipv4.ping_group_range '0 100')" \
		"$(script 'cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/ping_group_range | tr "\t" " "')"
	local before
	before=$(cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/ping_group_range)
	run_payload
	stdout $'1\n0 100'
	equal "$(cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/ping_group_range)" "$before" "the host's"
}

@test "sysctl: of the IPC namespace, before the payload begins" {
	bundle "$(sysctl kernel.shmmax 123456)" "$(sysctl fs.mqueue.msg_max 77)" \
		"$(script 'cat /proc/sys/kernel/shmmax /proc/sys/fs/mqueue/msg_max')"
	run_payload
	stdout $'123456\n77'
}

@test "sysctl: /proc/sys may be read-only in the container" {
	bundle "$(sysctl net.ipv4.ip_forward 1)" '.linux.readonlyPaths=["/proc/sys"]' \
		"$(script 'cat /proc/sys/net/ipv4/ip_forward; echo 0 >/proc/sys/net/ipv4/ip_forward')"
	call run --bundle "$B" "$ID"
	exited 1
	stdout 1
}

@test "sysctl: domainname through the UTS namespace" {
	needs_runc 1.1 "kernel.domainname"
	bundle "$(sysctl kernel.domainname example.org)" "$(script 'cat /proc/sys/kernel/domainname')"
	run_payload
	stdout example.org
}

@test "sysctl: slashes instead of dots" {
	needs_runc 1.1 "slashes in sysctl names"
	bundle "$(sysctl net/ipv4/ip_forward 1)" "$(script 'cat /proc/sys/net/ipv4/ip_forward')"
	run_payload
	stdout 1
}

@test "sysctl: of the host are refused" {
	bundle
	local name before
	for name in kernel.core_pattern vm.swappiness kernel.panic fs.file-max kernel.sysrq; do
		before=$(cat "/proc/sys/${name//.//}" 2>/dev/null || true)
		config "$(sysctl $name 1)"
		call run --bundle "$B" "$ID"
		exited 1
		contains "$error" "$name"
		equal "$(cat "/proc/sys/${name//.//}" 2>/dev/null || true)" "$before" "the host's $name"
		nothing_left
	done
}

@test "sysctl: of a namespace that is the host's are refused" {
	local before
	before=$(</proc/sys/net/ipv4/ip_forward)
	bundle "$(no_ns network)" "$(sysctl net.ipv4.ip_forward 1)"
	call run --bundle "$B" "$ID"
	exited 1
	config "$(no_ns ipc)" "$(sysctl kernel.shmmax 1)"
	call run --bundle "$B" "$ID"
	exited 1
	equal "$(</proc/sys/net/ipv4/ip_forward)" "$before"
	nothing_left
}

@test "sysctl: kernel.hostname is refused, hostname is for that" {
	needs_runc 1.1 "kernel.hostname"
	bundle "$(sysctl kernel.hostname x)"
	call run --bundle "$B" "$ID"
	exited 1
	nothing_left
}

@test "sysctl: one that does not exist" {
	bundle "$(sysctl net.no.such 1)"
	call run --bundle "$B" "$ID"
	exited 1
	nothing_left
}

@test "sysctl: a name with .. does not lead out" {
	bundle
	local name
	for name in net/../kernel/panic net.ipv4/../../kernel/panic; do
		config "$(sysctl $name 7)"
		local before
		before=$(</proc/sys/kernel/panic)
		call run --bundle "$B" "$ID"
		equal "$(</proc/sys/kernel/panic)" "$before" "the host's kernel.panic"
		[[ $RUNTIME_KIND == runc ]] || exited 1
		nothing_left
	done
}

@test "sysctl: a value that the kernel refuses" {
	bundle "$(sysctl net.ipv4.ip_forward words)"
	call run --bundle "$B" "$ID"
	exited 1
	nothing_left
}
