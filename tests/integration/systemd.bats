#!/usr/bin/env bats
#
# --systemd-cgroup: the scope that systemd keeps for a container.

SYSTEMD_CGROUP=1
load lib.bash

# From another PID namespace systemctl does not take to systemd's own socket.
export SYSTEMCTL_FORCE_BUS=1

setup() {
	begin
	requires systemd
}

# shown PROPERTY prints what systemd has of the container's unit.
shown() { systemctl show --property "$1" --value "${UNIT:-rt-$ID.scope}"; }

# unit_gone wants that systemd has forgotten the unit, and the kernel its cgroup.
unit_gone() {
	equal "$(systemctl show --property LoadState --value "${UNIT:-rt-$ID.scope}")" not-found
	equal "$(find /sys/fs/cgroup -type d -name "*$ID*")" ""
}

# kernel FILE prints a file of the container's cgroup.
kernel() { cat "$(cgroup_dir -)/$1"; }

version() { systemctl --version | sed -n '1s/^systemd \([0-9]*\).*/\1/p'; }

limits='.linux.resources += {
	memory: {limit: 67108864, reservation: 33554432},
	cpu: {shares: 512, quota: 20500, period: 50000, cpus: "0"},
	pids: {limit: 77}
}'

@test "systemd: the unit and its cgroup" {
	bundle "$(args sleep 100)" "$limits"
	running
	equal "$(cut -d: -f3 "/proc/$PID/cgroup" | tail -n 1)" "/system.slice/rt-$ID.scope"
	equal "$(shown ActiveState)" active
	equal "$(shown Slice)" system.slice
	equal "$(shown Delegate)" yes
	equal "$(shown DefaultDependencies)" no
	equal "$(shown CollectMode)" inactive-or-failed
	contains "$(shown Description)" "$ID"
	call delete --force "$ID"
	ok
	unit_gone
}

@test "systemd: a filter denies pidfd_open" {
	bundle "$(args sleep 100)"
	WRAP="denysys pidfd_open EPERM --"
	running
	equal "$(shown ActiveState)" active
	call delete --force "$ID"
	ok
	unit_gone
}

@test "systemd: limits, in the kernel as they were asked for" {
	requires cgroup2
	bundle "$(args sleep 100)" "$limits"
	running
	equal "$(kernel memory.max)" 67108864
	equal "$(kernel memory.low)" 33554432
	equal "$(kernel cpu.max)" "20500 50000"
	equal "$(kernel pids.max)" 77
	equal "$(kernel cpuset.cpus)" 0
	equal "$(shown MemoryMax)" 67108864
	equal "$(shown MemoryLow)" 33554432
	equal "$(shown CPUWeight)" "$(kernel cpu.weight)"
	equal "$(shown CPUQuotaPerSecUSec)" 410ms
	equal "$(shown CPUQuotaPeriodUSec)" 50ms
	equal "$(shown TasksMax)" 77
	equal "$(shown AllowedCPUs)" 0
	# What systemd does not do in one message it would do in more.
	equal "$(find "/run/systemd/transient/rt-$ID.scope.d" "/run/systemd/system.control/rt-$ID.scope.d" 2>/dev/null)" ""
}

@test "systemd: values of linux.resources.unified" {
	requires cgroup2
	bundle "$(args sleep 100)" '.linux.resources.unified={"memory.high":"50331648","memory.swap.max":"0","pids.max":"55","cpu.max":"30000 100000"}'
	running
	equal "$(kernel memory.high)" 50331648
	equal "$(shown MemoryHigh)" 50331648
	equal "$(shown MemorySwapMax)" 0
	equal "$(shown TasksMax)" 55
	equal "$(shown CPUQuotaPerSecUSec)" 300ms
}

@test "systemd: create, start, exec, kill, delete" {
	bundle "$(args sleep 100)"
	created
	is created
	equal "$(shown ActiveState)" active
	call start "$ID"
	ok
	call exec "$ID" cat /proc/self/cgroup
	ok
	contains "$output" "rt-$ID.scope"
	call kill "$ID" KILL
	ok
	ended
	is stopped
	call delete "$ID"
	ok
	unit_gone
	# The name is free again at once.
	running
}

@test "systemd: later commands need not be told" {
	bundle "$(args sleep 100)"
	running
	FLAGS=()
	call exec "$ID" true
	ok
	call delete --force "$ID"
	ok
	unit_gone
}

@test "systemd: a payload that ends by itself" {
	bundle "$(args true)"
	run_payload
	unit_gone
}

@test "systemd: slices, with those above them" {
	bundle "$(args sleep 100)" ".linux.cgroupsPath=\"rt-a-b.slice:pre:$ID\""
	UNIT=pre-$ID.scope
	running
	equal "$(shown ControlGroup)" "/rt.slice/rt-a.slice/rt-a-b.slice/pre-$ID.scope"
	call delete --force "$ID"
	ok
	unit_gone
	systemctl stop rt.slice
}

@test "systemd: without cgroupsPath the scope bears the id" {
	bundle "$(args sleep 100)" 'del(.linux.cgroupsPath)'
	UNIT=rung-$ID.scope
	running
	equal "$(shown ControlGroup)" "/system.slice/rung-$ID.scope"
}

@test "systemd: an id with what a unit's name cannot have" {
	bundle "$(args sleep 100)" 'del(.linux.cgroupsPath)'
	ID=$ID+x
	running
	UNIT="rung-${ID%+x}\\x2bx.scope"
	equal "$(shown ActiveState)" active
	call delete --force "$ID"
	ok
	unit_gone
}

@test "systemd: cgroupsPath that is no unit's" {
	local path
	for path in "a/b" "/a" "x:y" "noslice:a:b" "a--b.slice:a:b" "-a.slice:a:b" ".slice:a:b" "a.slice:b:c:d" "a.slice:b/c:d" "a.slice:b c:d" "a.slice:b:" "a.slice:b:c.slice"; do
		bundle ".linux.cgroupsPath=\"$path\""
		SYSTEMD_CGROUP='' call run --bundle "$B" "$ID"
		fails 1 "linux.cgroupsPath: "
		nothing_left
	done
}

@test "systemd: annotations are properties, from a list" {
	bundle "$(args sleep 100)" '.annotations={
		"org.systemd.property.TimeoutStopSec": "7",
		"org.systemd.property.RuntimeMaxUSec": "uint64 3600000000",
		"org.systemd.property.Description": "\"of the config\"",
		"org.systemd.property.CollectMode": "'"'inactive'"'",
		"org.systemd.property.KillSignal": "10"}'
	running
	equal "$(shown TimeoutStopUSec)" 7s
	equal "$(shown RuntimeMaxUSec)" 1h
	equal "$(shown Description)" "of the config"
	equal "$(shown CollectMode)" inactive
	equal "$(shown KillSignal)" 10
	call delete --force "$ID"
	ok
	unit_gone
}

@test "systemd: annotations that are refused" {
	local name value
	while read -r name value; do
		bundle ".annotations={\"org.systemd.property.$name\": $(json_string "$value")}"
		call run --bundle "$B" "$ID"
		fails 1 "annotations[\"org.systemd.property.$name\"]: "
		unit_gone
	done <<-END
		OnFailure ['x.service']
		ExecStart [('/bin/true', ['true'], false)]
		FailureAction 'reboot'
		Slice 'x.slice'
		Delegate false
		DeviceAllow @a(ss) []
		PIDs @au []
		NoSuchThing 5
		MemoryMax 'much'
		MemoryMax -1
		CollectMode 5
		TimeoutStopSec 'long'
		MemoryMax uint64
	END
	bundle '.annotations={"org.systemd.property.MemoryMax": "uint64 99999999"}' "$limits"
	call run --bundle "$B" "$ID"
	fails 1 "org.systemd.property.MemoryMax: linux.resources sets this too"
	unit_gone
}

# A payload that opens a device which the config allows, and one which it does
# not, over and over, and says so when that changes.
device_loop='
mknod /dev/yes c 1 11; mknod /dev/no c 10 229
echo begin
while [ ! -e /stop ]; do
	(: >/dev/yes) 2>/dev/null || echo "the allowed device is lost"
	(: >/dev/no) 2>/dev/null && echo "the other device is open"
	: >/turns; echo x >>/count
done
echo end'

# turn waits until the payload was round once more, from now on.
turn() {
	local before
	before=$(wc -l <"$B/rootfs/count")
	for ((i = 0; i < 600; i++)); do
		(($(wc -l <"$B/rootfs/count") <= before + 1)) || return 0
		sleep 0.1
	done
	flunk "the payload stands still"
}

@test "systemd: devices and limits stay, whatever systemd does" {
	bundle "$(script "$device_loop")" "$limits" \
		'.linux.resources.devices += [{allow:true,type:"c",major:1,minor:11,access:"rw"}]' \
		'.process.capabilities[] += ["CAP_MKNOD"]'
	touch "$B/rootfs/count"
	running
	turn
	systemctl daemon-reload
	turn
	systemctl set-property --runtime "rt-$ID.scope" CPUWeight=123 MemoryHigh=60000000
	turn
	systemctl daemon-reload
	turn
	systemctl daemon-reexec
	turn
	systemctl set-property --runtime "rt-$ID.scope" IOWeight=77
	turn
	call update --memory 50331648 "$ID"
	exited 0
	systemctl daemon-reload
	systemctl daemon-reexec
	turn
	if cgroup2; then
		equal "$(kernel memory.max)" 50331648
		equal "$(kernel memory.high)" 59998208
		equal "$(kernel pids.max)" 77
		equal "$(kernel cpu.weight)" 123
		matches "$(kernel cpu.max)" "^20500 50000$"
		equal "$(kernel cpuset.cpus)" 0
	fi
	touch "$B/rootfs/stop"
	ended
	equal "$(<"$CTOUT")" "$(printf 'begin\nend')"
}

@test "systemd: update tells systemd" {
	requires cgroup2
	bundle "$(args sleep 100)" "$limits"
	running
	call update --memory 134217728 --cpu-quota 33333 --pids-limit 20 --cpu-share 1024 "$ID"
	exited 0
	equal "$(kernel memory.max)" 134217728
	equal "$(shown MemoryMax)" 134217728
	equal "$(kernel cpu.max)" "33333 50000"
	equal "$(shown CPUQuotaPerSecUSec)" 670ms
	equal "$(shown TasksMax)" 20
	equal "$(shown CPUWeight)" "$(kernel cpu.weight)"
	# One that is refused changes nothing, with systemd neither.
	call update --memory 100663296 --cpuset-cpus 4000 "$ID"
	differ "$status" 0
	equal "$(kernel memory.max)" 134217728
	equal "$(shown MemoryMax)" 134217728
}

@test "systemd: pause, resume, delete of a paused one" {
	bundle "$(args sleep 100)"
	running
	call pause "$ID"
	ok
	is paused
	call resume "$ID"
	ok
	is running
	call pause "$ID"
	ok
	call delete --force "$ID"
	ok
	unit_gone
}

@test "systemd: groups that the payload made go too" {
	requires cgroup2
	bundle "$(args sleep 100)"
	running
	mkdir -p "$(cgroup_dir -)/below/that"
	call delete --force "$ID"
	ok
	unit_gone
}

@test "systemd: a create that fails leaves no unit" {
	bundle '.hooks={createRuntime:[{path:"/bin/false"}]}'
	call create --bundle "$B" "$ID"
	fails 1 "createRuntime"
	unit_gone
	nothing_left
	bundle "$(mount_at /none/such bind /no/such/thing bind)"
	call create --bundle "$B" "$ID"
	exited 1
	unit_gone
	nothing_left
}

@test "systemd: a unit of that name is somebody else's" {
	bundle "$(args sleep 100)"
	running
	call run --bundle "$B" --detach "$ID-2"
	fails 1 "rt-$ID.scope" "there is a unit of that name" "sleep"
	equal "$(shown ActiveState)" active
	is running
	call exec "$ID" true
	ok
}

@test "systemd: a failed unit of that name is cleared away" {
	bundle "$(args sleep 100)" '.annotations={
		"org.systemd.property.RuntimeMaxSec": "1", "org.systemd.property.CollectMode": "\"inactive\""}'
	running
	ended
	for ((i = 0; i < 100; i++)); do
		[[ $(shown ActiveState) == failed ]] && break
		sleep 0.1
	done
	equal "$(shown ActiveState)" failed
	config "$(args sleep 100)"
	call run --bundle "$B" --detach "$ID-2"
	ok
	equal "$(shown ActiveState)" active
	call delete --force "$ID-2"
	ok
}

@test "systemd: a stopped D-Bus daemon is in nobody's way" {
	requires cgroup2
	local daemon=/sys/fs/cgroup/system.slice/dbus.service/cgroup.freeze
	[[ -e $daemon ]] || skip "no D-Bus daemon"
	bundle "$(args true)"
	echo 1 >"$daemon"
	call run --bundle "$B" "$ID"
	echo 0 >"$daemon"
	ok
	unit_gone
}

@test "systemd: one that executes itself anew meanwhile" {
	local n
	bundle "$(args true)" "$limits"
	touch "$T/go"
	spawn anew sh -c "while [ -e '$T/go' ]; do systemctl daemon-reexec; done"
	for ((n = 0; n < 5; n++)); do
		call run --bundle "$B" "$ID"
		ok
	done
	rm "$T/go"
	reap anew "$SPAWNED_PID"
	for ((n = 0; n < 100; n++)); do
		systemctl show --property Version >/dev/null 2>&1 && break
		sleep 0.1
	done
	unit_gone
}

@test "systemd: one that does not answer is given up, and nothing is left" {
	requires isolated
	bundle "$(args true)"
	spawn mute sdhelper mute "$T/mute"
	until [[ -S $T/mute ]]; do sleep 0.1; done
	local began=$SECONDS
	WRAP="unshare --mount sh -c 'mount --bind $T/mute /run/systemd/private; exec \"\$0\" \"\$@\"'" PATIENCE=10 \
		call run --bundle "$B" "$ID"
	fails 1 "systemd at unix:path=/run/systemd/private" "no answer within 30s" "systemd is stopped, or busier than that"
	((SECONDS - began < 60)) || flunk "it took $((SECONDS - began)) s"
	unit_gone
	nothing_left
}

@test "systemd: delete does without a systemd that does not answer" {
	requires isolated
	bundle "$(args sleep 100)"
	running
	spawn mute sdhelper mute "$T/mute"
	until [[ -S $T/mute ]]; do sleep 0.1; done
	WRAP="unshare --mount sh -c 'mount --bind $T/mute /run/systemd/private; exec \"\$0\" \"\$@\"'" PATIENCE=10 \
		call --debug delete --force "$ID"
	exited 0
	contains "$error" "no answer within 30s"
	for ((i = 0; i < 100; i++)); do
		[[ $(shown LoadState) == not-found ]] && break
		sleep 0.1
	done
	unit_gone
}

@test "systemd: through the bus where systemd's own socket is not" {
	requires isolated
	bundle "$(args true)"
	WRAP="unshare --mount sh -c 'rm -f $T/none; ln -s /nowhere $T/none; mount -t tmpfs none /run/systemd; mkdir /run/systemd/system; exec \"\$0\" \"\$@\"'" \
		call run --bundle "$B" "$ID"
	ok
	unit_gone
}

@test "systemd: the user's own" {
	requires cgroup2
	local place user
	for place in /run/user/[1-9]*; do
		[[ ! -S $place/systemd/private ]] || user=$(id -un "${place##*/}")
	done
	[[ -n ${user:-} ]] || skip "no systemd of an ordinary user runs here"
	place=/run/user/$(id -u "$user")
	bundle
	chown -R "$user:" "$B" "$ROOT"
	chmod 755 "$T" "$B"
	WRAP="runuser -u $user -- env XDG_RUNTIME_DIR=$place"
	rm "$B/config.json"
	call spec --rootless --bundle "$B"
	ok
	edit "$(args sleep 100)" ".process.terminal=false | .linux.cgroupsPath=\":rt:$ID\"" \
		'.linux.resources={memory:{limit:67108864},pids:{limit:33}}'
	chown "$user:" "$B/config.json"
	running
	contains "$(cgroup_dir -)" "/user@${place##*/}.service/user.slice/rt-$ID.scope"
	equal "$(kernel memory.max)" 67108864
	equal "$(kernel pids.max)" 33
	present "$place/systemd/transient/rt-$ID.scope"
	# From where this user may not move processes by itself, and systemd knows
	# them by their numbers alone.
	call exec "$ID" id -u
	if [[ $(readlink /proc/self/ns/pid) == "pid:[4026531836]" ]]; then
		ok
		stdout 0
	else
		fails 255 "systemd is in another PID namespace"
	fi
	call update --memory 50331648 "$ID"
	exited 0
	equal "$(kernel memory.max)" 50331648
	call pause "$ID"
	ok
	is paused
	call delete --force "$ID"
	ok
	equal "$(find /sys/fs/cgroup -type d -name "*$ID*")" ""
	absent "$place/systemd/transient/rt-$ID.scope"
}
