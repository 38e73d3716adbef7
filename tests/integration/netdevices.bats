load lib

# The runtime gets a network namespace of its own for each test: there the
# devices are made, and nothing of this machine's network is touched.

host() {
	requires program=ip
	spawn host unshare --net sleep 1000
	HOST=$SPAWNED_PID
	while [[ $(readlink "/proc/$HOST/ns/net") == "$(readlink /proc/self/ns/net)" || $(</proc/$HOST/comm) != sleep ]]; do :; done
	WRAP="nsenter --target $HOST --net"
}

# on_host COMMAND… runs a command there; pair NAME makes a device and its peer.
on_host() { nsenter --target "$HOST" --net "$@"; }
pair() {
	on_host ip link add "$1" type veth peer name "p-$1" || skip "this kernel makes no veth devices"
}

addresses() { on_host ip -o addr show dev "$1" | sed -E 's/ +/ /g'; }

# move NAME [AS] is the filter that moves a device.
move() { echo ".linux.netDevices[\"$1\"]={${2:+name:\"$2\"}}"; }

# tell DEVICE is a script that prints what is to be known of a device.
tell() { script "cat /sys/class/net/$1/address /sys/class/net/$1/mtu; ip addr show dev $1; ip link show dev $1"; }

# covers: linux.netDevices
@test "netdevices: moved, with its addresses, and up" {
	needs_runc 1.4 "network devices"
	host
	pair one
	on_host ip link set one mtu 1342 address 02:00:00:00:00:07
	on_host ip addr add 10.7.0.2/24 brd 10.7.0.255 dev one
	on_host ip addr add 10.7.1.2/16 dev one
	on_host ip -6 addr add fd00:7::2/64 dev one nodad
	on_host ip link set one up
	on_host ip link set p-one up
	bundle "$(move one)" "$(tell one)"
	call run --bundle "$B" "$ID"
	ok
	contains "$output" "02:00:00:00:00:07"
	contains "$output" 1342
	contains "$output" "inet 10.7.0.2/24 brd 10.7.0.255 scope global one"
	contains "$output" "inet 10.7.1.2/16 scope global one"
	contains "$output" "inet6 fd00:7::2/64 scope global"
	matches "$output" '[<,]UP,LOWER_UP[,>]'
}

@test "netdevices: it carries traffic" {
	needs_runc 1.4 "network devices"
	host
	pair one
	on_host ip addr add 10.7.0.1/24 dev p-one
	on_host ip link set p-one up
	on_host ip addr add 10.7.0.2/24 dev one
	bundle "$(move one)" '.process.capabilities.effective+=["CAP_NET_RAW"]|.process.capabilities.permitted+=["CAP_NET_RAW"]|.process.capabilities.bounding+=["CAP_NET_RAW"]' \
		"$(script 'ping -c 1 -W 5 10.7.0.1 | grep -c "1 packets received"')"
	call run --bundle "$B" "$ID"
	ok
	stdout 1
}

# covers: linux.netDevices
@test "netdevices: under another name" {
	needs_runc 1.4 "network devices"
	host
	pair one
	on_host ip addr add 10.7.0.2/24 dev one label one:web
	bundle "$(move one eth0)" "$(script 'ls /sys/class/net; ip addr show dev eth0 | grep inet')"
	call run --bundle "$B" "$ID"
	ok
	contains "$output" $'eth0\nlo'
	contains "$output" "inet 10.7.0.2/24 scope global"
}

# covers: linux.netDevices
@test "netdevices: a template gets the first free number" {
	differs_from_runc "runc looks for the name as it is written"
	host
	pair one
	pair two
	on_host ip addr add 10.7.0.2/24 dev one
	bundle "$(move one 'eth%d')" "$(move two 'eth%d')" "$(script 'ls /sys/class/net; ip addr show dev eth0 | grep "inet "')"
	call run --bundle "$B" "$ID"
	ok
	contains "$output" $'eth0\neth1\nlo'
	contains "$output" "inet 10.7.0.2/24 scope global eth0"
}

@test "netdevices: two that change their names with each other" {
	differs_from_runc "not tried there"
	host
	pair one
	pair two
	on_host ip link set one mtu 1301
	on_host ip link set two mtu 1302
	bundle "$(move one two)" "$(move two one)" "$(script 'cat /sys/class/net/one/mtu /sys/class/net/two/mtu')"
	call run --bundle "$B" "$ID"
	ok
	stdout $'1302\n1301'
}

@test "netdevices: addresses that are not for good stay behind" {
	needs_runc 1.4 "network devices"
	host
	pair one
	on_host ip addr add 10.7.0.2/24 dev one valid_lft 1000 preferred_lft 1000
	on_host ip addr add 10.9.0.3/24 dev one scope link
	on_host ip addr add 10.7.0.4/24 dev one
	bundle "$(move one)" "$(script 'ip addr show dev one | grep "inet "')"
	call run --bundle "$B" "$ID"
	ok
	lacks "$output" 10.7.0.2
	lacks "$output" 10.9.0.3
	contains "$output" 10.7.0.4
}

# covers: linux.netDevices
@test "netdevices: into a network namespace by path, where it stays" {
	needs_runc 1.4 "network devices"
	host
	pair one
	on_host ip addr add 10.7.0.2/24 dev one
	spawn pod unshare --net sleep 1000
	local pod=$SPAWNED_PID
	while [[ $(readlink "/proc/$pod/ns/net") == "$(readlink /proc/self/ns/net)" ]]; do :; done
	bundle "$(join_ns network "/proc/$pod/ns/net")" "$(move one web)" "$(script 'ls /sys/class/net')" '.mounts|=map(select(.type!="sysfs"))' "$(script 'ip -o link | grep -c web')"
	call run --bundle "$B" "$ID"
	ok
	stdout 1
	contains "$(nsenter --target "$pod" --net ip addr show dev web)" "inet 10.7.0.2/24"
}

@test "netdevices: sysctls of the device" {
	differs_from_runc "runc turns every dot of a sysctl into a slash"
	host
	pair one
	bundle "$(move one eth0.100)" '.linux.sysctl={"net/ipv4/conf/eth0.100/forwarding":"1"}' "$(script 'cat /proc/sys/net/ipv4/conf/eth0.100/forwarding')"
	call run --bundle "$B" "$ID"
	ok
	stdout 1
}

@test "netdevices: in a user namespace" {
	needs_runc 1.4 "network devices"
	host
	pair one
	on_host ip addr add 10.7.0.2/24 dev one
	bundle "$(new_ns user)" '.linux.uidMappings=[{containerID:0,hostID:100000,size:65536}]|.linux.gidMappings=[{containerID:0,hostID:100000,size:65536}]' \
		"$(move one eth0)" "$(script 'ip addr show dev eth0 | grep "inet "; ip link show dev eth0 | head -n 1')"
	chown -R 100000:100000 "$B/rootfs"
	call run --bundle "$B" "$ID"
	ok
	contains "$output" 10.7.0.2/24
	matches "$output" '[<,]UP[,>]'
}

@test "netdevices: hooks of the runtime's namespaces find it moved" {
	needs_runc 1.4 "network devices"
	host
	pair one
	bundle "$(move one eth0)" ".hooks={createRuntime:[{path:\"/bin/sh\",args:[\"sh\",\"-c\",\"cat /proc/net/dev >$T/seen\"]}]}"
	call run --bundle "$B" "$ID"
	ok
	lacks "$(<"$T/seen")" " one:"
}

@test "netdevices: the container ends: a virtual device ends with its namespace" {
	needs_runc 1.4 "network devices"
	host
	pair one
	bundle "$(move one)" "$(args sleep 100)"
	call run --bundle "$B" --detach "$ID"
	exited 0
	lacks "$(on_host ip -o link)" " one@"
	spawn monitor nsenter --target "$HOST" --net ip monitor link
	call delete --force "$ID"
	ok
	# The kernel takes its time, and the peer goes with it.
	await -limit 20s text "$T/monitor.out" "Deleted"
	lacks "$(on_host ip -o link)" one
}

# covers: linux.netDevices
@test "netdevices: a container that cannot be made gives them back as they were" {
	differs_from_runc "runc leaves them to the kernel, which removes virtual ones"
	host
	pair one
	pair two
	on_host ip addr add 10.7.0.2/24 brd 10.7.0.255 dev one label one:web
	on_host ip addr add 10.9.0.3/24 dev one scope link
	on_host ip -6 addr add fd00:7::2/64 dev one nodad
	on_host ip link set one up
	on_host ip link set p-one up
	local before after
	before=$(addresses one | sort)
	bundle "$(move one eth0)" "$(move two 'web%d')" '.hooks={createRuntime:[{path:"/bin/false"}]}'
	call run --bundle "$B" "$ID"
	fails 1 "createRuntime hook"
	after=$(addresses one | sort)
	equal "$(sed -E 's/^[0-9]+: //;s/ tentative//' <<<"$after")" "$(sed -E 's/^[0-9]+: //;s/ tentative//' <<<"$before")"
	contains "$(on_host ip -o link show dev one)" ",UP,"
	lacks "$(on_host ip -o link show dev two)" ",UP,"
	nothing_left
}

@test "netdevices: one that fails brings back those that were moved before" {
	differs_from_runc "runc leaves them to the kernel"
	host
	pair one
	pair two
	on_host ip addr add 10.7.0.2/24 dev one
	# It moves, and then the kernel does not take its address.
	on_host ip -6 addr add fd00:7::2/64 dev two nodad
	spawn pod unshare --net sleep 1000
	local pod=$SPAWNED_PID
	while [[ $(readlink "/proc/$pod/ns/net") == "$(readlink /proc/self/ns/net)" ]]; do :; done
	nsenter --target "$pod" --net sh -c 'echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6' 2>/dev/null || skip "no IPv6"
	bundle "$(join_ns network "/proc/$pod/ns/net")" '.mounts|=map(select(.type!="sysfs"))' "$(move one)" "$(move two)"
	call run --bundle "$B" "$ID"
	exited 1
	contains "$error" 'linux.netDevices["two"]: address: '
	contains "$(addresses one)" 10.7.0.2/24
	contains "$(addresses two)" fd00:7::2/64
	equal "$(nsenter --target "$pod" --net ip -o link | wc -l)" 1
	nothing_left
}

# covers: linux.netDevices
@test "netdevices: a name that is taken" {
	needs_runc 1.4 "network devices"
	host
	pair one
	pair two
	bundle "$(move one lo)"
	call run --bundle "$B" "$ID"
	exited 1
	contains "$error" lo
	[[ $RUNTIME_KIND == runc ]] || contains "$error" 'linux.netDevices["one"]: name "lo": a network device in the container has it already'
	on_host ip link show dev one
	nothing_left
	# Before any of them is moved.
	config "$(move one)" "$(move two lo)"
	call run --bundle "$B" "$ID"
	exited 1
	on_host ip link show dev one
	on_host ip link show dev two
}

@test "netdevices: one that is not there, and one that cannot be moved" {
	differs_from_runc "wording of errors"
	host
	bundle "$(move none)"
	call run --bundle "$B" "$ID"
	fails 1 'linux.netDevices["none"]: no such network device'
	nothing_left
	config "$(move lo other)"
	call run --bundle "$B" "$ID"
	fails 1 "linux.netDevices[\"lo\"]: move to the container's network namespace: invalid argument"
	nothing_left
}

@test "netdevices: without a network namespace to move them to" {
	differs_from_runc "wording of errors"
	host
	pair one
	bundle "$(no_ns network)" '.mounts|=map(select(.type!="sysfs"))' "$(move one)"
	call run --bundle "$B" "$ID"
	fails 1 "linux.netDevices: needs a network namespace in linux.namespaces to move them to"
	edit "$(join_ns network "/proc/$HOST/ns/net")"
	call run --bundle "$B" "$ID"
	fails 1 "linux.netDevices: the container has no network namespace but the one that they are in"
	on_host ip link show dev one
}

@test "netdevices: names that no device can have, and one for two" {
	differs_from_runc "wording of errors"
	bundle "$(move one a/b)" "$(move two sixteen-letters-)" "$(move three 'a%sb')" "$(move four x)" "$(move five x)" "$(move six 'a%d%d')"
	call run --bundle "$B" "$ID"
	fails 1 'linux.netDevices["one"].name: holds a byte that no network device can have' \
		'linux.netDevices["two"].name: is longer than the kernel takes: 15 bytes' \
		'linux.netDevices["three"].name: "a%sb": a template ends in %d' \
		'linux.netDevices["four"].name: "x" is given to five already' \
		'linux.netDevices["six"].name: "a%d%d": a template ends in %d'
}
