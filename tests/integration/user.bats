load lib

@test "user: uid and gid, all three of each" {
	probe '.process.user={uid:1000,gid:1001}'
	want .uids '[1000,1000,1000]'
	want .gids '[1001,1001,1001]'
}

@test "user: additional groups exactly as given" {
	probe '.process.user={uid:1000,gid:1000,additionalGids:[29,100,70000]}'
	want '.groups|sort' '[29,100,70000]'
}

@test "user: the caller's groups do not leak in" {
	bundle "$(args /bin/probe)"
	WRAP="setpriv --groups 4,20,24" call run --bundle "$B" "$ID"
	ok
	equal "$(jq -c '.groups-[0]' <<<"$output")" '[]'
}

@test "user: the passwd file of the container grants no groups" {
	probe '.process.user={uid:1000,gid:1000}'
	want '.groups-[1000]' '[]'
}

@test "user: many additional groups" {
	probe '.process.user={uid:1000,gid:1000,additionalGids:[range(1000)+2000]}'
	want '.groups|length' 1000
}

@test "user: large ids" {
	needs_runc 1.2 "ids beyond 2147483647"
	probe '.process.user={uid:4294967294,gid:4294967294}'
	want '[.uid,.gid]' '[4294967294,4294967294]'
}

@test "user: ids beyond the range are refused (CVE-2024-40635)" {
	bundle
	local user
	for user in '{uid:4294967295,gid:0}' '{uid:0,gid:4294967295}' '{uid:4294967296,gid:0}' '{uid:-1,gid:0}' '{uid:1.5,gid:0}' '{uid:"0",gid:0}'; do
		edit ".process.user=$user"
		call run --bundle "$B" "$ID"
		[[ $RUNTIME_KIND == runc && $user == *4294967295* ]] && continue # runc 1.2 and later take -1
		exited 1
		nothing_left
	done
}

@test "user: HOME from the container's passwd when it is not set" {
	bundle '.process.user={uid:1000,gid:1000}' "$(script 'echo $HOME')"
	run_payload
	stdout /home/alice
}

@test "user: HOME of a user that passwd does not know" {
	bundle '.process.user={uid:4242,gid:0}' "$(script 'echo $HOME')"
	run_payload
	stdout /
}

@test "user: HOME that is set stays" {
	bundle '.process.user={uid:1000,gid:1000}' '.process.env+=["HOME=/elsewhere"]' "$(script 'echo $HOME')"
	run_payload
	stdout /elsewhere
}

@test "user: a passwd that is a fifo or a link outside does no harm" {
	differs_from_runc "a fifo at /etc/passwd of the container does not block the start"
	bundle "$(script 'echo fine')"
	rm "$B/rootfs/etc/passwd"
	mkfifo "$B/rootfs/etc/passwd"
	call run --bundle "$B" "$ID"
	[[ $status == 0 || $status == 1 ]] || flunk "status $status"
	rm "$B/rootfs/etc/passwd"
	echo "root:x:0:0:root:/outside:/bin/sh" >"$T/passwd"
	ln -s "../../../../../../../../../..$T/passwd" "$B/rootfs/etc/passwd"
	edit "$(script 'echo "[$HOME]"')"
	call run --bundle "$B" "$ID"
	exited 0
	stdout "[/]"
}

@test "cwd: the working directory" {
	probe '.process.cwd="/usr/bin"'
	want .cwd /usr/bin
}

@test "cwd: one that is missing is made" {
	probe '.process.cwd="/made/for/this"'
	want .cwd /made/for/this
}

@test "cwd: relative is refused" {
	bundle '.process.cwd="usr"'
	call run --bundle "$B" "$ID"
	exited 1
	contains "$error" absolute
	nothing_left
}

@test "cwd: a directory that only the user may enter" {
	bundle '.process.user={uid:1000,gid:1000}' '.process.cwd="/home/alice"' "$(args pwd)"
	chmod 700 "$B/rootfs/home/alice"
	run_payload
	stdout /home/alice
}

@test "cwd: a file" {
	bundle '.process.cwd="/etc/passwd"'
	call run --bundle "$B" "$ID"
	fails 1 "not a directory"
	nothing_left
}

@test "cwd: a symbolic link stays inside" {
	bundle '.process.cwd="/link"' "$(args /bin/probe)"
	ln -s /../../usr "$B/rootfs/link"
	run_payload
	equal "$(jq -r .cwd <<<"$output")" /usr
}

@test "session: the payload leads its own" {
	probe
	want '[.pid,.sid,.pgid]' '[1,1,1]'
}

@test "session: stdio of an unprivileged user is its own to open again" {
	bundle '.process.user={uid:1000,gid:1000}' "$(script 'echo fine >/dev/stderr; echo fine >/proc/self/fd/1')"
	mkfifo "$T/fifo"
	spawn reader cat "$T/fifo"
	timeout 20 "$RUNTIME" --root "$ROOT" run --bundle "$B" "$ID" </dev/null >"$T/fifo" 2>"$T/fifo" 3>&- 4>&-
	reap reader "$SPAWNED_PID"
	equal "$output" $'fine\nfine'
}
