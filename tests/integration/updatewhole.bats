load lib
load update

# covers: linux.resources.memory.checkBeforeUpdate

@test "update: is what later commands go on from" {
	requires controller=memory
	differs_from_runc "looks into the state"
	up "$(resources '{memory:{limit:67108864},cpu:{shares:300}}')"
	call update --memory 128M "$ID"
	ok
	# Only known from the update: swap is checked against it.
	call update --memory-swap 100M "$ID"
	fails 1 "memory+swap limit 104857600 is below the memory limit 134217728"
	call update --memory-swap 256M "$ID"
	ok
	equal "$(jq -c '.linux.resources | {memory, cpu}' "$ROOT/$ID/updated.json")" \
		'{"memory":{"limit":134217728,"swap":268435456},"cpu":{"shares":300}}'
	call exec "$ID" true
	ok
}

@test "update: changed from outside, it is not set back" {
	differs_with_systemd "systemd writes its limits again when it likes to"
	requires controller=memory
	requires controller=pids
	up "$(resources '{memory:{limit:67108864}}')"
	if cgroup2; then
		echo 134217728 >"$(cgroup_dir -)/memory.max"
	else
		echo 134217728 >"$(cgroup_dir memory)/memory.limit_in_bytes"
	fi
	call update --pids-limit 10 "$ID"
	ok
	differs_from_runc "what is not given stays"
	memory_limit 134217728
}

@test "update: what fails changes nothing" {
	requires controller=memory
	requires controller=cpuset
	requires controller=pids
	requires controller=cpu
	differs_from_runc "leaves half of it"
	up "$(resources '{memory:{limit:67108864},cpu:{shares:300,quota:50000,burst:1000},pids:{limit:20}}')"
	local before
	before=$(every_value)
	# The kernel knows no CPU 999; that is found when the others are set.
	call update --memory 128M --memory-reservation 32M --cpu-share 400 --cpu-quota 30000 --cpu-burst 2000 --cpu-period 50000 \
		--pids-limit 30 --cpuset-cpus 999 "$ID"
	fails 1 "linux.resources.cpu.cpus"
	equal "$(every_value)" "$before"
	absent "$ROOT/$ID/updated.json"
	# Idle loses the weight, which has to be there again.
	call update --cpu-idle 1 --pids-limit 30 --memory 40M --cpuset-cpus 999 "$ID"
	fails 1 "linux.resources.cpu.cpus"
	equal "$(every_value)" "$before"
	call update --memory 128M --cpu-share 400 --pids-limit 30 --cpuset-cpus 0 "$ID"
	ok
	differ "$(every_value)" "$before"
}

@test "update: what cannot be written down changes nothing" {
	requires controller=memory
	requires controller=pids
	differs_from_runc "leaves half of it"
	up
	local before
	before=$(every_value)
	# A directory in the place of the file that is to be written.
	mkdir "$ROOT/$ID/updated.json"
	call update --memory 128M --pids-limit 30 "$ID"
	exited 1
	rmdir "$ROOT/$ID/updated.json"
	equal "$(every_value)" "$before"
}

@test "update: memory that is in use" {
	requires controller=memory
	requires cgroup1
	bundle "$(script 'head -c 20000000 /dev/zero >/dev/shm/x; echo have; sleep 100')" "$(resources '{memory:{limit:268435456}}')"
	running
	await text "$CTOUT" have
	local before
	before=$(every_value)
	call update --memory 4M --pids-limit 30 "$ID"
	exited 1
	is running
	differs_from_runc "names the field, leaves nothing"
	fails 1 "linux.resources.memory.limit" "device or resource busy" "bytes are in use"
	equal "$(every_value)" "$before"
}

@test "update: memory that is in use, on v2, with checkBeforeUpdate" {
	requires controller=memory
	requires cgroup2
	needs_runc 1.1.10 "checkBeforeUpdate"
	bundle "$(script 'head -c 20000000 /dev/zero >/dev/shm/x; echo have; sleep 100')" "$(resources '{memory:{limit:268435456}}')"
	running
	await text "$CTOUT" have
	update_by '{"memory":{"limit":8388608,"checkBeforeUpdate":true},"pids":{"limit":30}}'
	fails 1 "rejecting memory limit"
	is running
	memory_limit 268435456
	equal "$(cgroup_file - memory.high)" max
	# It is remembered, once it was taken.
	update_by '{"memory":{"checkBeforeUpdate":true}}'
	ok
	call update --memory 8M "$ID"
	exited 1
	differs_from_runc "names the field"
	fails 1 "rejecting memory limit 8388608 <= usage"
	is running
	# What can be freed is.
	call update --memory 128M "$ID"
	ok
	memory_limit 134217728
	equal "$(cgroup_file - memory.high)" max
	update_by '{"memory":{"limit":134217728,"swap":134217728,"checkBeforeUpdate":true}}'
	ok
}

@test "update: page cache is freed to get below the limit, nobody is killed" {
	requires controller=memory
	differs_from_runc "frees first"
	local big=/var/tmp/$ID
	case $(stat -f -c %T /var/tmp) in tmpfs | ramfs) skip "no disk at /var/tmp" ;; esac
	head -c 60000000 /dev/zero >"$big"
	sync "$big"
	dd if="$big" iflag=nocache count=0 2>/dev/null # who reads it now is charged for it
	bundle "$(script 'cat /big >/dev/null; echo have; sleep 100; :')" "$(resources '{memory:{limit:268435456}}')" \
		"$(mount_at /big bind "$big" bind ro)"
	running
	rm "$big"
	await text "$CTOUT" have
	[[ $(cgroup_file memory.usage_in_bytes memory.current) -gt 40000000 ]] || skip "reading a file costs no memory here"
	update_by '{"memory":{"limit":16777216,"checkBeforeUpdate":true}}'
	ok
	is running
	memory_limit 16777216
}

@test "update: devices" {
	differs_from_runc "does not change them"
	bundle "$(script 'while :; do if true <>/dev/fuse; then echo yes; else echo no; fi 2>/dev/null; sleep 0.05; done')" \
		'.linux.devices=[{path:"/dev/fuse",type:"c",major:10,minor:229}]'
	[[ -e /dev/fuse ]] || skip "no /dev/fuse on this machine"
	running
	await text "$CTOUT" no
	update_by '{"devices":[{"allow":false,"access":"rwm"},{"allow":true,"type":"c","major":10,"minor":229,"access":"rwm"}]}'
	ok
	await text "$CTOUT" yes
	update_by '{"devices":[{"allow":false,"access":"rwm"}]}'
	ok
	: >"$CTOUT"
	await text "$CTOUT" no
}

@test "update: devices that somebody else has added stay" {
	requires cgroup1
	up
	echo "c 10:229 rw" >"$(cgroup_dir devices)/devices.allow"
	update_by '{"devices":[{"allow":false,"access":"rwm"}],"pids":{"limit":30}}'
	ok
	contains "$(cat "$(cgroup_dir devices)/devices.list")" "c 10:229 rw"
}

@test "update: unified" {
	requires cgroup2
	requires controller=memory
	requires controller=pids
	up
	update_by '{"unified":{"memory.high":"50331648","memory.max":"67108864","pids.max":"33","cpu.weight":"77"}}'
	ok
	equal "$(cgroup_file - memory.high)" 50331648
	equal "$(cgroup_file - memory.max)" 67108864
	equal "$(cgroup_file - pids.max)" 33
	equal "$(cgroup_file - cpu.weight)" 77
	differs_from_runc "leaves half of it"
	update_by '{"unified":{"memory.high":"40000000","pids.max":"many"}}'
	fails 1 'linux.resources.unified["pids.max"]'
	equal "$(cgroup_file - memory.high)" 50331648
	update_by '{"unified":{"none.max":"1"}}'
	fails 1 'linux.resources.unified["none.max"]' 'controller "none" not available'
}

@test "update: unified on v1" {
	requires cgroup1
	up
	update_by '{"unified":{"memory.high":"50331648"}}'
	exited 1
}

@test "update: limits of a device" {
	cgroup2 && requires controller=io || requires controller=blkio
	local device
	device=$(lsblk -dnro MAJ:MIN 2>/dev/null | head -n 1)
	[[ -n $device ]] || skip "no block device on this machine"
	needs_runc 1.3 "limits of devices by update"
	up
	local n="{\"major\":${device%:*},\"minor\":${device#*:},\"rate\""
	update_by "{\"blockIO\":{\"throttleReadBpsDevice\":[$n:1048576}],\"throttleWriteIOPSDevice\":[$n:100}]}}"
	ok
	if cgroup2; then
		contains "$(cgroup_file - io.max)" "$device rbps=1048576 wbps=max riops=max wiops=100"
	else
		equal "$(cgroup_file blkio.throttle.read_bps_device -)" "$device 1048576"
	fi
	# 0 takes it away.
	update_by "{\"blockIO\":{\"throttleReadBpsDevice\":[$n:0}],\"throttleWriteIOPSDevice\":[$n:0}]}}"
	ok
	equal "$(cgroup_file blkio.throttle.read_bps_device io.max)" ""
}

@test "update: classes of service where there are none" {
	[[ ! -d /sys/fs/resctrl/info ]] || skip "this machine has them"
	requires controller=pids
	up "$(resources '{pids:{limit:20}}')"
	call update --l3-cache-schema "L3:0=f" --pids-limit 30 "$ID"
	exited 1
	differs_from_runc "leaves nothing"
	equal "$(cgroup_file pids.max pids.max)" 20
}

@test "update: two at once" {
	requires controller=pids
	up
	local n
	for n in 1 2 3 4; do spawn "u$n" "$RUNTIME" --root "$ROOT" update --pids-limit "2$n" "$ID"; done
	n=0
	for pid in "${SPAWNED[@]}"; do
		n=$((n + 1))
		reap "u$n" "$pid"
		exited 0
	done
	matches "$(cgroup_file pids.max pids.max)" '^2[1-4]$'
}
