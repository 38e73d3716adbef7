# The kubelet's interface: containerd's CRI plugin with the runtime under test as
# its default handler, asked by crictl. Network by the plugins of Debian's package.

load lib

setup_file() {
	prepare_client
	[[ -x ${RUNTIME%/*}/crictl ]] || skip "crictl could not be built: no Go module proxy?"
	export PATH=$PATH:${RUNTIME%/*}
	cat >"$C/config.toml" <<-END
		version = 2
		root = "$C/root"
		state = "$C/state"
		[grpc]
		  address = "$C/sock"
		[debug]
		  level = "debug"
		[plugins."io.containerd.grpc.v1.cri"]
		  sandbox_image = "localhost/pause:test"
		  stream_server_address = "127.0.0.1"
		  stream_server_port = "0"
		  restrict_oom_score_adj = true
		  tolerate_missing_hugetlb_controller = true
		  [plugins."io.containerd.grpc.v1.cri".cni]
		    bin_dir = "/usr/lib/cni"
		    conf_dir = "$C/cni"
		  [plugins."io.containerd.grpc.v1.cri".containerd]
		    default_runtime_name = "tested"
		    snapshotter = "overlayfs"
		    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.tested]
		      runtime_type = "io.containerd.runc.v2"
		      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.tested.options]
		        BinaryName = "$RUNTIME"
		        Root = "$C/runtime"
		        SystemdCgroup = $(by_systemd && echo true || echo false)
		    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.nodevices]
		      runtime_type = "io.containerd.runc.v2"
		      privileged_without_host_devices = true
		      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.nodevices.options]
		        BinaryName = "$RUNTIME"
		        Root = "$C/runtime"
		        SystemdCgroup = $(by_systemd && echo true || echo false)
	END
	mkdir "$C/cni"
	cat >"$C/cni/10-test.conflist" <<-END
		{"cniVersion": "0.4.0", "name": "test", "plugins": [
		  {"type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": true, "hairpinMode": true,
		   "ipam": {"type": "host-local", "dataDir": "$C/ipam", "ranges": [[{"subnet": "10.88.77.0/24"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
		  {"type": "portmap", "capabilities": {"portMappings": true}}]}
	END
	printf 'runtime-endpoint: unix://%s\nimage-endpoint: unix://%s\ntimeout: 30\n' "$C/sock" "$C/sock" >/etc/crictl.yaml
	daemon containerd containerd --config "$C/config.toml"
	await -limit 30s file "$C/sock"
	# An image whose only program is catatonit, which can wait, and reap for others.
	mkdir -p "$C/pause"
	cp "$(command -v catatonit)" "$C/pause/pause"
	archive "$C/pause.tar" localhost/pause:test "$C/pause" '["/pause","-P"]'
	archive "$C/image.tar" localhost/busybox:test
	{
		ctr --address "$C/sock" --namespace k8s.io images import "$C/pause.tar"
		ctr --address "$C/sock" --namespace k8s.io images import "$C/image.tar"
	} >"$C/import.log" 2>&1 || {
		cat "$C/import.log" "$C/containerd.log"
		return 1
	}
	ready() { crictl info 2>/dev/null | jq -e '[.status.conditions[].status] | all' >/dev/null; }
	LIMIT=30 eventually ready
	# What the first pod makes for all, so that no check is blamed for it.
	T=$C
	crictl rmp --force "$(crictl runp <(sandbox first))" >>"$C/import.log" 2>&1 || cat "$C/import.log"
}

teardown_file() {
	[[ -e $C/containerd.pid ]] || return 0
	undaemon containerd
	! grep "$C" /proc/self/mountinfo
}

setup() {
	begin
	ROOT=$C/runtime/k8s.io
	POD=""
}

teardown() {
	crictl rmp --all --force >"$T/io/rmp" 2>&1
	shims_gone
	# The pod's cgroup is the kubelet's to remove.
	remove_parent pod
	settle
}

c() {
	tell crictl "$@"
	error=${error//\\\"/\"}
}

# sandbox NAME [FILTER…] prints the description of a pod.
sandbox() {
	jq -n --arg name "$1" --arg logs "$T/logs" --arg parent "$(parent pod)" "$(join_filters '{metadata:{name:$name,namespace:"default",uid:$name,attempt:1},
		log_directory:$logs,linux:{cgroup_parent:$parent,security_context:{namespace_options:{network:0,pid:1,ipc:0}}}}' "${@:2}")"
}

# pod [FILTER…] starts one; $POD is its id.
pod() {
	mkdir -p "$T/logs"
	sandbox "$ID" "$@" >"$T/pod.json"
	c runp "$T/pod.json"
	exited 0
	POD=$output
}

# described NAME COMMAND [FILTER…] prints the description of a container.
described() {
	jq -n --arg name "$1" --arg command "$2" "$(join_filters '{metadata:{name:$name,attempt:1},image:{image:"localhost/busybox:test"},
		command:["sh","-c",$command],log_path:($name+".log"),linux:{security_context:{namespace_options:{pid:1}}}}' "${@:3}")"
}

# made NAME COMMAND [FILTER…] makes a container in the pod; $CTR is its id.
made() {
	described "$@" >"$T/$1.json"
	c create "$POD" "$T/$1.json" "$T/pod.json"
	exited 0
	CTR=$output
}

# started NAME COMMAND [FILTER…] also starts it and sets $PID.
started() {
	made "$@"
	c start "$CTR"
	exited 0
	PID=$(crictl inspect "$CTR" | jq .info.pid)
}

# ran NAME COMMAND [FILTER…] waits for its end, too; $output is what it wrote,
# $status its exit status.
ran() {
	started "$@"
	over() { [[ $(of .status.state) == CONTAINER_EXITED ]]; }
	eventually over
	# containerd may write a moment longer than the container lives.
	written() { ! find "/proc/$(<"$C/containerd.pid")/fd" -lname "$T/logs/$1.log" | grep -q .; }
	eventually written "$1"
	status=$(of .status.exitCode)
	output=$(logged stdout "$T/logs/$1.log")
	error=$(logged stderr "$T/logs/$1.log")
}

# logged STREAM FILE prints what a log has of a stream; a long line comes in parts.
logged() { awk -v stream="$1" '$2 == stream {text = substr($0, index($0, $3) + 2); printf "%s%s", text, $3 == "F" ? "\n" : ""}' "$2"; }

of() { crictl inspect "${2:-$CTR}" | jq -r "$1"; }

@test "cri: the handler is the runtime under test" {
	pod
	started one 'sleep 100'
	equal "$("$RUNTIME" --root "$ROOT" list --quiet | sort)" "$(printf '%s\n' "$POD" "$CTR" | sort)"
	equal "$(crictl inspectp "$POD" | jq -r .info.runtimeHandler)" ""
	equal "$("$RUNTIME" --root "$ROOT" state "$CTR" | jq .pid)" "$PID"
}

@test "cri: a container's output and exit status" {
	pod
	ran one 'echo out; echo err >&2; exit 7'
	exited 7
	stdout out
	equal "$error" err
	c logs "$CTR"
	stdout out
	equal "$error" err
	equal "$(of .status.reason)" Error
}

@test "cri: containers join the namespaces of their pod" {
	pod '.hostname="given"'
	local sandbox n
	sandbox=$(crictl inspectp "$POD" | jq .info.pid)
	started one 'sleep 100'
	for n in net ipc uts; do equal "$(readlink "/proc/$PID/ns/$n")" "$(readlink "/proc/$sandbox/ns/$n")" "$n"; done
	for n in pid mnt; do differ "$(readlink "/proc/$PID/ns/$n")" "$(readlink "/proc/$sandbox/ns/$n")" "$n"; done
	differ "$(readlink "/proc/$PID/ns/net")" "$(readlink /proc/self/ns/net)"
	c exec -s "$CTR" sh -c 'hostname; ls /sys/class/net'
	stdout $'given\neth0\nlo'
}

@test "cri: a PID namespace for the pod" {
	pod '.linux.security_context.namespace_options.pid=0'
	started one 'sleep 1234' '.linux.security_context.namespace_options={pid:0}'
	started two 'sleep 4321' '.linux.security_context.namespace_options={pid:0}'
	all() {
		c exec -s "$CTR" ps -o pid,args
		[[ $output == *"1 /pause"* && $output == *"sleep 1234"* && $output == *"sleep 4321"* ]]
	}
	eventually all
	# Without a namespace of its own the runtime has to find all processes.
	c exec -s "$CTR" sh -c 'setsid sleep 5678 >/dev/null 2>&1 & true'
	c stop --timeout 0 "$CTR"
	exited 0
	c rm "$CTR"
	exited 0
	lacks "$(ps -eo args)" "sleep 5678"
}

@test "cri: a PID namespace of another container" {
	pod
	started one 'exec sleep 1234'
	started two 'exec sleep 100' ".linux.security_context.namespace_options={pid:3,target_id:\"$CTR\"}"
	first() {
		c exec -s "$CTR" ps -o pid,args
		[[ $output == *"1 sleep 1234"* ]]
	}
	eventually first
}

@test "cri: namespaces of the host" {
	pod '.linux.security_context.namespace_options={network:2,pid:2,ipc:2}'
	ran one 'for n in net pid ipc; do readlink /proc/self/ns/$n; done' '.linux.security_context.namespace_options={network:2,pid:2,ipc:2}'
	stdout "$(for n in net pid ipc; do readlink /proc/self/ns/$n; done)"
}

@test "cri: two pods reach each other" {
	pod
	started web 'mkdir /www; echo page >/www/index.html; httpd -f -p 80 -h /www'
	local address
	address=$(crictl inspectp "$POD" | jq -r .status.network.ip)
	matches "$address" '^10\.88\.77\.'
	sandbox "$ID-2" >"$T/pod.json"
	POD=$(crictl runp "$T/pod.json")
	ran client "until wget -qO- http://$address; do sleep 0.1; done"
	stdout page
}

@test "cri: port-forward and a host port" {
	pod '.port_mappings=[{protocol:0,container_port:80,host_port:18082,host_ip:"127.0.0.1"}]'
	started web 'mkdir /www; echo page >/www/index.html; httpd -f -p 80 -h /www'
	echo 1 >/proc/sys/net/ipv4/conf/all/route_localnet
	eventually busybox wget -qO "$T/page" "http://$(crictl inspectp "$POD" | jq -r .status.network.ip)"
	equal "$(<"$T/page")" page
	spawn forward crictl port-forward "$POD" 18083:80
	eventually busybox wget -qO "$T/page2" http://127.0.0.1:18083
	equal "$(<"$T/page2")" page
}

# --- exec ----------------------------------------------------------------------------

@test "cri: exec, synchronous" {
	pod
	started one 'sleep 100'
	c exec -s "$CTR" sh -c 'echo out; echo err >&2; exit 9'
	exited 1
	contains "$error" "exited with 9: err"
	c exec -s "$CTR" sh -c 'echo out'
	exited 0
	stdout out
	c exec -s --timeout 1 "$CTR" sleep 100
	exited 1
	contains "$error" "DeadlineExceeded"
	c exec -s "$CTR" ps -o args
	equal "$(grep -c '^sleep 100' "$OUT")" 1 "processes that outlived their time"
}

@test "cri: exec on a terminal" {
	pod
	started one 'sleep 100'
	spawn exec ptyrun -step 'expect:#' -step 'send:tty; until stty size | grep 24; do sleep 0.1; done\n' -step expect:/dev/pts/0 -step 'expect:24 80' -step 'send:exit\n' \
		-- crictl exec -i -t "$CTR" sh
	reap exec "$SPAWNED_PID"
	exited 0
}

@test "cri: exec with input, streamed" {
	pod
	started one 'sleep 100'
	echo text >"$T/in"
	IN=$T/in c exec -i "$CTR" cat
	exited 0
	stdout text
	c exec "$CTR" sh -c 'exit 5'
	exited 1
	contains "$error" "exit code 5"
}

@test "cri: exec that cannot start" {
	pod
	started one 'sleep 100'
	c exec -s "$CTR" nosuch
	exited 1
	contains "$error" 'exec: "nosuch": executable file not found in $PATH'
	c exec -s "$CTR" /etc/passwd
	exited 1
	contains "$error" "permission denied"
	equal "$(of .status.state)" CONTAINER_RUNNING
}

@test "cri: many probes" {
	local n
	pod
	started one 'sleep 100'
	for n in {1..10}; do
		c exec -s "$CTR" true
		exited 0
	done
	c exec -s "$CTR" ps -o args
	equal "$(grep -c . "$OUT")" 3 "lines of ps, with its own and its header"
}

@test "cri: attach" {
	pod
	started one 'read x; echo "got $x"; sleep 100' '.stdin=true' '.tty=true'
	spawn attach ptyrun -step 'send:word\n' -step 'expect:got word' -step 'signal:15' -- crictl attach -i -t "$CTR"
	reap attach "$SPAWNED_PID"
	contains "$output" "got word"
}

# --- resources -----------------------------------------------------------------------

resources='.linux.resources={memory_limit_in_bytes:67108864,cpu_period:100000,cpu_quota:50000,cpu_shares:512,cpuset_cpus:"0",oom_score_adj:500}'

@test "cri: resources, and their update" {
	pod
	started one 'sleep 100' "$resources"
	equal "$(cgroup_dir memory)" "/sys/fs/cgroup$(cgroup2 || echo /memory)$(parent_dir pod)/$(of_parent cri-containerd "$CTR")"
	equal "$(cgroup_file memory.limit_in_bytes memory.max)" 67108864
	cgroup2 || equal "$(cgroup_file cpu.cfs_quota_us -)" 50000
	cgroup2 || equal "$(cgroup_file cpu.shares -)" 512
	equal "$(cgroup_file cpuset.cpus cpuset.cpus)" 0
	equal "$(cat "/proc/$PID/oom_score_adj")" 500
	local last=$(($(nproc) - 1))
	c update --memory 33554432 --cpu-quota 25000 --cpuset-cpus "$last" "$CTR"
	exited 0
	equal "$(cgroup_file memory.limit_in_bytes memory.max)" 33554432
	cgroup2 || equal "$(cgroup_file cpu.cfs_quota_us -)" 25000
	equal "$(cgroup_file cpuset.cpus cpuset.cpus)" "$last"
}

@test "cri: an update that the kernel refuses" {
	pod
	started one 'sleep 100' "$resources"
	c update --cpuset-cpus 4000 "$CTR"
	exited 1
	equal "$(cgroup_file cpuset.cpus cpuset.cpus)" 0
	equal "$(of .status.state)" CONTAINER_RUNNING
}

@test "cri: stats" {
	pod
	started one 'sleep 100' "$resources"
	c stats --output json "$CTR"
	exited 0
	equal "$(jq -r '.stats[0].attributes.id' <<<"$output")" "$CTR"
	[[ $(jq -r '.stats[0].memory.workingSetBytes.value' <<<"$output") -gt 0 ]] || flunk "no memory in: $output"
	[[ $(jq -r '.stats[0].cpu.usageCoreNanoSeconds.value' <<<"$output") -gt 0 ]] || flunk "no CPU time in: $output"
	c statsp --output json "$POD"
	exited 0
}

@test "cri: OOM is the reason" {
	pod
	# A shim hears of it from when the container has started, and keeps it to itself if
	# the cgroup is gone then.
	started one 'until test -e /tmp/go; do sleep 0.05; done; tail /dev/zero; until test -e /tmp/told; do sleep 0.05; done; exit 3' '.linux.resources={memory_limit_in_bytes:16777216}'
	c exec -s "$CTR" touch /tmp/go
	told() { [[ $(of .status.reason) == OOMKilled ]]; }
	eventually told
	c exec -s "$CTR" touch /tmp/told
	over() { [[ $(of .status.state) == CONTAINER_EXITED ]]; }
	eventually over
	equal "$(of .status.reason) $(of .status.exitCode)" "OOMKilled 3"
}

# --- security ------------------------------------------------------------------------

@test "cri: user, groups, read-only root, capabilities, no new privileges, seccomp" {
	pod
	ran one '/bin/probe; touch /x' '.linux.security_context={run_as_user:{value:1000},run_as_group:{value:100},supplemental_groups:[29],readonly_rootfs:true,
		no_new_privs:true,capabilities:{add_capabilities:["NET_ADMIN"],drop_capabilities:["CHOWN"]},seccomp:{profile_type:0}}'
	exited 1
	contains "$error" "Read-only file system"
	echo "$output" >"$T/probe.json"
	want '[.uid,.gid]' '[1000,100]'
	want '.groups|contains([29,100])' true
	want .caps.bounding 00000000a80435fa
	want .caps.effective 0000000000000000
	want .noNewPrivileges 1
	want .seccomp 2
}

@test "cri: privileged, and a handler without the host's devices" {
	((16#$(awk '/^CapBnd/ {print $2}' /proc/self/status) == (1 << $(cat /proc/sys/kernel/cap_last_cap) + 1) - 1)) ||
		differs_from_runc "a privileged container without the capabilities that this machine lacks"
	local privileged='.linux.security_context.privileged=true'
	pod "$privileged"
	ran one 'mkdir /x; mount -t tmpfs x /x && echo mounted; test -e /dev/fuse && echo devices' "$privileged"
	stdout $'mounted\ndevices'
	sandbox "$ID-2" "$privileged" >"$T/pod.json"
	POD=$(crictl runp --runtime nodevices "$T/pod.json")
	ran two 'test -e /dev/fuse || echo none' "$privileged"
	stdout none
}

@test "cri: a handler that nobody knows" {
	sandbox "$ID" >"$T/pod.json"
	c runp --runtime nosuch "$T/pod.json"
	exited 1
	contains "$error" 'no runtime for "nosuch" is configured'
}

@test "cri: masked and read-only paths" {
	pod
	ran one 'cat /etc/passwd | wc -c; touch /tmp/x' '.linux.security_context={masked_paths:["/etc/passwd"],readonly_paths:["/tmp"]}'
	stdout 0
	contains "$error" "Read-only file system"
}

@test "cri: sysctls of the pod" {
	pod '.linux.sysctls={"kernel.msgmax":"5000","net.ipv4.ip_unprivileged_port_start":"77"}'
	ran one 'cat /proc/sys/kernel/msgmax /proc/sys/net/ipv4/ip_unprivileged_port_start'
	stdout $'5000\n77'
}

# --- mounts --------------------------------------------------------------------------

@test "cri: environment, directory, mounts, devices" {
	mkdir "$T/dir"
	echo text >"$T/dir/file"
	pod
	ran one 'echo $A; pwd; cat /in/file; test -c /dev/given && echo device; touch /in/x' '.envs=[{key:"A",value:"b"}]' '.working_dir="/etc"' \
		".mounts=[{container_path:\"/in\",host_path:\"$T/dir\",readonly:true}]" '.devices=[{container_path:"/dev/given",host_path:"/dev/fuse",permissions:"rw"}]'
	stdout $'b\n/etc\ntext\ndevice'
	contains "$error" "Read-only file system"
}

@test "cri: mounts that propagate" {
	mkdir -p "$T/dir/sub"
	mount --bind "$T/dir" "$T/dir"
	mount --make-shared "$T/dir"
	pod
	started one 'sleep 100' ".mounts=[{container_path:\"/in\",host_path:\"$T/dir\",propagation:1}]"
	mount -t tmpfs tmpfs "$T/dir/sub"
	touch "$T/dir/sub/seen"
	c exec -s "$CTR" ls /in/sub
	stdout seen
	umount "$T/dir/sub"
	c rmp --force "$POD"
	umount "$T/dir"
}

# --- life ----------------------------------------------------------------------------

@test "cri: stop, with a grace period or without" {
	pod
	started one 'trap "exit 5" TERM; echo ready; while :; do sleep 0.05; done'
	eventually grep -q ready "$T/logs/one.log"
	c stop --timeout 10 "$CTR"
	exited 0
	equal "$(of .status.exitCode)" 5
	started two 'trap "" TERM; echo ready; while :; do sleep 0.05; done'
	eventually grep -q ready "$T/logs/two.log"
	c stop --timeout 1 "$CTR"
	exited 0
	equal "$(of .status.exitCode)" 137
	c rm "$CTR"
	exited 0
	c ps --all --quiet
	equal "$(wc -l <"$OUT")" 1
}

@test "cri: a container that comes again in the same pod" {
	pod
	ran one 'exit 1'
	exited 1
	ran one 'echo second' '.metadata.attempt=2'
	exited 0
	stdout second
	c ps --all --quiet
	equal "$(wc -l <"$OUT")" 2
}

@test "cri: stop and remove a pod with all that is in it" {
	pod
	started one 'sleep 100'
	started two 'sleep 100'
	c stopp "$POD"
	exited 0
	absent "/proc/$PID"
	equal "$(crictl inspectp "$POD" | jq -r .status.state)" SANDBOX_NOTREADY
	c rmp "$POD"
	exited 0
	shims_gone
	equal "$(find "$ROOT" -mindepth 1)" ""
	equal "$(find /sys/fs/cgroup -type d -path "*$(parent_dir pod)/*")" ""
}

@test "cri: a start that fails" {
	pod
	made one x '.command=["nosuch"]'
	c start "$CTR"
	exited 1
	contains "$error" 'exec: "nosuch": executable file not found in $PATH'
	equal "$(of .status.reason) $(of .status.exitCode)" "StartError 128"
	equal "$(ls "$ROOT")" "$POD"
	made two x '.command=["/etc/passwd"]'
	c start "$CTR"
	exited 1
	contains "$error" "permission denied"
	equal "$(find /sys/fs/cgroup -type d -path "*$(parent_dir pod)/*" -printf '%f\n' | sort -u)" "$(of_parent cri-containerd "$POD")"
}

@test "cri: containerd starts again and finds its pods" {
	pod
	started one 'sleep 100'
	undaemon containerd
	rm -f "$C/sock"
	daemon containerd containerd --config "$C/config.toml"
	await -limit 30s file "$C/sock"
	again() { [[ $(crictl inspect "$CTR" 2>/dev/null | jq -r .status.state) == CONTAINER_RUNNING ]]; }
	eventually again
	c exec -s "$CTR" echo inside
	stdout inside
	c stop --timeout 0 "$CTR"
	exited 0
	equal "$(of .status.exitCode)" 137
}
