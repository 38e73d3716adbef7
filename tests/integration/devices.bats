load lib

device() { # TYPE PATH MAJOR MINOR [MORE]
	echo ".linux.devices += [{type:\"$1\",path:\"$2\",major:$3,minor:$4${5:+,$5}}] |
		.linux.resources.devices += [{allow:true,type:\"$1\",major:$3,minor:$4,access:\"rwm\"}]"
}

@test "devices: the default ones" {
	bundle "$(script 'cd /dev; for d in null zero full tty random urandom; do stat -c "%n %F %t:%T %a" $d; done')"
	run_payload
	stdout "$(printf '%s\n' \
		"null character special file 1:3 666" \
		"zero character special file 1:5 666" \
		"full character special file 1:7 666" \
		"tty character special file 5:0 666" \
		"random character special file 1:8 666" \
		"urandom character special file 1:9 666")"
}

@test "devices: the default links" {
	bundle "$(script 'cd /dev; for l in fd stdin stdout stderr ptmx; do readlink $l; done')"
	run_payload
	stdout $'/proc/self/fd\n/proc/self/fd/0\n/proc/self/fd/1\n/proc/self/fd/2\npts/ptmx'
}

@test "devices: nothing else in /dev" {
	bundle "$(script 'ls /dev | grep -v core | tr "\n" " "')"
	run_payload
	stdout "fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero "
}

@test "devices: the default ones work" {
	bundle "$(script 'echo x >/dev/null; head -c 3 /dev/zero | wc -c; head -c 3 /dev/urandom | wc -c; echo x >/dev/full')"
	call run --bundle "$B" "$ID"
	exited 1
	stdout $'3\n3'
	contains "$error" "No space left on device"
}

@test "devices: without /dev in the mounts they are made in the root filesystem" {
	bundle '.mounts|=map(select(.destination|startswith("/dev")|not))' "$(script 'stat -c %t:%T /dev/null')"
	run_payload
	stdout 1:3
}

@test "devices: a character device with mode and owner" {
	bundle "$(device c /dev/kmsg2 1 11 'fileMode:416,uid:7,gid:8')" "$(script 'stat -c "%F %t:%T %a %u:%g" /dev/kmsg2')"
	run_payload
	stdout "character special file 1:b 640 7:8"
}

@test "devices: a block device and a fifo" {
	bundle "$(device b /dev/blk 7 200)" \
		'.linux.devices += [{type:"p",path:"/dev/sub/fifo",fileMode:384,uid:1,gid:2}]' \
		"$(script 'stat -c "%F %t:%T" /dev/blk; stat -c "%F %a %u:%g" /dev/sub/fifo')"
	run_payload
	stdout $'block special file 7:c8\nfifo 600 1:2'
}

@test "devices: type u is a character device" {
	bundle '.linux.devices=[{type:"u",path:"/dev/unbuffered",major:1,minor:3}]' "$(script 'stat -c "%F %t:%T" /dev/unbuffered')"
	run_payload
	stdout "character special file 1:3"
}

@test "devices: an unknown type" {
	bundle '.linux.devices=[{type:"x",path:"/dev/x",major:1,minor:3}]'
	call run --bundle "$B" "$ID"
	exited 1
	nothing_left
}

@test "devices: a path that is outside cannot be reached (CVE-2026-47766)" {
	mkdir "$T/victim"
	bundle "$(device c /out/null 1 3)"
	ln -s "../../../../../../../../../../$T/victim" "$B/rootfs/out"
	call run --bundle "$B" "$ID"
	equal "$(ls -A "$T/victim")" "" "the host's directory"
}

@test "devices: rules: allowed only what is allowed" {
	bundle "$(device c /dev/mem2 1 1)" '.linux.resources.devices=[{allow:false,access:"rwm"}]' \
		"$(script 'cat /dev/mem2 >/dev/null')"
	call run --bundle "$B" "$ID"
	exited 1
	contains "$error" "Operation not permitted"
}

# No driver has this number: where the rules allow it, opening it says so.
@test "devices: rules: a later rule wins, reading and writing are told apart" {
	bundle '.linux.devices=[{type:"c",path:"/dev/none",major:240,minor:7}]' \
		'.linux.resources.devices=[{allow:false,access:"rwm"},{allow:true,type:"c",major:240,minor:7,access:"rwm"},{allow:false,type:"c",major:240,minor:7,access:"w"}]' \
		"$(script 'cat /dev/none; echo x >/dev/none')"
	call run --bundle "$B" "$ID"
	exited 1
	matches "$error" "No such device or address.*"$'\n'".*[Oo]peration not permitted"
}

@test "devices: rules: a wildcard for the minor number" {
	bundle '.linux.devices=[{type:"c",path:"/dev/one",major:240,minor:7},{type:"c",path:"/dev/two",major:241,minor:7}]' \
		'.linux.resources.devices=[{allow:false,access:"rwm"},{allow:true,type:"c",major:240,access:"rwm"}]' \
		"$(script 'cat /dev/one; cat /dev/two')"
	call run --bundle "$B" "$ID"
	exited 1
	matches "$error" "/dev/one.*No such device or address"$'\n'".*/dev/two.*[Oo]peration not permitted"
}

@test "devices: rules: any device may be made, but not opened" {
	bundle '.process.capabilities.bounding+=["CAP_MKNOD"]|.process.capabilities.effective+=["CAP_MKNOD"]|.process.capabilities.permitted+=["CAP_MKNOD"]' \
		'.linux.resources.devices=[{allow:false,access:"rwm"}]' \
		"$(script 'mknod /tmp/none c 240 7 && echo made; cat /tmp/none')"
	call run --bundle "$B" "$ID"
	exited 1
	stdout made
	contains "$error" "Operation not permitted"
}

@test "devices: rules: the default devices are usable even if all is denied" {
	bundle '.linux.resources.devices=[{allow:false,access:"rwm"}]' \
		"$(script 'echo x >/dev/null; head -c 1 /dev/zero | wc -c; head -c 1 /dev/urandom | wc -c')"
	run_payload
	stdout $'1\n1'
}

@test "devices: /dev bound from the host is left as it is" {
	bundle '.mounts|=map(select(.destination|startswith("/dev")|not))' "$(mount_at /dev bind /dev rbind)" \
		"$(script 'stat -c %t:%T /dev/null')"
	local before
	before=$(find /dev -xdev -ls | sort | md5sum)
	run_payload
	stdout 1:3
	equal "$(find /dev -xdev -ls | sort | md5sum)" "$before" "the host's /dev"
}
