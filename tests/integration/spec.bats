load lib

# Here the bundle's only file is what the command is to write.
teardown() {
	rm -rf "$B"
	finish
}

@test "spec: writes config.json" {
	mkdir "$B"
	cd "$B"
	call spec
	ok
	stdout ""
	equal "$(stat -c %a config.json)" 644
	jq -e . config.json >"$T/ignored"
}

@test "spec --bundle" {
	mkdir "$B"
	call spec --bundle "$B"
	ok
	present "$B/config.json"
	rm "$B/config.json"
	call spec -b "$B"
	ok
	present "$B/config.json"
}

@test "spec: does not overwrite" {
	mkdir "$B"
	echo mine >"$B/config.json"
	call spec --bundle "$B"
	fails 1 "File config.json exists. Remove it first"
	equal "$(<"$B/config.json")" mine
}

@test "spec: a bundle that does not exist" {
	call spec --bundle "$T/none"
	fails 1 "no such file or directory"
	absent "$T/none"
}

@test "spec: what it writes" {
	mkdir "$B"
	call spec --bundle "$B"
	ok
	local c=$B/config.json
	equal "$(jq -c '.process.args' $c)" '["sh"]'
	equal "$(jq -c '.process.terminal' $c)" true
	equal "$(jq -c '.process.cwd' $c)" '"/"'
	equal "$(jq -c '.process.noNewPrivileges' $c)" true
	equal "$(jq -c '.root' $c)" '{"path":"rootfs","readonly":true}'
	equal "$(jq -c '[.mounts[].destination]' $c)" \
		'["/proc","/dev","/dev/pts","/dev/shm","/dev/mqueue","/sys","/sys/fs/cgroup"]'
	equal "$(jq -c '[.linux.namespaces[].type]|sort-["cgroup"]' $c)" '["ipc","mount","network","pid","uts"]'
	equal "$(jq -c '.process.capabilities.bounding' $c)" '["CAP_AUDIT_WRITE","CAP_KILL","CAP_NET_BIND_SERVICE"]'
	equal "$(jq -c '.linux.maskedPaths|length>5' $c)" true
	equal "$(jq -c '.linux.readonlyPaths|length>4' $c)" true
	equal "$(jq -c '.linux.resources.devices' $c)" '[{"allow":false,"access":"rwm"}]'
}

@test "spec: what it writes runs" {
	mkdir "$B"
	call spec --bundle "$B"
	ok
	cp -a "$RUNG_TEST_BUILD/rootfs" "$B/rootfs"
	# Only what a test without terminal needs; a name for the cgroup.
	edit '.process.terminal=false' "$(args sh -c 'echo fine; id -u; hostname; touch /x 2>&1')"
	call run --bundle "$B" "$ID"
	exited 1
	matches "$output" $'^fine\n0\n[a-z]+\ntouch: /x: Read-only file system$'
}

@test "spec --rootless: has a user namespace with the caller's ids" {
	mkdir "$B"
	call spec --bundle "$B" --rootless
	ok
	local c=$B/config.json
	equal "$(jq -c '[.linux.namespaces[].type]|contains(["user"])' $c)" true
	equal "$(jq -c '.linux.uidMappings' $c)" '[{"containerID":0,"hostID":0,"size":1}]'
	equal "$(jq -c '.linux.gidMappings' $c)" '[{"containerID":0,"hostID":0,"size":1}]'
	equal "$(jq -c '[.linux.namespaces[].type]|contains(["network"])' $c)" false
}
