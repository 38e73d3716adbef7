load lib

setup() {
	begin
	bundle '.process.terminal=true'
}

# with_console [FLAG…] starts recvtty and sets $CONSOLE, its socket.
with_console() {
	CONSOLE=$T/console
	spawn tty recvtty -report "$T/report" "$@" "$CONSOLE"
	RECEIVER=$SPAWNED_PID
	await file "$CONSOLE"
}

reported() { jq -rc "$1" "$T/report"; }

@test "create --console-socket: sends the master before it returns" {
	with_console
	created --console-socket "$CONSOLE"
	await -limit 2s file "$T/report"
	equal "$(reported '[.fds,.istty,.more]')" "[1,true,0]"
	[[ $(reported '.data|length') -gt 0 ]] || flunk "no byte beside the descriptor"
	[[ $(reported '.data|length') -lt 4096 ]] || flunk "too many bytes beside the descriptor"
}

@test "create --console-socket: connects once" {
	with_console
	created --console-socket "$CONSOLE"
	call start "$ID"
	ok
	reap tty "$RECEIVER"
	equal "$(reported .connections)" 1
}

# runc clears ONLCR only on the terminal it relays itself; through a console
# socket the caller gets the terminal as the kernel made it.
@test "create --console-socket: ONLCR is left to the caller" {
	edit "$(args printf 'one\ntwo\n')"
	with_console
	created --console-socket "$CONSOLE"
	await file "$T/report"
	equal "$(reported .onlcr)" true
	call start "$ID"
	ok
	reap tty "$RECEIVER"
	equal "$output" $'one\r\ntwo\r'
}

@test "create --console-socket: the payload sits at the terminal" {
	edit "$(args /bin/probe)"
	with_console
	created --console-socket "$CONSOLE"
	call start "$ID"
	ok
	reap tty "$RECEIVER"
	equal "$(jq -c '[.tty,.pid==.sid,.pid==.pgid,.foreground==.pgid]' <<<"$output")" "[true,true,true,true]"
	equal "$(jq -rc '.fds|[.["0"],.["1"],.["2"]]|unique' <<<"$output")" '["/dev/pts/0"]'
	equal "$(jq -c '.fds|length' <<<"$output")" 3
}

@test "create --console-socket: /dev/console is the terminal" {
	edit "$(script 'stat -c %t:%F /dev/console; ls -l /dev/console | cut -c 1; echo hello >/dev/console')"
	with_console
	created --console-socket "$CONSOLE"
	call start "$ID"
	ok
	reap tty "$RECEIVER"
	equal "${output//$'\r'/}" $'88:character special file\nc\nhello'
}

@test "create --console-socket: what is typed reaches the payload" {
	edit "$(script 'stty -echo; echo ready; read line; echo "got $line"')"
	printf 'words\n' >"$T/typed"
	with_console -stdin "$T/typed"
	created --console-socket "$CONSOLE"
	call start "$ID"
	ok
	reap tty "$RECEIVER"
	contains "$output" "got words"
}

@test "create --console-socket: consoleSize" {
	edit "$(script 'stty size')" '.process.consoleSize={height:31,width:113}'
	with_console
	created --console-socket "$CONSOLE"
	await file "$T/report"
	equal "$(reported '[.cols,.rows]')" "[113,31]"
	call start "$ID"
	ok
	reap tty "$RECEIVER"
	equal "${output//$'\r'/}" "31 113"
}

@test "create --console-socket: nobody there is an error that leaves nothing" {
	call create --bundle "$B" --console-socket "$T/none" "$ID"
	fails 1 "no such file or directory"
	nothing_left
}

@test "create --console-socket: a path that is no socket" {
	: >"$T/plain"
	call create --bundle "$B" --console-socket "$T/plain" "$ID"
	exited 1
	nothing_left
}

@test "create: a terminal without console socket is refused" {
	call create --bundle "$B" "$ID"
	fails 1 "cannot allocate tty if" "will detach without setting console socket"
	nothing_left
}

@test "run --detach: a terminal without console socket is refused" {
	call run --bundle "$B" --detach "$ID"
	fails 1 "cannot allocate tty if" "will detach without setting console socket"
	nothing_left
}

@test "create: a console socket without terminal is refused" {
	edit '.process.terminal=false'
	with_console
	call create --bundle "$B" --console-socket "$CONSOLE" "$ID"
	fails 1 "cannot use console socket if"
	nothing_left
}

@test "run --detach --console-socket" {
	edit "$(script 'tty; echo done')"
	with_console
	call run --bundle "$B" --detach --console-socket "$CONSOLE" "$ID"
	ok
	reap tty "$RECEIVER"
	equal "${output//$'\r'/}" $'/dev/pts/0\ndone'
}

@test "run: in the foreground on a terminal" {
	edit "$(script 'tty; echo "out"; exit 7')"
	spawn run ptyrun -- "$RUNTIME" --root "$ROOT" run --bundle "$B" "$ID"
	reap run "$SPAWNED_PID"
	exited 7
	contains "$output" /dev/pts/0
	contains "$output" out
	equal "$error" "terminal restored"
	nothing_left
}

@test "run: the terminal is raw for the user, and cooked for the payload" {
	edit "$(script 'echo ready; read line; echo "got [$line]"')"
	spawn run ptyrun -step expect:ready -step 'send:typed\x7f\x7fed\r' -step 'expect:got [typed]' \
		-- "$RUNTIME" --root "$ROOT" run --bundle "$B" "$ID"
	reap run "$SPAWNED_PID"
	exited 0
	equal "$error" "terminal restored"
	# Echoed once, by the container's terminal alone.
	equal "$(grep -o 'type' <<<"$output" | wc -l)" 2 "times 'type' was shown"
}

@test "run: Ctrl-C on the terminal interrupts the payload, not the runtime" {
	edit "$(script 'trap "echo interrupted; exit 8" INT; echo ready; sleep 100 & wait')"
	spawn run ptyrun -step expect:ready -step 'send:\x03' -step expect:interrupted \
		-- "$RUNTIME" --root "$ROOT" run --bundle "$B" "$ID"
	reap run "$SPAWNED_PID"
	exited 8
	equal "$error" "terminal restored"
	nothing_left
}

@test "run: the terminal begins with the user's size" {
	# runc sets it just after the start: wait for it rather than ask once.
	edit "$(script 'while [ "$(stty size 2>&1)" != "41 97" ]; do sleep 0.02; done; echo right size')"
	spawn run ptyrun -size 97x41 -step 'expect:right size' -- "$RUNTIME" --root "$ROOT" run --bundle "$B" "$ID"
	reap run "$SPAWNED_PID"
	exited 0
}

@test "run: a resize of the user's terminal reaches the payload" {
	edit "$(script 'while [ "$(stty size 2>&1)" != "24 80" ]; do sleep 0.02; done
		trap "stty size; exit 0" WINCH
		echo ready; sleep 100 & wait')"
	spawn run ptyrun -step expect:ready -step size:133x55 -step 'expect:55 133' \
		-- "$RUNTIME" --root "$ROOT" run --bundle "$B" "$ID"
	reap run "$SPAWNED_PID"
	exited 0
}

@test "run: all output is there when it ends" {
	edit "$(script 'i=0; while [ $i -lt 2000 ]; do echo "line $i"; i=$((i+1)); done')"
	spawn run ptyrun -- "$RUNTIME" --root "$ROOT" run --bundle "$B" "$ID"
	reap run "$SPAWNED_PID"
	exited 0
	equal "$(grep -c '^line ' <<<"$output")" 2000
}

@test "run: in the foreground a newline is shown as one carriage return and one newline" {
	edit "$(args printf 'one\ntwo\n')"
	spawn run ptyrun -- "$RUNTIME" --root "$ROOT" run --bundle "$B" "$ID"
	reap run "$SPAWNED_PID"
	exited 0
	equal "$output" $'one\r\ntwo\r'
}

@test "exec --tty: in the foreground on a terminal" {
	edit '.process.terminal=false' "$(args sleep 100)"
	running
	spawn exec ptyrun -- "$RUNTIME" --root "$ROOT" exec --tty "$ID" sh -c 'tty; exit 6'
	reap exec "$SPAWNED_PID"
	exited 6
	contains "$output" /dev/pts/0
	equal "$error" "terminal restored"
}

@test "exec --tty --console-socket" {
	edit '.process.terminal=false' "$(args sleep 100)"
	running
	with_console
	call exec --tty --detach --console-socket "$CONSOLE" --pid-file "$T/pid" "$ID" /bin/probe
	ok
	reap tty "$RECEIVER"
	equal "$(reported '[.fds,.istty,.onlcr,.connections]')" "[1,true,true,1]"
	equal "$(jq -c '[.tty,.pid==.sid,.foreground==.pgid,(.fds|keys)]' <<<"$output")" '[true,true,true,["0","1","2"]]'
}

@test "exec --process: terminal and consoleSize in the file" {
	edit '.process.terminal=false' "$(args sleep 100)"
	running
	jq -n '{terminal:true,consoleSize:{height:17,width:71},args:["/bin/stty","size"],cwd:"/",user:{uid:0,gid:0}}' >"$T/process.json"
	with_console
	call exec --detach --console-socket "$CONSOLE" --process "$T/process.json" "$ID"
	ok
	reap tty "$RECEIVER"
	equal "${output//$'\r'/}" "17 71"
}

@test "exec --detach --tty: without console socket is refused" {
	edit '.process.terminal=false' "$(args sleep 100)"
	running
	call exec --detach --tty --pid-file "$T/pid" "$ID" true
	fails 255 "cannot allocate tty if" "will detach without setting console socket"
	absent "$T/pid"
}

@test "exec: a console socket without tty is refused" {
	edit '.process.terminal=false' "$(args sleep 100)"
	running
	call exec --detach --console-socket "$T/none" "$ID" true
	fails 255 "cannot use console socket if"
}

@test "exec --tty: leaves /dev/console of the container alone" {
	edit '.process.terminal=false' "$(args sleep 100)"
	running
	spawn exec ptyrun -- "$RUNTIME" --root "$ROOT" exec --tty "$ID" ls /dev/console
	reap exec "$SPAWNED_PID"
	contains "$output" "No such file"
}

@test "a terminal belongs to the user of the process" {
	edit "$(script 'stat -c "%u %a" "$(tty)"')" '.process.user={uid:1000,gid:1000}'
	with_console
	created --console-socket "$CONSOLE"
	call start "$ID"
	ok
	reap tty "$RECEIVER"
	equal "${output//$'\r'/}" "1000 620"
}

@test "without a terminal there is no controlling terminal" {
	edit '.process.terminal=false' "$(args /bin/probe)"
	# Not even if the runtime itself has one.
	spawn run ptyrun -- sh -c '"$@" >"$0" 2>&1' "$T/out" "$RUNTIME" --root "$ROOT" run --bundle "$B" "$ID"
	reap run "$SPAWNED_PID"
	exited 0
	equal "$(jq -c '[.tty,.pid==.sid]' "$T/out")" "[false,true]"
}
