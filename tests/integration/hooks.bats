load lib

# hook KIND SCRIPT [MORE] is the filter that adds a hook; the script runs on the
# host in the test's directory, or in the container for the kinds that do.
hook() {
	echo ".hooks.$1 += [{path:\"/bin/sh\",args:[\"sh\",\"-c\",$(json_string "$2")]${3:+,$3}}]"
}

ORDER="prestart createRuntime createContainer startContainer poststart poststop"

# order reads the log with one word a line.
order() { tr '\n' ' ' <"$T/order" | sed 's/ $//'; }

@test "hooks: all six kinds, in the order of the specification" {
	mkdir "$T/v"
	local kind
	bundle "$(mount_at /v bind "$T/v" bind)" "$(script 'echo payload >>/v/order')"
	for kind in prestart createRuntime createContainer poststart poststop; do
		edit "$(hook $kind "echo $kind >>'$T/v/order'")"
	done
	edit "$(hook startContainer 'echo startContainer >>/v/order')"
	created
	ln -s v/order "$T/order"
	matches "$(order)" '^prestart createRuntime createContainer'
	call start "$ID"
	ok
	ended
	call delete "$ID"
	ok
	local all
	all=$(order)
	matches "$all" '^prestart createRuntime createContainer .*startContainer .*poststop$'
	matches "$all" 'startContainer .*payload|startContainer payload'
	contains "$all" poststart
	equal "$(wc -w <<<"$all")" 7
}

@test "hooks: poststart runs at start, after the payload began" {
	differs_from_runc "poststart hooks run in start, after the payload's execve, not in create"
	mkdir "$T/v"
	bundle "$(args sleep 100)" "$(hook poststart "jq -r .pid >'$T/v/pid'; tr '\\0' ' ' <\"/proc/\$(cat '$T/v/pid')/cmdline\" >'$T/v/cmdline'")"
	created
	absent "$T/v/pid"
	call start "$ID"
	ok
	equal "$(<"$T/v/pid")" "$PID"
	equal "$(<"$T/v/cmdline")" "sleep 100 "
}

@test "hooks: several of a kind run in their order" {
	bundle "$(hook createRuntime "echo one >>'$T/order'")" "$(hook createRuntime "echo two >>'$T/order'")" \
		"$(hook createRuntime "echo three >>'$T/order'")"
	run_payload
	equal "$(order)" "one two three"
}

@test "hooks: the state on stdin" {
	mkdir "$T/v"
	bundle '.annotations={"org.example.a":"b"}' "$(mount_at /v bind "$T/v" bind)" "$(args sleep 100)"
	local kind
	for kind in prestart createRuntime createContainer poststart poststop; do
		edit "$(hook $kind "cat >'$T/v/$kind'")"
	done
	edit "$(hook startContainer 'cat >/v/startContainer')"
	created
	call start "$ID"
	ok
	call delete --force "$ID"
	ok
	for kind in $ORDER; do
		[[ -s $T/v/$kind ]] || flunk "$kind got nothing on stdin"
		equal "$(jq -r .id "$T/v/$kind")" "$ID" "id for $kind"
		equal "$(jq -r .bundle "$T/v/$kind")" "$B" "bundle for $kind"
		equal "$(jq -c .annotations "$T/v/$kind")" '{"org.example.a":"b"}' "annotations for $kind"
		matches "$(jq -r .ociVersion "$T/v/$kind")" '^1\.'
	done
	for kind in prestart createRuntime createContainer; do
		equal "$(jq -r .status "$T/v/$kind")" creating "status for $kind"
		[[ $kind == createContainer ]] || equal "$(jq -r .pid "$T/v/$kind")" "$PID" "pid for $kind"
	done
	equal "$(jq -r .status "$T/v/startContainer")" created
	equal "$(jq -r .status "$T/v/poststop")" stopped
	[[ $RUNTIME_KIND == runc ]] || equal "$(jq -r .status "$T/v/poststart")" running
}

@test "hooks: the namespaces they run in" {
	mkdir "$T/v"
	bundle "$(mount_at /v bind "$T/v" bind)" "$(args sleep 100)" \
		"$(hook prestart "readlink /proc/self/ns/net /proc/self/ns/mnt >'$T/v/prestart'; for n in net mnt; do readlink /proc/self/ns/\$n; done >'$T/v/prestart'")" \
		"$(hook createRuntime "for n in net mnt; do readlink /proc/self/ns/\$n; done >'$T/v/createRuntime'")" \
		"$(hook createContainer "for n in net mnt; do readlink /proc/self/ns/\$n; done >'$T/v/createContainer'")" \
		"$(hook startContainer "for n in net mnt; do readlink /proc/self/ns/\$n; done >/v/startContainer")" \
		"$(hook poststart "for n in net mnt; do readlink /proc/self/ns/\$n; done >'$T/v/poststart'")"
	created
	call start "$ID"
	ok
	local here there kind
	here=$(readlink /proc/self/ns/net; readlink /proc/self/ns/mnt)
	there=$(readlink "/proc/$PID/ns/net"; readlink "/proc/$PID/ns/mnt")
	for kind in prestart createRuntime poststart; do
		equal "$(<"$T/v/$kind")" "$here" "namespaces of $kind"
	done
	for kind in createContainer startContainer; do
		equal "$(<"$T/v/$kind")" "$there" "namespaces of $kind"
	done
}

@test "hooks: createContainer runs before the root is changed, startContainer after" {
	mkdir "$T/v"
	bundle "$(mount_at /v bind "$T/v" bind)" \
		"$(hook createContainer "test -d '$T/v' && ls '$B/rootfs/proc/self' >/dev/null && echo outside >'$T/v/create'")" \
		"$(hook startContainer "test ! -e '$T' && echo inside >/v/start")"
	run_payload
	equal "$(<"$T/v/create")" outside
	equal "$(<"$T/v/start")" inside
}

@test "hooks: prestart may change the network namespace" {
	command -v ip >/dev/null || skip "no program ip"
	bundle "$(hook prestart "pid=\$(jq .pid); ip link add h\$\$ type dummy && ip link set h\$\$ netns \$pid name fromhook")" \
		"$(script 'ls /sys/class/net')"
	ip link add probe0 type dummy 2>/dev/null && ip link del probe0 || skip "no dummy network devices in this kernel"
	run_payload
	contains "$output" fromhook
}

@test "hooks: env is exactly the hook's" {
	bundle "$(hook createRuntime "env >'$T/env'" 'env:["A=b","C=d"]')"
	run_payload
	equal "$(grep -v '^\(PWD\|SHLVL\|_\|OLDPWD\)=' "$T/env" | sort)" $'A=b\nC=d'
}

@test "hooks: args[0] is given as it is" {
	bundle '.hooks.createRuntime=[{path:"/bin/sh",args:["other name","-c","echo $0 >\"'"$T"'/name\""]}]'
	run_payload
	equal "$(<"$T/name")" "other name"
}

@test "hooks: no descriptors but the three" {
	bundle "$(hook createRuntime "ls /proc/self/fd >'$T/fds'")"
	PASS=2 call run --bundle "$B" "$ID" 3</dev/null 4</dev/null
	ok
	# ls has one more open while it looks.
	equal "$(wc -l <"$T/fds")" 4 "descriptors: $(tr '\n' ' ' <"$T/fds")"
}

@test "hooks: a failing one of create leaves nothing and is named" {
	needs_runc 1.2 "the hook's kind in the message"
	local kind
	for kind in prestart createRuntime createContainer; do
		bundle "$(hook $kind 'echo to stderr >&2; exit 7')"
		call create --bundle "$B" --pid-file "$T/pid" "$ID"
		exited 1
		matches "$error" "$kind hook #0|$kind hook|hooks\.$kind\[0\]"
		contains "$error" "exit status 7"
		contains "$error" "to stderr"
		absent "$T/pid"
		nothing_left
	done
}

@test "hooks: a failing one is told by its number" {
	needs_runc 1.2 "the hook's number"
	bundle "$(hook createRuntime true)" "$(hook createRuntime 'exit 7')"
	call create --bundle "$B" "$ID"
	exited 1
	matches "$error" 'createRuntime hook #1|hooks\.createRuntime\[1\]'
	nothing_left
}

@test "hooks: those after a failing one do not run" {
	bundle "$(hook createRuntime 'exit 1')" "$(hook createRuntime "echo ran >'$T/ran'")" \
		"$(hook createContainer "echo ran >'$T/ran'")"
	call create --bundle "$B" "$ID"
	exited 1
	absent "$T/ran"
	nothing_left
}

@test "hooks: poststop runs after a failed create too" {
	bundle "$(hook createRuntime 'exit 1')" "$(hook poststop "echo ran >'$T/ran'")"
	call create --bundle "$B" "$ID"
	exited 1
	present "$T/ran"
	nothing_left
}

@test "hooks: a program that does not exist" {
	bundle '.hooks.createRuntime=[{path:"/no/such/hook"}]'
	call create --bundle "$B" "$ID"
	fails 1 "/no/such/hook" "no such file or directory"
	nothing_left
}

@test "hooks: a relative path is refused" {
	differs_from_runc "a hook's path has to be absolute"
	bundle '.hooks.createRuntime=[{path:"bin/sh"}]'
	call create --bundle "$B" "$ID"
	exited 1
	contains "$error" "hooks.createRuntime[0].path"
	nothing_left
}

@test "hooks: one killed by a signal" {
	# shellcheck disable=SC2016
	bundle "$(hook createRuntime 'kill -KILL $$')"
	call create --bundle "$B" "$ID"
	fails 1 "killed"
	nothing_left
}

@test "hooks: timeout ends the hook and the create" {
	bundle "$(hook createRuntime 'exec sleep 50' timeout:1)"
	local began=$SECONDS
	call create --bundle "$B" "$ID"
	exited 1
	((SECONDS - began < 40)) || flunk "took $((SECONDS - began)) seconds"
	nothing_left
}

@test "hooks: timeout ends the children of the hook too" {
	differs_from_runc "a hook's timeout also ends the processes the hook started"
	bundle "$(hook createRuntime 'sleep 50 & wait' timeout:1)"
	call create --bundle "$B" "$ID"
	exited 1
	nothing_left
}

@test "hooks: one that is done in time has its timeout unharmed" {
	bundle "$(hook createRuntime "echo ran >'$T/ran'" timeout:20)"
	run_payload
	present "$T/ran"
}

@test "hooks: a timeout that is not positive" {
	differs_from_runc "a hook's timeout has to be greater than 0"
	local n
	bundle
	for n in 0 -1; do
		edit ".hooks.createRuntime=[{path:\"/bin/true\",timeout:$n}]"
		call create --bundle "$B" "$ID"
		exited 1
		contains "$error" "hooks.createRuntime[0].timeout"
		nothing_left
	done
}

@test "hooks: a failing startContainer hook stops the start" {
	differs_from_runc "a failing startContainer hook is an error of start and run, exit status 1"
	mkdir "$T/v"
	bundle "$(mount_at /v bind "$T/v" bind)" "$(hook startContainer 'exit 7')" "$(script 'echo ran >/v/ran')"
	call run --bundle "$B" "$ID"
	exited 1
	matches "$error" 'startContainer'
	absent "$T/v/ran"
	nothing_left
}

@test "hooks: a failing poststart hook is an error of start and ends the container" {
	differs_from_runc "poststart hooks run in start, after the payload's execve, not in create"
	bundle "$(hook poststart 'exit 7')" "$(args sleep 100)"
	created
	call start "$ID"
	fails 1 "exit status 7"
	matches "$error" 'poststart hook #0|hooks\.poststart\[0\]'
	nothing_left
}

@test "hooks: a failing poststop hook does not stop the delete" {
	differs_from_runc "after a failing poststop hook the others run and delete succeeds"
	bundle "$(hook poststop 'exit 7')" "$(hook poststop "echo ran >'$T/ran'")"
	call run --bundle "$B" --keep "$ID"
	ok
	call delete "$ID"
	exited 0
	present "$T/ran"
	nothing_left
}

@test "hooks: much on stdin not read, much on stdout written" {
	bundle "$(hook createRuntime 'head -c 300000 /dev/zero | tr "\\000" x')" '.annotations={"a":("x"*200000)}'
	call run --bundle "$B" "$ID"
	exited 0
}

@test "hooks: poststop gets the state of the container it was" {
	bundle "$(hook poststop "jq -c '[.id,.status,.pid]' >'$T/state'")"
	run_payload
	equal "$(jq -c '.[0:2]' "$T/state")" "[\"$ID\",\"stopped\"]"
}
