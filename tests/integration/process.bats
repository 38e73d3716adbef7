load lib

@test "process: absent, create works and start does not" {
	differs_from_runc "create is refused without a process"
	bundle 'del(.process)'
	created
	is created
	equal "$(cat "/proc/$PID/comm")" "rung: init"
	call start "$ID"
	fails 1 "process: exec: invalid argument (the config has no process)"
	is stopped
	call delete "$ID"
	ok
	call run --bundle "$B" "$ID"
	fails 1 "process: required to start the container"
	nothing_left
}

@test "process: absent, exec brings its own" {
	differs_from_runc "create is refused without a process"
	bundle 'del(.process)'
	created
	jq -n '{args:["/bin/echo","here"],cwd:"/",user:{uid:0,gid:0}}' >"$T/process.json"
	call exec --process "$T/process.json" "$ID"
	ok
	stdout here
}

@test "process: without capabilities it has none" {
	probe 'del(.process.capabilities)'
	want '[.caps[]]|unique' '["0000000000000000"]'
}

@test "process: what nobody knows is ignored" {
	probe '.process.future={a:1}' '.process.user.future="x"' '.process.capabilities.future=["CAP_KILL"]' \
		'.process.commandLine="cmd"' '.process.user.username="name"' '.future=[1]' '.linux.future=null'
	want .uid 0
}

@test "process: consoleSize without a terminal is ignored" {
	probe '.process.consoleSize={height:99999,width:99999}'
	want .tty false
}

@test "process: no groups, whatever the caller has, in a user namespace too" {
	bundle "$(args /bin/probe)" "$(new_ns user)" '.linux.uidMappings=[{containerID:0,hostID:100000,size:65536}]' \
		'.linux.gidMappings=[{containerID:0,hostID:100000,size:65536}]'
	chown -R 100000:100000 "$B/rootfs"
	WRAP="setpriv --groups 4,5,100007" call run --bundle "$B" "$ID"
	ok
	equal "$(jq -c '[.groups,.setgroups]' <<<"$output")" '[[],"allow"]'
	edit '.process.user.additionalGids=[7,65535]'
	run_payload
	equal "$(jq -c .groups <<<"$output")" '[7,65535]'
	edit '.process.user.additionalGids=[65536]'
	call run --bundle "$B" "$ID"
	exited 1
	[[ $RUNTIME_KIND == runc ]] || contains "$error" "process.user"
	nothing_left
}

@test "process: the five sets of capabilities without user 0" {
	probe '.process.user={uid:1000,gid:1000}' '.process.capabilities={bounding:["CAP_KILL","CAP_CHOWN"],permitted:["CAP_KILL"],
		effective:["CAP_KILL"],inheritable:["CAP_KILL"],ambient:["CAP_KILL"]}'
	want '[.caps.bounding,.caps.permitted,.caps.effective,.caps.inheritable,.caps.ambient]' \
		'["0000000000000021","0000000000000020","0000000000000020","0000000000000020","0000000000000020"]'
}
