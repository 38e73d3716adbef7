load lib

# The payload of run and of exec, from an ordinary caller and from one that has
# nothing as usual. What the config says, or the runtime promises, is the same
# from both; what it leaves to the caller is the caller's.

setup() {
	begin
	bundle '.process.rlimits=[{type:"RLIMIT_NPROC",soft:1000,hard:2000}]' \
		'.process.user={uid:1000,gid:1001,additionalGids:[29,5]}' "$(args sleep 100)"
}

# look WORD… runs the probe and what a shell can see, by these words of a call.
look() {
	call "$@" /bin/probe
	ok
	cp "$OUT" "$T/probe.json"
	call "$@" cat /proc/self/status /proc/self/limits
	ok
	cp "$OUT" "$T/files"
}

# look_run does it for the container's own program, which `exec`s nothing.
look_run() {
	edit "$(args /bin/probe)"
	call run --bundle "$B" "$ID"
	ok
	cp "$OUT" "$T/probe.json"
	edit "$(args cat /proc/self/status /proc/self/limits)"
	call run --bundle "$B" "$ID"
	ok
	cp "$OUT" "$T/files"
}

file() { sed -n "s/^$1[: \t]*//p" "$T/files" | tr -s ' \t' ' ' | sed 's/ $//'; }

# promised prints what must not depend on the caller.
promised() {
	got '{uids,gids,groups,umask,caps,noNewPrivileges,seccomp,securebits,dumpable,sigBlk,pdeathsig,affinity,env,cwd,args,tty,winsize,hostname,uidMap,setgroups}'
	got '[.fds|keys,(.keyringName|split(";")[-1]|sub("[0-9-]+$";""))]'
	file SigBlk
	file SigIgn
	file SigCgt
	file NoNewPrivs
	file "Max processes"
}

# meant prints what a caller hands on, as with other runtimes: a config that
# does not want it says so.
meant() {
	got '{nice,scheduler,ioPriority,personality,memoryPolicy,oomScoreAdj,timerSlack}'
	file "Max core file size"
	file "Max open files"
	file "Max stack size"
	file "Max locked memory"
}

@test "hostile caller: run and exec give the payload the same" {
	needs_runc 1.3 "the affinity is reset"
	local run exec
	look_run
	run=$(promised)
	WRAP=hostile look_run
	equal "$(promised)" "$run" "run, from an ordinary and a hostile caller"
	contains "$run" '"groups":[5,29]'
	contains "$run" '"umask":"022"'
	contains "$run" "$(printf '%s\n' 0000000000000000 0000000000000000 0000000000000000)"

	edit "$(args sleep 100)"
	running
	look exec "$ID"
	exec=$(promised)
	WRAP=hostile look exec "$ID"
	equal "$(promised)" "$exec" "exec, from an ordinary and a hostile caller"
	equal "$exec" "$run" "exec and run"
}

@test "hostile caller: what is the caller's is so for run and exec" {
	needs_runc 1.2 "the caller's limit of open files"
	local run
	WRAP=hostile look_run
	run=$(meant)
	equal "$(got '[.nice,.scheduler,.ioPriority,.personality,.oomScoreAdj,.timerSlack]')" "[7,3,$((3 << 13)),$((0x40000)),\"77\",123456]"
	equal "$(file "Max open files" | cut -d' ' -f1)" 64
	edit "$(args sleep 100)"
	running
	WRAP=hostile look exec "$ID"
	equal "$(meant)" "$run" "exec and run"
}

@test "hostile caller: a container of one is an ordinary one for others" {
	WRAP=hostile running
	call exec "$ID" cat /proc/self/oom_score_adj
	ok
	stdout "$(cat /proc/self/oom_score_adj)"
	call kill "$ID" KILL
	ok
	ended
	call delete "$ID"
	ok
}

@test "hostile caller: what is configured holds against it" {
	needs_runc 1.4 "linux.memoryPolicy"
	edit '.process.scheduler={policy:"SCHED_OTHER"}' '.process.ioPriority={class:"IOPRIO_CLASS_BE",priority:4}' \
		'.linux.personality={domain:"LINUX"}' '.linux.memoryPolicy={mode:"MPOL_DEFAULT"}' '.process.oomScoreAdj=5' \
		'.process.rlimits=[{type:"RLIMIT_NOFILE",soft:100,hard:200},{type:"RLIMIT_CORE",soft:0,hard:0}]' "$(args sleep 100)"
	local want
	want='[0,0,16388,0,0,"5"]'
	WRAP=hostile look_run
	equal "$(got '[.nice,.scheduler,.ioPriority,.personality,.memoryPolicy.mode,.oomScoreAdj]')" "$want" run
	equal "$(file "Max open files" | cut -d' ' -f1,2)" "100 200"
	edit "$(args sleep 100)"
	running
	WRAP=hostile look exec "$ID"
	equal "$(got '[.nice,.scheduler,.ioPriority,.personality,.memoryPolicy.mode,.oomScoreAdj]')" "$want" exec
	equal "$(file "Max open files" | cut -d' ' -f1,2)" "100 200"
	equal "$(file "Max core file size" | cut -d' ' -f1,2)" "0 0"
}

@test "hostile caller: files that the runtime makes have their modes" {
	differs_from_runc "directories made for mounts do not depend on the caller's umask"
	mkdir "$T/v"
	edit "$(mount_at /a/b bind "$T/v" bind)" '.process.cwd="/new/dir"' "$(script 'stat -c %a /dev/null /dev/shm /a /new/dir')" '.process.user={uid:0,gid:0}'
	WRAP=hostile call run --bundle "$B" --pid-file "$T/pid" "$ID"
	ok
	stdout $'666\n1777\n755\n755'
	edit "$(args sleep 100)"
	WRAP=hostile call run --detach --bundle "$B" --pid-file "$T/pid" "$ID"
	ok
	equal "$(stat -c %a "$T/pid" "$ROOT/$ID" "$ROOT/$ID/state.json" | tr '\n' ' ')" "600 700 600 "
}
