load lib

rlimit() { echo ".process.rlimits += [{type:\"RLIMIT_$1\",soft:$2,hard:$3}]"; }

# limit LINE prints soft and hard limit from the payload's /proc/self/limits.
limit() { sed -n "s/^$1 *\([^ ]*\) *\([^ ]*\).*/\1 \2/p" "$OUT"; }

@test "rlimits: every type" {
	# Raising these two takes CAP_SYS_RESOURCE, which even root may lack.
	local nice="0 0" rtprio="0 0"
	if (((16#$(awk '/^CapEff/{print $2}' /proc/self/status) >> 24) & 1)); then
		nice="5 10" rtprio="3 4"
	fi
	bundle '.process.rlimits=[]' \
		"$(rlimit CPU 100 200)" "$(rlimit FSIZE 100000000 200000000)" "$(rlimit DATA 500000000 600000000)" \
		"$(rlimit STACK 4000000 8000000)" "$(rlimit CORE 10 20)" "$(rlimit RSS 30 40)" "$(rlimit NPROC 3000 4000)" \
		"$(rlimit NOFILE 77 99)" "$(rlimit MEMLOCK 70000 80000)" "$(rlimit AS 800000000 900000000)" \
		"$(rlimit LOCKS 50 60)" "$(rlimit SIGPENDING 70 80)" "$(rlimit MSGQUEUE 900 1000)" "$(rlimit NICE $nice)" \
		"$(rlimit RTPRIO $rtprio)" "$(rlimit RTTIME 5000 6000)" "$(args cat /proc/self/limits)"
	run_payload
	equal "$(limit "Max cpu time")" "100 200"
	equal "$(limit "Max file size")" "100000000 200000000"
	equal "$(limit "Max data size")" "500000000 600000000"
	equal "$(limit "Max stack size")" "4000000 8000000"
	equal "$(limit "Max core file size")" "10 20"
	equal "$(limit "Max resident set")" "30 40"
	equal "$(limit "Max processes")" "3000 4000"
	equal "$(limit "Max open files")" "77 99"
	equal "$(limit "Max locked memory")" "70000 80000"
	equal "$(limit "Max address space")" "800000000 900000000"
	equal "$(limit "Max file locks")" "50 60"
	equal "$(limit "Max pending signals")" "70 80"
	equal "$(limit "Max msgqueue size")" "900 1000"
	equal "$(limit "Max nice priority")" "$nice"
	equal "$(limit "Max realtime priority")" "$rtprio"
	equal "$(limit "Max realtime timeout")" "5000 6000"
}

@test "rlimits: unlimited" {
	bundle '.process.rlimits=[{type:"RLIMIT_CORE",soft:18446744073709551615,hard:18446744073709551615}]' "$(args cat /proc/self/limits)"
	sed -i 's/18446744073709552000/18446744073709551615/g' "$B/config.json"
	run_payload
	equal "$(limit "Max core file size")" "unlimited unlimited"
}

@test "rlimits: without any the caller's hold, also of open files" {
	needs_runc 1.2 "the caller's limit of open files"
	bundle '.process.rlimits=[]' "$(args cat /proc/self/limits)"
	ulimit -Sn 345
	ulimit -Sc 12
	run_payload
	equal "$(limit "Max open files" | cut -d' ' -f1)" 345
	equal "$(limit "Max core file size" | cut -d' ' -f1)" $((12 * 1024))
}

@test "rlimits: of the runtime itself stay as they were" {
	differs_from_runc "a limit of open files may be lower than the runtime's own need"
	# A limit so low that the runtime could not work with it.
	bundle '.process.rlimits=[{type:"RLIMIT_NOFILE",soft:4,hard:4}]' "$(script 'ulimit -n')"
	run_payload
	stdout 4
}

@test "rlimits: an unknown type" {
	bundle "$(rlimit NOSUCH 1 2)"
	call run --bundle "$B" "$ID"
	exited 1
	contains "$error" RLIMIT_NOSUCH
	nothing_left
}

@test "rlimits: the same type twice" {
	differs_from_runc "a resource limit that is given twice is refused"
	bundle "$(rlimit CORE 1 2)" "$(rlimit CORE 3 4)"
	call run --bundle "$B" "$ID"
	exited 1
	contains "$error" "process.rlimits[2]"
	nothing_left
}

@test "rlimits: soft above hard" {
	bundle "$(rlimit CORE 5 2)"
	call run --bundle "$B" "$ID"
	exited 1
	nothing_left
}

@test "oom score: as in the config, and the caller's without" {
	probe '.process.oomScoreAdj=123'
	want .oomScoreAdj 123
	edit 'del(.process.oomScoreAdj)'
	WRAP='sh -c "echo 77 >/proc/self/oom_score_adj; exec \"\$0\" \"\$@\""' call run --bundle "$B" "$ID"
	ok
	equal "$(jq -r .oomScoreAdj <<<"$output")" 77
}

@test "signals: none blocked, none ignored, whatever the caller ignores" {
	differs_from_runc "the payload ignores no signal, whatever the caller does"
	bundle "$(args cat /proc/self/status)"
	WRAP=hostile run_payload
	equal "$(awk '/^SigBlk/{print $2}' "$OUT")" 0000000000000000
	equal "$(awk '/^SigIgn/{print $2}' "$OUT")" 0000000000000000
}
