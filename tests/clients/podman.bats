# Podman as root, with conmon, CNI and the runtime under test as its only one.

load lib
load podman

setup_file() {
	prepare_client
	podman_config "$C"
	# The default root of the runtime: Podman names none.
	mkdir -p "/run/$RUNTIME_KIND" /run/netns /run/cni/tuning
	podman_images >"$C/import.log" 2>&1 || {
		cat "$C/import.log"
		return 1
	}
	# What the first container makes for all, so that no check is blamed for it.
	podman run --rm localhost/busybox:test true >>"$C/import.log" 2>&1 || true
}

teardown_file() {
	quiet_storage
	# Parents of containers, which Podman never removes.
	find /sys/fs/cgroup -depth -type d -path '*/libpod_parent*' -exec rmdir {} + 2>/dev/null || true
	# Podman's lock of its networks.
	! grep -v ' /run/netns ' /proc/self/mountinfo | grep "$C"
}

setup() {
	quiet_storage
	begin
	ROOT=/run/$RUNTIME_KIND
}

teardown() {
	podman pod rm --all --force --time 0 >/dev/null
	podman rm --all --force --time 0 --volumes >/dev/null
	conmon_gone
	quiet_storage
	sweep_podman
	without_parents settle
}

# without_parents COMMAND… first removes the cgroups that are Podman's and not the
# runtime's: those of conmon, and what is left of a pod's in hierarchies without
# a controller.
without_parents() {
	conmon_gone
	find /sys/fs/cgroup -depth -type d -path "*$(parent_dir)/*" \( -name conmon -o -name '????????????????????????????????????????????????????????????????' \) \
		-exec rmdir {} + 2>/dev/null || true
	"$@"
}

@test "podman: the runtime is the one under test" {
	equal "$(podman info --format '{{.Host.OCIRuntime.Path}}')" "$RUNTIME"
	detached -- sleep 100
	equal "$("$RUNTIME" list --quiet)" "$(of .Id)"
	equal "$("$RUNTIME" state "$(of .Id)" | jq .pid)" "$PID"
}

@test "podman: run, output and exit status" {
	run -- sh -c 'echo out; echo err >&2; exit 7'
	exited 7
	stdout out
	equal "$error" err
}

@test "podman: run, the payload is what a payload is" {
	probed --hostname given
	want .pid 1
	want '[.fds|keys[]]|join(",")' 0,1,2
	want .caps.bounding 00000000800405fb
	want .seccomp 2
	run --hostname given -- hostname
	stdout given
}

@test "podman: run with standard input" {
	echo text >"$T/in"
	IN=$T/in run --interactive -- cat
	exited 0
	stdout text
}

@test "podman: run, killed by a signal" {
	run --init -- sh -c 'kill -TERM $$'
	exited 143
	detached -- sleep 100
	p kill --signal KILL "$ID"
	p wait "$ID"
	stdout 137
}

@test "podman: run detached, wait, logs" {
	detached -- sh -c 'echo out; echo err >&2; exit 3'
	p wait "$ID"
	stdout 3
	p logs "$ID"
	stdout out
	equal "$error" err
	eventually is_so .State.Status exited
	equal "$(of .State.ExitCode)" 3
}

@test "podman: run on a terminal" {
	spawn run ptyrun -step 'expect:#' -step 'send:tty\n' -step expect:/dev/pts/0 -step 'send:exit 5\n' \
		-- podman run --rm --interactive --tty --cgroup-parent "$(parent)" localhost/busybox:test sh
	reap run "$SPAWNED_PID"
	exited 5
}

@test "podman: run on a terminal, its size" {
	spawn run ptyrun -size 91x33 -step 'expect:#' -step "send:until stty size | grep '33 91'; do sleep 0.1; done\n" -step $'expect:\n33 91' -step size:101x44 \
		-step 'send:until stty size | grep 101; do sleep 0.1; done\n' -step 'expect:44 101' -step 'send:exit\n' \
		-- podman run --rm --interactive --tty --cgroup-parent "$(parent)" localhost/busybox:test sh
	reap run "$SPAWNED_PID"
	exited 0
}

@test "podman: attach, and leave by keys" {
	detached --interactive --tty -- sh
	spawn attach ptyrun -step 'send:echo a$((1+1))b\n' -step expect:a2b -step 'send:\x18' -- podman attach --detach-keys ctrl-x "$ID"
	reap attach "$SPAWNED_PID"
	exited 0
	equal "$(of .State.Status)" running
}

@test "podman: create, init, then start attached" {
	with_image create --name "$ID" -- sh -c 'echo out; exit 4'
	exited 0
	equal "$(of .State.Status)" created
	# The runtime's create, without its start.
	p init "$ID"
	exited 0
	equal "$(of .State.Status)" initialized
	p start --attach "$ID"
	exited 4
	stdout out
}

@test "podman: environment, working directory, entry point" {
	run --env A=b --workdir /etc --entrypoint sh -- -c 'echo $A; pwd'
	exited 0
	stdout $'b\n/etc'
}

@test "podman: several at once" {
	local n pids=()
	for n in 1 2 3; do
		spawn "run$n" podman run --rm --cgroup-parent "$(parent)" localhost/busybox:test sh -c "echo number $n; exit $n"
		pids+=("$SPAWNED_PID")
	done
	for n in 1 2 3; do
		reap "run$n" "${pids[n - 1]}"
		exited "$n"
		equal "$output" "number $n"
	done
}

@test "podman: limits" {
	detached --memory 64m --memory-swap 128m --cpus 0.5 --cpuset-cpus 0 --pids-limit 7 -- sleep 100
	equal "$(cgroup_file memory.limit_in_bytes memory.max)" 67108864
	cgroup2 || equal "$(cgroup_file memory.memsw.limit_in_bytes -)" 134217728
	cgroup2 || equal "$(cgroup_file cpu.cfs_quota_us -)" 50000
	equal "$(cgroup_file cpuset.cpus cpuset.cpus)" 0
	equal "$(cgroup_file pids.max pids.max)" 7
}

@test "podman: OOM" {
	run --memory 16m --memory-swap 16m -- tail /dev/zero
	exited 137
}

@test "podman: update" {
	detached --memory 64m --memory-swap 64m -- sleep 100
	p update --memory 32m --memory-swap 48m --cpus 0.25 "$ID"
	exited 0
	equal "$(cgroup_file memory.limit_in_bytes memory.max)" 33554432
	cgroup2 || equal "$(cgroup_file cpu.cfs_quota_us -)" 25000
}

@test "podman: ulimits, sysctls, OOM score" {
	run --ulimit nofile=100:200 --ulimit nproc=1000:1000 --sysctl kernel.msgmax=5000 --oom-score-adj 321 -- \
		sh -c 'ulimit -Sn; ulimit -Hn; cat /proc/sys/kernel/msgmax /proc/self/oom_score_adj'
	stdout $'100\n200\n5000\n321'
}

@test "podman: capabilities, user, groups" {
	probed --cap-add NET_ADMIN --cap-drop CHOWN
	want .caps.bounding 00000000800415fa
	probed --user 1000:100 --group-add 29
	want '[.uid,.gid]' '[1000,100]'
	want '.groups|contains([29,100])' true
	want .caps.effective 0000000000000000
	run --user alice -- sh -c 'id -un; echo $HOME'
	stdout $'alice\n/home/alice'
}

@test "podman: privileged" {
	probed --privileged
	want .seccomp 0
	equal "$(got .caps.bounding)" "$(awk '/^CapBnd/ {print $2}' /proc/self/status)"
	run --privileged -- sh -c 'mkdir /x; mount -t tmpfs x /x && echo mounted'
	stdout mounted
}

@test "podman: seccomp, no new privileges, masks" {
	echo '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":28}]}' >"$T/profile.json"
	run --security-opt "seccomp=$T/profile.json" -- mkdir /x
	exited 1
	contains "$error" "No space left on device"
	probed --security-opt seccomp=unconfined --security-opt no-new-privileges
	want .seccomp 0
	want .noNewPrivileges 1
	run --security-opt mask=/etc/passwd --security-opt unmask=/proc/sys -- cat /etc/passwd
	stdout ""
}

@test "podman: devices" {
	run --device /dev/fuse -- sh -c 'stat -c "%t:%T" /dev/fuse; exec 3<>/dev/fuse && echo opened'
	stdout $'a:e5\nopened'
}

@test "podman: a read-only root, tmpfs, /dev/shm" {
	run --read-only --tmpfs /in:size=1m,mode=1770 --shm-size 3m -- sh -c 'touch /tmp/x /in/x && echo x; grep -E " (/in|/dev/shm) " /proc/self/mounts; touch /x'
	exited 1
	contains "$output" size=1024k
	contains "$output" size=3072k
	contains "$error" "Read-only file system"
}

@test "podman: tmpfs keeps what the image has there" {
	run --tmpfs /home:rw -- ls /home
	stdout alice
	run --tmpfs /home:rw,notmpcopyup -- ls /home
	stdout ""
}

@test "podman: binds and volumes" {
	mkdir "$T/dir"
	echo text >"$T/dir/file"
	run -v "$T/dir:/in" -v "$T/dir:/ro:ro" -v "$T/dir:/over:O" -v "$ID:/home" -- \
		sh -c 'cat /in/file; echo new >/in/new; echo x >/over/gone; ls /home; touch /ro/x'
	exited 1
	stdout $'text\nalice'
	contains "$error" "Read-only file system"
	equal "$(<"$T/dir/new")" new
	absent "$T/dir/gone"
	p volume rm "$ID"
	exited 0
}

@test "podman: a root of its own, not an image" {
	p run --rm --cgroup-parent "$(parent)" --rootfs "$RUNG_TEST_BUILD/rootfs:O" cat /etc/passwd
	exited 0
	contains "$output" alice
}

@test "podman: user namespace" {
	run --uidmap 0:100000:2000 --gidmap 0:200000:2000 -- sh -c 'cat /proc/self/uid_map; stat -c %u:%g /etc /home/alice; touch /x && stat -c %u /x'
	exited 0
	matches "$output" '0 +100000 +2000'
	contains "$output" $'0:0\n1000:1000\n0'
}

@test "podman: --init" {
	run --init -- sh -c 'cat /proc/1/comm; exit 6'
	exited 6
	contains "$output" podman-init
}

@test "podman: network none, of the host, of another, bridge" {
	run --network none -- ls /sys/class/net
	stdout lo
	run --network host -- readlink /proc/self/ns/net
	stdout "$(readlink /proc/self/ns/net)"
	detached -- sh -c 'mkdir /www; echo page >/www/index.html; httpd -f -p 80 -h /www'
	run --network "container:$ID" -- sh -c 'until wget -qO- http://127.0.0.1; do sleep 0.1; done'
	stdout page
	run -- sh -c "until wget -qO- http://$(of .NetworkSettings.IPAddress); do sleep 0.1; done"
	stdout page
}

@test "podman: a published port" {
	detached --publish 127.0.0.1:18081:80 -- sh -c 'mkdir /www; echo page >/www/index.html; httpd -f -p 80 -h /www'
	eventually busybox wget -qO "$T/page" http://127.0.0.1:18081
	equal "$(<"$T/page")" page
}

@test "podman: PID namespace of the host and of another" {
	run --pid host -- readlink /proc/self/ns/pid
	stdout "$(readlink /proc/self/ns/pid)"
	detached -- sleep 100
	run --pid "container:$ID" -- cat /proc/1/comm
	stdout sleep
}

@test "podman: a killed container without a PID namespace leaves no process" {
	detached --pid host -- sh -c 'sleep 1000 & sleep 1000'
	p rm --force --time 0 "$ID"
	exited 0
}

# --- exec --------------------------------------------------------------------------

@test "podman: exec, its output and exit status" {
	detached -- sleep 100
	p exec "$ID" sh -c 'echo out; echo err >&2; exit 9'
	exited 9
	stdout out
	equal "$error" err
}

@test "podman: exec with user, directory, environment and input" {
	detached -- sleep 100
	echo text >"$T/in"
	IN=$T/in p exec --interactive --user alice --workdir /etc --env A=b "$ID" sh -c 'id -un; pwd; echo $A; cat'
	exited 0
	stdout $'alice\n/etc\nb\ntext'
}

@test "podman: exec on a terminal" {
	detached -- sleep 100
	spawn exec ptyrun -step 'expect:#' -step "send:tty; until stty size | grep '24 80'; do :; done\n" -step expect:/dev/pts/ -step 'expect:24 80' -step 'send:exit 4\n' \
		-- podman exec --interactive --tty "$ID" sh
	reap exec "$SPAWNED_PID"
	exited 4
}

@test "podman: exec detached, privileged, descriptors" {
	detached -- sleep 100
	p exec --detach "$ID" sh -c 'echo done >/tmp/done'
	exited 0
	p exec "$ID" sh -c 'until grep -q done /tmp/done; do sleep 0.05; done'
	exited 0
	echo given >"$T/given"
	equal "$(podman exec --preserve-fds 1 "$ID" sh -c 'cat <&3' 3<"$T/given")" given
	p exec --privileged "$ID" awk '/^CapEff/ {print $2}' /proc/self/status
	stdout "$(awk '/^CapBnd/ {print $2}' /proc/self/status)"
}

@test "podman: exec that cannot start" {
	detached -- sleep 100
	p exec "$ID" nosuch
	exited 127
	contains "$error" "executable file not found"
	p exec "$ID" /etc/passwd
	exited 126
	contains "$error" "permission denied"
	p exec --workdir /nosuch "$ID" true
	differ "$status" 0
	p exec --user nosuch "$ID" true
	differ "$status" 0
	equal "$(of .State.Status)" running
}

@test "podman: exec in one that is not running" {
	detached -- sleep 100
	p pause "$ID"
	p exec "$ID" true
	differ "$status" 0
	p unpause "$ID"
	p kill "$ID"
	p wait "$ID"
	p exec "$ID" true
	differ "$status" 0
	contains "$error" "container state improper"
}

# --- life --------------------------------------------------------------------------

@test "podman: stop" {
	detached -- sh -c 'trap "exit 5" TERM; echo ready; while :; do sleep 0.05; done'
	eventually logged ready
	p stop "$ID"
	exited 0
	equal "$(of .State.ExitCode)" 5
}

@test "podman: stop kills a payload that does not listen" {
	detached -- sh -c 'trap "" TERM; echo ready; while :; do sleep 0.05; done'
	eventually logged ready
	p stop --time 1 "$ID"
	exited 0
	equal "$(of .State.ExitCode)" 137
}

@test "podman: kill with signals" {
	detached -- sh -c 'trap "echo got HUP" HUP; trap "exit 8" USR2; echo ready; while :; do sleep 0.05; done'
	eventually logged ready
	p kill --signal HUP "$ID"
	exited 0
	eventually logged 'got HUP'
	p kill --signal USR2 "$ID"
	p wait "$ID"
	stdout 8
	p kill "$ID"
	differ "$status" 0
	contains "$error" "can only kill running containers"
}

@test "podman: restart, and start of one that ended" {
	detached -- sh -c 'echo life; exec sleep 100'
	p restart --time 0 "$ID"
	exited 0
	differ "$(of .State.Pid)" "$PID"
	p kill "$ID"
	p wait "$ID"
	eventually is_so .State.Status exited
	p start "$ID"
	exited 0
	equal "$(of .State.Status)" running
	thrice() { [[ $(podman logs "$ID") == $'life\nlife\nlife' ]]; }
	eventually thrice
}

@test "podman: pause and unpause" {
	detached -- sleep 100
	p pause "$ID"
	exited 0
	equal "$(of .State.Status)" paused
	p pause "$ID"
	differ "$status" 0
	p unpause "$ID"
	exited 0
	equal "$(of .State.Status)" running
	p unpause "$ID"
	differ "$status" 0
	p pause "$ID"
	p rm --force --time 0 "$ID"
	exited 0
	without_parents no_trace
}

@test "podman: ps, top, stats, inspect, logs" {
	detached --memory 64m -- sh -c 'echo line; exec sleep 100'
	p ps --format '{{.Names}} {{.Status}}'
	matches "$output" "^$ID Up "
	asleep() { [[ $(podman top "$ID" pid comm) == *sleep* ]]; }
	eventually asleep
	p stats --no-stream --format json "$ID"
	exited 0
	equal "$(jq -r '.[0].pids' <<<"$output")" 1
	contains "$(jq -r '.[0].mem_usage' <<<"$output")" "67.11MB"
	equal "$(of .OCIRuntime)" tested
	spawn logs podman logs --follow "$ID"
	await text "$T/logs.out" line
	p rm --force --time 0 "$ID"
	reap logs "$SPAWNED_PID"
}

@test "podman: health check" {
	detached --health-cmd 'test -e /tmp/well' --health-interval disable --health-retries 1 -- sleep 100
	p healthcheck run "$ID"
	exited 1
	p exec "$ID" touch /tmp/well
	p healthcheck run "$ID"
	exited 0
	equal "$(of .State.Health.Status)" healthy
}

@test "podman: restart policy" {
	three_lives
	p logs "$ID"
	stdout $'life\nlife\nlife'
}

@test "podman: --rm of a detached one, remove, a name in use" {
	detached --rm -- sleep 100
	with_image run --name "$ID" -- true
	exited 125
	contains "$error" "already in use"
	p rm "$ID"
	differ "$status" 0
	contains "$error" "running"
	p kill "$ID"
	gone() { ! podman container exists "$ID"; }
	eventually gone
	without_parents no_trace
}

@test "podman: checkpoint and restore" {
	needs_criu
	detached -- sh -c 'n=0; while :; do n=$((n+1)); echo $n >/tmp/n; sleep 0.05; done'
	p container checkpoint "$ID"
	exited 0
	p container restore "$ID"
	exited 0
	equal "$(of .State.Status)" running
}

# --- failures ------------------------------------------------------------------------

@test "podman: a command that cannot be executed" {
	run -- nosuch
	exited 127
	contains "$error" "executable file not found in"
	run -- /no/such
	exited 127
	contains "$error" "no such file or directory"
	run -- /etc/passwd
	exited 126
	contains "$error" "permission denied"
	run -- /etc
	exited 126
	without_parents no_trace
}

@test "podman: a command that cannot be executed, told through conmon" {
	# A runtime whose name Podman does not know to write JSON.
	sed '/runtime_supports_json/d' /etc/containers/containers.conf >"$T/containers.conf"
	export CONTAINERS_CONF=$T/containers.conf
	run -- nosuch
	exited 127
	run -- /etc/passwd
	exited 126
	unset CONTAINERS_CONF
	without_parents no_trace
}

@test "podman: a mount that fails" {
	mkdir "$T/dir"
	run -v "$T/dir:/bin/wget" -- true
	differ "$status" 0
	contains "$error" "not a directory"
	run -v "$T/nosuch:/in" -- true
	exited 125
	without_parents no_trace
}

# --- pods ----------------------------------------------------------------------------

# pod FLAG… makes the pod $ID.
pod() {
	p pod create --name "$ID" --cgroup-parent "$(parent)" "$@"
	exited 0
}

@test "podman: a pod, whose containers share network, IPC and UTS" {
	pod --hostname given
	with_image run --detach --pod "$ID" --name "$ID-a" -- sh -c 'mkdir /www; echo page >/www/index.html; httpd -f -p 80 -h /www'
	exited 0
	run --pod "$ID" -- sh -c 'hostname; until wget -qO- http://127.0.0.1; do sleep 0.1; done; readlink /proc/self/ns/pid'
	contains "$output" $'given\npage\npid:'
	differ "${output##*$'\n'}" "$(readlink /proc/$(of .State.Pid "$ID-a")/ns/pid)"
	p pod ps --format '{{.Name}} {{.Status}}'
	stdout "$ID Running"
	p pod top "$ID" comm
	contains "$output" httpd
	p pod pause "$ID"
	exited 0
	equal "$(of .State.Status "$ID-a")" paused
	p pod unpause "$ID"
	exited 0
	p pod stop --time 0 "$ID"
	exited 0
	p pod start "$ID"
	exited 0
	equal "$(of .State.Status "$ID-a")" running
	p pod kill "$ID"
	exited 0
	p pod rm --force "$ID"
	exited 0
	without_parents no_trace
}

@test "podman: a pod that shares its PID namespace" {
	pod --share pid,net,ipc,uts
	with_image run --detach --pod "$ID" --name "$ID-a" -- sleep 1234
	exited 0
	run --pod "$ID" -- ps -o pid,args
	contains "$output" "1 /catatonit"
	contains "$output" "sleep 1234"
	p pod rm --force --time 0 "$ID"
	exited 0
	without_parents no_trace
}

@test "podman: a pod without an infra container" {
	pod --infra=false
	run --pod "$ID" -- echo inside
	stdout inside
	p pod rm --force "$ID"
	exited 0
}

@test "podman: limits of a pod" {
	pod --cpus 0.5
	with_image run --detach --pod "$ID" --name "$ID-a" --memory 32m -- sleep 100
	exited 0
	PID=$(of .State.Pid "$ID-a")
	equal "$(cgroup_file memory.limit_in_bytes memory.max)" 33554432
	p pod rm --force --time 0 "$ID"
}

@test "podman: kube play" {
	cat >"$T/pod.yaml" <<-END
		apiVersion: v1
		kind: Pod
		metadata: {name: "$ID"}
		spec:
		  restartPolicy: Never
		  initContainers:
		  - {name: first, image: localhost/busybox:test, imagePullPolicy: Never, command: [sh, -c, "echo made >/data/made"], volumeMounts: [{name: data, mountPath: /data}]}
		  containers:
		  - name: web
		    image: localhost/busybox:test
		    imagePullPolicy: Never
		    command: [sh, -c, "httpd -f -p 80 -h /data"]
		    resources: {limits: {memory: 64Mi}}
		    securityContext: {readOnlyRootFilesystem: true, capabilities: {drop: [CHOWN]}}
		    volumeMounts: [{name: data, mountPath: /data}]
		  - {name: other, image: localhost/busybox:test, imagePullPolicy: Never, command: [sleep, "1000"], securityContext: {runAsUser: 1000}}
		  volumes:
		  - {name: data, emptyDir: {}}
	END
	p kube play "$T/pod.yaml"
	exited 0
	p exec "$ID-other" sh -c 'id -u; until wget -qO- http://127.0.0.1/made; do sleep 0.1; done'
	stdout $'1000\nmade'
	PID=$(of .State.Pid "$ID-web")
	equal "$(cgroup_file memory.limit_in_bytes memory.max)" 67108864
	p kube generate "$ID"
	exited 0
	contains "$output" "kind: Pod"
	p kube down "$T/pod.yaml"
	exited 0
	p volume prune --force
	without_parents no_trace
}

# --- building ------------------------------------------------------------------------

@test "podman: build" {
	mkdir "$T/build"
	cat >"$T/build/Containerfile" <<-END
		FROM localhost/busybox:test
		RUN echo built >/built && id -u >>/built
		USER alice
		WORKDIR /home/alice
		RUN --mount=type=tmpfs,target=/in id -un >mine
		CMD cat /built mine
	END
	p build --isolation oci --tag "localhost/${ID,,}" "$T/build"
	exited 0
	p run --rm --cgroup-parent "$(parent)" "localhost/${ID,,}"
	stdout $'built\n0\nalice'
	p rmi --force "localhost/${ID,,}"
	echo 'RUN exit 7' >>"$T/build/Containerfile"
	p build --isolation oci "$T/build"
	exited 7
}
