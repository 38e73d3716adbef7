load lib

@test "env: exactly the config's, in its order" {
	probe '.process.env=["Z=1","PATH=/bin","A=","B=x=y","HOME=/h"]'
	want .env '["Z=1","PATH=/bin","A=","B=x=y","HOME=/h"]'
}

@test "env: nothing of the caller's" {
	bundle "$(args /bin/probe)" '.process.env=["PATH=/bin","HOME=/"]'
	WRAP="env SECRET=x _OCI_SYNCPIPE=9 CRI_O_EXTERNAL=1 LD_PRELOAD= GODEBUG=x=1 GOTRACEBACK=crash" call run --bundle "$B" "$ID"
	ok
	equal "$(jq -c .env <<<"$output")" '["PATH=/bin","HOME=/"]'
}

@test "env: of a name given twice the last one holds, and only that is passed" {
	needs_runc 1.3 "duplicates are removed"
	probe '.process.env=["A=1","B=2","A=3","HOME=/"]'
	want '.env|sort' '["A=3","B=2","HOME=/"]'
}

@test "env: HOME is filled in, nothing else" {
	probe '.process.env=["PATH=/bin"]'
	want '.env|sort' '["HOME=/root","PATH=/bin"]'
}

@test "env: an empty HOME is filled in" {
	needs_runc 1.2 "empty HOME"
	probe '.process.env=["PATH=/bin","HOME="]'
	want '.env|sort' '["HOME=/root","PATH=/bin"]'
}

@test "env: none at all" {
	probe 'del(.process.env)'
	want '.env-["HOME=/root"]' '[]'
}

@test "env: long values" {
	probe '.process.env=["HOME=/","LONG="+("x"*100000)]'
	want '.env[1]|length' 100005
}

@test "env: values with newlines and other bytes" {
	probe '.process.env=["HOME=/","A=one\ntwo\t\"three\" \\ é"]'
	want '.env[1]' $'A=one\ntwo\t"three" \\ é'
}

@test "env: an entry without = or with NUL" {
	bundle '.process.env=["A\u0000B=1"]'
	call run --bundle "$B" "$ID"
	exited 1
	nothing_left
}

@test "args: exactly as given" {
	probe '.process.args=["/bin/probe","","a b","--flag","é","x\ny"]'
	want .args '["/bin/probe","","a b","--flag","é","x\ny"]'
}

@test "args: many and long" {
	probe '.process.args=["/bin/probe"]+[range(3000)|"argument number \(.)"]'
	want '.args|length' 3001
	want '.args[3000]' "argument number 2999"
}

@test "args: args[0] may differ from the file only by PATH" {
	probe '.process.args=["probe"]'
	want .args '["probe"]'
	want .exe /bin/probe
}

@test "args: a relative path is taken from the working directory" {
	probe '.process.args=["./probe"]' '.process.cwd="/bin"'
	want .exe /bin/probe
}

@test "args: none" {
	bundle '.process.args=[]'
	call run --bundle "$B" "$ID"
	exited 1
	nothing_left
}

@test "hostname and domainname" {
	needs_runc 1.2 "domainname"
	probe '.hostname="my-host"' '.domainname="example.org"'
	want .hostname my-host
	want .domainname example.org
}

@test "hostname: not without a UTS namespace" {
	local before
	before=$(hostname)
	bundle "$(no_ns uts)"
	call run --bundle "$B" "$ID"
	exited 1
	equal "$(hostname)" "$before"
	nothing_left
}

@test "hostname: empty leaves the host's" {
	probe 'del(.hostname)'
	want .hostname "$(hostname)"
}
