load lib

# allow_but RULE… is a filter that allows all but what the rules say.
allow_but() {
	local IFS=,
	echo ".linux.seccomp={defaultAction:\"SCMP_ACT_ALLOW\",architectures:[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\",\"SCMP_ARCH_AARCH64\",\"SCMP_ARCH_ARM\"],syscalls:[$*]}"
}

rule() { # NAMES-AS-JSON ACTION [MORE]
	echo "{names:$1,action:\"$2\"${3:+,$3}}"
}

@test "seccomp: none without a filter" {
	probe
	want .seccomp 0
}

@test "seccomp: a filter is in force" {
	probe "$(allow_but "$(rule '["mkdir","mkdirat"]' SCMP_ACT_ERRNO)")"
	want .seccomp 2
	want .seccompFilters 1
}

@test "seccomp: ERRNO is EPERM unless said otherwise" {
	bundle "$(allow_but "$(rule '["mkdir","mkdirat"]' SCMP_ACT_ERRNO)")" "$(script 'mkdir /tmp/x')"
	call run --bundle "$B" "$ID"
	exited 1
	contains "$error" "Operation not permitted"
}

@test "seccomp: errnoRet" {
	bundle "$(allow_but "$(rule '["mkdir","mkdirat"]' SCMP_ACT_ERRNO errnoRet:28)")" "$(script 'mkdir /tmp/x')"
	call run --bundle "$B" "$ID"
	exited 1
	contains "$error" "No space left on device"
}

@test "seccomp: KILL" {
	bundle "$(allow_but "$(rule '["mkdir","mkdirat"]' SCMP_ACT_KILL_PROCESS)")" "$(script 'sh -c "mkdir /tmp/x"; echo $?')"
	call run --bundle "$B" "$ID"
	contains "$output" 159
}

@test "seccomp: arguments" {
	# kill(2): argument 1 is the signal; 10 is USR1.
	bundle "$(allow_but "$(rule '["kill"]' SCMP_ACT_ERRNO 'args:[{index:1,value:10,op:"SCMP_CMP_EQ"}]')")" \
		"$(script 'trap "" USR1 USR2; kill -USR2 $$ && echo two; kill -USR1 $$ || echo refused')"
	run_nonempty
	stdout $'two\nrefused'
}

run_nonempty() {
	call run --bundle "$B" "$ID"
	exited 0
}

@test "seccomp: comparison operators" {
	local op value want
	while read -r op value want; do
		bundle "$(allow_but "$(rule '["kill"]' SCMP_ACT_ERRNO "args:[{index:1,$value,op:\"$op\"}]")")" \
			"$(script 'trap "" HUP USR1 USR2; for s in HUP USR1 USR2; do kill -$s $$ 2>/dev/null && printf "$s "; done; true')"
		run_nonempty
		equal "${output% }" "${want//_/ }" "allowed with $op $value"
	done <<-'END'
		SCMP_CMP_EQ value:10 HUP_USR2
		SCMP_CMP_NE value:10 USR1
		SCMP_CMP_LT value:10 USR1_USR2
		SCMP_CMP_LE value:10 USR2
		SCMP_CMP_GT value:10 HUP_USR1
		SCMP_CMP_GE value:10 HUP
		SCMP_CMP_MASKED_EQ value:8,valueTwo:8 HUP
	END
}

@test "seccomp: a default action that forbids, and names that are allowed" {
	# Everything a static program needs to start, fail and end.
	bundle ".linux.seccomp={defaultAction:\"SCMP_ACT_ERRNO\",defaultErrnoRet:38,architectures:[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_AARCH64\"],
		syscalls:[{names:$(allowed_names),action:\"SCMP_ACT_ALLOW\"}]}" "$(script 'echo fine; mkdir /tmp/x')"
	needs_runc 1.2 "defaultErrnoRet"
	call run --bundle "$B" "$ID"
	exited 1
	stdout fine
	contains "$error" "Function not implemented"
}

# allowed_names: all of the kernel's calls that a shell and the start need.
allowed_names() {
	echo '["read","write","writev","close","open","openat","openat2","stat","fstat","lstat","newfstatat","statx","poll","ppoll","lseek",
		"mmap","mprotect","munmap","brk","rt_sigaction","rt_sigprocmask","rt_sigreturn","ioctl","access","faccessat","faccessat2","dup","dup2","dup3",
		"pipe","pipe2","getpid","getppid","getuid","geteuid","getgid","getegid","getpgrp","getpgid","setpgid","getsid","clone","clone3","fork","vfork",
		"execve","execveat","exit","exit_group","wait4","waitid","uname","fcntl","getcwd","chdir","fchdir","readlink","readlinkat","umask",
		"arch_prctl","prctl","set_tid_address","set_robust_list","rseq","prlimit64","getrandom","futex","gettid","tgkill","kill","capget","capset",
		"setuid","setgid","setgroups","setresuid","setresgid","getdents64","close_range","seccomp","sigaltstack","nanosleep","sched_getaffinity",
		"madvise","epoll_create1","epoll_ctl","epoll_pwait","eventfd2","getsockopt","sendmsg","recvmsg","sendto","recvfrom","rt_sigsuspend","rt_sigtimedwait","keyctl","fchown","fstatfs","statfs","getgroups","pidfd_open","pidfd_send_signal"]'
}

@test "seccomp: without no-new-privileges it works as well" {
	probe '.process.noNewPrivileges=false' "$(allow_but "$(rule '["mkdir","mkdirat"]' SCMP_ACT_ERRNO)")" \
		'.process.user={uid:1000,gid:1000}'
	want .seccomp 2
	want .noNewPrivileges 0
	want .uid 1000
}

@test "seccomp: a filter that forbids what the runtime itself does last" {
	probe "$(allow_but "$(rule '["setuid","setgid","setresuid","setresgid","setgroups","capset","chdir","mount","pivot_root","personality"]' SCMP_ACT_ERRNO)")" \
		'.process.user={uid:1000,gid:1000,additionalGids:[29]}'
	want .seccomp 2
	want .uid 1000
	want .groups '[29]'
}

@test "seccomp: holds for exec" {
	bundle "$(allow_but "$(rule '["mkdir","mkdirat"]' SCMP_ACT_ERRNO)")" "$(args sleep 100)"
	running
	call exec "$ID" mkdir /tmp/x
	exited 1
	contains "$error" "Operation not permitted"
}

@test "seccomp: names that this kernel does not know are no error" {
	probe "$(allow_but "$(rule '["no_such_call","mkdir"]' SCMP_ACT_ERRNO)")"
	want .seccomp 2
}

@test "seccomp: an unknown action, operator or architecture is refused" {
	bundle
	config "$(allow_but "$(rule '["mkdir"]' SCMP_ACT_NOSUCH)")"
	call run --bundle "$B" "$ID"
	exited 1
	contains "$error" SCMP_ACT_NOSUCH
	config "$(allow_but "$(rule '["mkdir"]' SCMP_ACT_ERRNO 'args:[{index:0,value:0,op:"SCMP_CMP_NOSUCH"}]')")"
	call run --bundle "$B" "$ID"
	exited 1
	contains "$error" SCMP_CMP_NOSUCH
	config '.linux.seccomp={defaultAction:"SCMP_ACT_ALLOW",architectures:["SCMP_ARCH_NOSUCH"]}'
	call run --bundle "$B" "$ID"
	exited 1
	contains "$error" SCMP_ARCH_NOSUCH
	nothing_left
}

@test "seccomp: NOTIFY for write is refused" {
	bundle "$(allow_but "$(rule '["write"]' SCMP_ACT_NOTIFY)")" '.linux.seccomp.listenerPath="/run/none"'
	call run --bundle "$B" "$ID"
	exited 1
	nothing_left
}

@test "seccomp: Docker's default profile" {
	requires profile
	jq '{linux:{seccomp:.}}' "$(seccomp_profile)" >"$T/seccomp.json"
	bundle "$(script 'grep Seccomp: /proc/self/status; echo fine | cat; date -s 2000-01-01 >/dev/null; hostname x')"
	jq -s '.[0] * .[1]' "$B/config.json" "$T/seccomp.json" >"$T/config.new"
	mv "$T/config.new" "$B/config.json"
	call run --bundle "$B" "$ID"
	exited 1
	matches "$output" $'Seccomp:\t2\nfine'
	equal "$(grep -ci "not permitted\|permission denied" <<<"$error")" 2 "refusals in: $error"
}

@test "seccomp: a large filter" {
	probe ".linux.seccomp={defaultAction:\"SCMP_ACT_ALLOW\",architectures:[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\"],
		syscalls:[range(200)|{names:[\"ioctl\"],action:\"SCMP_ACT_ERRNO\",args:[{index:1,value:(1000000+.),op:\"SCMP_CMP_EQ\"}]}]}"
	want .seccomp 2
}
