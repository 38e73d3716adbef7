load lib

# What only cgroup v2 has: births in a cgroup, groups handed to a container,
# types of groups, the freezer's and the hierarchy's own rules.

setup() {
	begin
	requires cgroup2
	OTHERS=()
}

teardown() {
	local dir
	finish || FAILED=yes
	for dir in "${OTHERS[@]}"; do
		[[ ! -e $dir ]] || find "$dir" -depth -type d -exec rmdir {} + || FAILED=yes
	done
	[[ -z ${FAILED:-} ]]
}

# group NAME makes a group of somebody else's, at $DIR; $WHERE is its path.
group() {
	WHERE=/others-${ID#rt-}-$1
	DIR=/sys/fs/cgroup$WHERE
	mkdir "$DIR"
	OTHERS+=("$DIR")
}

view() { mount_at /sys/fs/cgroup cgroup cgroup nosuid noexec nodev "$@"; }
in_user_ns() { echo "$(new_ns user) | .linux.uidMappings=[{containerID:0,hostID:100000,size:65536}] | .linux.gidMappings=[{containerID:0,hostID:100000,size:65536}]"; }
annotate() { echo ".annotations[\"$1\"]=$(json_string "$2")"; }
owner() { stat -c %u "$1"; }
group_of() { sed -n 's/^0:://p' "/proc/$1/cgroup"; }

@test "cgroup v2: init is born in its cgroup, and so is a process of exec" {
	differs_from_runc "runc moves init"
	differs_with_systemd "systemd moves init"
	requires program=strace
	bundle "$(no_ns cgroup)" "$(args grep ^0: /proc/self/cgroup)"
	WRAP="strace -f -o '$T/trace' -e trace=clone3,openat" call run --bundle "$B" "$ID"
	exited 0
	stdout "0::/$ID"
	contains "$(<"$T/trace")" CLONE_INTO_CGROUP
	lacks "$(grep cgroup.procs "$T/trace" || true)" O_WRONLY
	config "$(no_ns cgroup)" "$(args sleep 100)"
	running
	WRAP="strace -f -o '$T/trace' -e trace=clone3,openat" call exec "$ID" grep ^0: /proc/self/cgroup
	exited 0
	stdout "0::/$ID"
	contains "$(<"$T/trace")" CLONE_INTO_CGROUP
	lacks "$(grep cgroup.procs "$T/trace" || true)" O_WRONLY
}

@test "cgroup v2: with a cgroup namespace the container sees its own group as the root" {
	bundle "$(new_ns cgroup)" "$(view ro)" "$(script 'grep ^0: /proc/self/cgroup; cd /sys/fs/cgroup; ls -d cgroup.procs cgroup.freeze; cat cgroup.procs | head -n 1; mkdir x')"
	call run --bundle "$B" "$ID"
	exited 1
	stdout $'0::/\ncgroup.freeze\ncgroup.procs\n1'
	contains "$error" "Read-only file system"
}

@test "cgroup v2: without a cgroup namespace it sees its own group, and no other" {
	bundle "$(no_ns cgroup)" "$(view ro)" "$(script 'grep ^0: /proc/self/cgroup; cd /sys/fs/cgroup; cat cgroup.procs | head -n 1; ls | grep -c "slice\|rt-"')"
	call run --bundle "$B" "$ID"
	stdout "0::$(group_path)"$'\n1\n0'
}

@test "cgroup v2: the cgroup belongs to the container's user, with what is safe of it" {
	requires controller=pids
	needs_runc 99 "only with systemd"
	bundle "$(new_ns cgroup)" "$(in_user_ns)" "$(view rw)" '.linux.resources.pids={limit:50}' \
		"$(script 'cd /sys/fs/cgroup && mkdir leaf && echo 1 >leaf/cgroup.procs && echo +pids >cgroup.subtree_control && cat leaf/pids.max && echo 7 >leaf/pids.max && cat leaf/pids.max; (echo 70 >pids.max) 2>/dev/null || echo refused; echo ready; sleep 100')"
	chown -R 100000:100000 "$B/rootfs"
	running
	await text "$CTOUT" ready
	equal "$(<"$CTOUT")" $'max\n7\nrefused\nready'
	local dir file
	dir=/sys/fs/cgroup$(group_path)
	equal "$(owner "$dir")" 100000
	while read -r file; do
		[[ ! -e $dir/$file ]] || equal "$(owner "$dir/$file")" 100000 "owner of $file"
	done </sys/kernel/cgroup/delegate
	for file in pids.max cgroup.freeze cgroup.kill cgroup.max.depth; do
		equal "$(owner "$dir/$file")" 0 "owner of $file"
	done
	equal "$(<"$dir/pids.max")" 50
	call exec "$ID" grep ^0: /proc/self/cgroup
	ok
	stdout "0::/leaf"
}

@test "cgroup v2: the owner is the user of the process, mapped or not" {
	needs_runc 99 "only with systemd"
	bundle "$(new_ns cgroup)" "$(in_user_ns)" "$(view rw)" "$(args sleep 100)" '.process.user={uid:1000,gid:1000}'
	chown -R 100000:100000 "$B/rootfs"
	running
	equal "$(owner "/sys/fs/cgroup$(group_path)/cgroup.procs")" 101000
	call delete --force "$ID"
	ok
	bundle "$(new_ns cgroup)" "$(view rw)" "$(args sleep 100)" '.process.user={uid:1000,gid:1000}'
	running
	equal "$(owner "/sys/fs/cgroup$(group_path)/cgroup.procs")" 1000
	call delete --force "$ID"
	ok
	# By path, the maps are the kernel's to tell.
	bundle "$(in_user_ns)" "$(args sleep 100)" ".linux.cgroupsPath=\"/$ID-holder\""
	chown -R 100000:100000 "$B/rootfs"
	call run --bundle "$B" --detach "$ID-holder"
	ok
	config "$(new_ns cgroup)" "$(join_ns user "/proc/$(pid_of "$ID-holder")/ns/user")" "$(view rw)" "$(args sleep 100)" '.process.user={uid:7,gid:7}'
	running
	equal "$(owner "/sys/fs/cgroup$(group_path)/cgroup.procs")" 100007
}

@test "cgroup v2: it stays the host's if it is shown read-only, not at all, or without a namespace" {
	local how
	for how in "$(new_ns cgroup) | $(view ro)" "$(new_ns cgroup)" "$(no_ns cgroup) | $(view rw)"; do
		bundle "$(in_user_ns)" "$how" "$(args sleep 100)"
		chown -R 100000:100000 "$B/rootfs"
		running
		equal "$(owner "/sys/fs/cgroup$(group_path)")" 0 "$how"
		equal "$(owner "/sys/fs/cgroup$(group_path)/cgroup.procs")" 0 "$how"
		call delete --force "$ID"
		ok
	done
}

@test "cgroup v2: delegate-cgroup: the payload is in a leaf, and groups beside it have controllers" {
	requires controller=memory
	requires controller=pids
	differs_from_runc "crun's run.oci.delegate-cgroup"
	local name
	for name in io.github.oci-rung.delegate-cgroup run.oci.delegate-cgroup; do
		bundle "$(new_ns cgroup)" "$(view rw)" "$(annotate $name init.scope)" '.linux.resources.pids={limit:50} | .linux.resources.memory={limit:268435456}' \
			"$(script 'grep ^0: /proc/self/cgroup; cd /sys/fs/cgroup && mkdir job && echo 9 >job/pids.max && cat job/pids.max && sh -c "echo 0 >job/cgroup.procs; grep ^0: /proc/self/cgroup"; echo ready; sleep 100')"
		running
		await text "$CTOUT" ready
		equal "$(<"$CTOUT")" $'0::/init.scope\n9\n0::/job\nready' "$name"
		equal "$(<"/sys/fs/cgroup$(group_path)/pids.max")" 50
		equal "$(<"/sys/fs/cgroup$(group_path)/init.scope/pids.max")" max
		equal "$(<"/sys/fs/cgroup$(group_path)/cgroup.procs")" ""
		contains " $(<"/sys/fs/cgroup$(group_path)/cgroup.subtree_control") " " memory "
		call exec "$ID" grep ^0: /proc/self/cgroup
		ok
		stdout 0::/init.scope
		call ps "$ID"
		ok
		contains "$output" "sleep 100"
		call pause "$ID"
		ok
		is paused
		call resume "$ID"
		ok
		call delete --force "$ID"
		ok
		absent "/sys/fs/cgroup$(group_path)"
	done
}

@test "cgroup v2: delegate-cgroup: in a user namespace the leaf is the container's too" {
	requires controller=memory
	differs_from_runc "crun's run.oci.delegate-cgroup"
	bundle "$(new_ns cgroup)" "$(in_user_ns)" "$(view rw)" "$(annotate run.oci.delegate-cgroup leaf)" \
		"$(script 'cd /sys/fs/cgroup && mkdir job leaf/below && echo 0 >job/cgroup.procs && grep ^0: /proc/self/cgroup; echo +memory >job/cgroup.subtree_control')"
	chown -R 100000:100000 "$B/rootfs"
	call run --bundle "$B" "$ID"
	# A group with processes hands nothing on: it is the kernel that says so here.
	contains "$output" 0::/job
	contains "$error" "esource busy"
}

@test "cgroup v2: delegate-cgroup: what is no name of a group below" {
	differs_from_runc "crun's run.oci.delegate-cgroup"
	local name
	for name in ../x .. . a/b "" $'a\nb'; do
		bundle "$(annotate run.oci.delegate-cgroup "$name")"
		call create --bundle "$B" "$ID"
		fails 1 'annotations["run.oci.delegate-cgroup"]: '
		nothing_left
	done
	bundle "$(annotate run.oci.delegate-cgroup a)" "$(annotate io.github.oci-rung.delegate-cgroup b)"
	call create --bundle "$B" "$ID"
	fails 1 'io.github.oci-rung.delegate-cgroup is "b" and run.oci.delegate-cgroup is "a"'
	nothing_left
}

@test "cgroup v2: below a group with processes there are no controllers, and the error says whose they are" {
	requires controller=memory
	requires controller=pids
	differs_from_runc "the error says why"
	group busy
	spawn other sleep 100
	echo "$SPAWNED_PID" >"$DIR/cgroup.procs"
	bundle ".linux.cgroupsPath=\"$WHERE/$ID\"" '.linux.resources.memory={limit:67108864}'
	call create --bundle "$B" "$ID"
	fails 1 "linux.resources.memory.limit: controller \"memory\" not available: " \
		"$DIR has processes of its own" "$SPAWNED_PID (sleep)" "choose another linux.cgroupsPath"
	nothing_left
	config ".linux.cgroupsPath=\"$WHERE/$ID\"" '.linux.resources.unified={"pids.max":"17"}'
	call create --bundle "$B" "$ID"
	fails 1 'linux.resources.unified["pids.max"]: controller "pids" not available: ' "$SPAWNED_PID (sleep)"
	nothing_left
	# Their group is what it was: making it threaded would be the other way.
	equal "$(<"$DIR/cgroup.type")" domain
	equal "$(<"$DIR/cgroup.subtree_control")" ""
	config ".linux.cgroupsPath=\"$WHERE/$ID\"" "$(args grep ^0: /proc/self/cgroup)" "$(no_ns cgroup)"
	run_payload
	stdout "0::$WHERE/$ID"
}

@test "cgroup v2: in a threaded subtree there is no place for a container" {
	differs_from_runc "the error says why"
	group threaded
	mkdir "$DIR/thread"
	echo threaded >"$DIR/thread/cgroup.type"
	bundle ".linux.cgroupsPath=\"$WHERE/$ID\""
	call create --bundle "$B" "$ID"
	fails 1 "linux.cgroupsPath: " 'is of type "domain invalid"' "below the threaded cgroup $DIR" "choose a path outside of it"
	nothing_left
	config ".linux.cgroupsPath=\"$WHERE/thread\""
	call create --bundle "$B" "$ID"
	fails 1 "linux.cgroupsPath: " 'is of type "threaded"' "$DIR"
}

@test "cgroup v2: threaded groups of the payload are no obstacle" {
	bundle "$(args sleep 100)"
	running
	local dir=/sys/fs/cgroup$(group_path)
	mkdir "$dir/thread"
	echo threaded >"$dir/thread/cgroup.type"
	echo "$PID" >"$dir/thread/cgroup.threads"
	call ps --format json "$ID"
	ok
	stdout "[$PID]"
	call pause "$ID"
	ok
	call resume "$ID"
	ok
	call exec "$ID" true
	ok
	call delete --force "$ID"
	ok
	absent "$dir"
}

@test "cgroup v2: exec into a group that hands controllers on goes where init is" {
	requires controller=pids
	bundle "$(args sleep 100)" '.linux.resources.pids={limit:50}'
	running
	local dir=/sys/fs/cgroup$(group_path)
	mkdir "$dir/below"
	echo "$PID" >"$dir/below/cgroup.procs"
	echo +pids >"$dir/cgroup.subtree_control"
	call exec --detach --pid-file "$T/pid" "$ID" sleep 100
	ok
	equal "$(group_of "$(<"$T/pid")")" "$(group_path)/below"
	# Where nobody can be, the error names the rule.
	mkdir "$dir/other" "$dir/other/leaf"
	echo +pids >"$dir/other/cgroup.subtree_control"
	call exec --cgroup /other "$ID" true
	[[ $RUNTIME_KIND == runc || $status == 0 ]] || contains "$error" "hands controllers on"
}

@test "cgroup v2: frozen from above: what would wait for ever is refused" {
	differs_from_runc "runc waits for ever"
	group above
	bundle ".linux.cgroupsPath=\"$WHERE/$ID\"" "$(args sleep 100)"
	created
	echo 1 >"$DIR/cgroup.freeze"
	is created
	call start "$ID"
	fails 1 "container's cgroup unexpectedly frozen" "$DIR"
	is created
	call exec "$ID" true
	exited 255
	contains "$error" "container's cgroup unexpectedly frozen: by $DIR above it"
	echo 0 >"$DIR/cgroup.freeze"
	call start "$ID"
	ok
	call pause "$ID"
	ok
	echo 1 >"$DIR/cgroup.freeze"
	is paused
	call resume "$ID"
	fails 1 "container's cgroup unexpectedly frozen: by $DIR above it"
	is running
	call delete --force "$ID"
	ok
	nothing_left
}

@test "cgroup v2: in a frozen group no container is made" {
	group above
	echo 1 >"$DIR/cgroup.freeze"
	bundle ".linux.cgroupsPath=\"$WHERE/$ID\""
	call create --bundle "$B" "$ID"
	fails 1 "container's cgroup unexpectedly frozen"
	nothing_left
}

@test "cgroup v2: delete --force ends what forks as fast as it can" {
	requires controller=pids
	bundle "$(no_ns pid)" '.linux.resources.pids={limit:60}' "$(script 'f() { while :; do (f) 2>/dev/null; done; }; exec 2>/dev/null; echo ready; f')"
	running
	await text "$CTOUT" ready
	call delete --force "$ID"
	ok
	nothing_left
}

@test "cgroup v2: a group of the payload's with processes of its own goes with the container" {
	bundle "$(no_ns pid)" "$(new_ns cgroup)" "$(view rw)" \
		"$(script 'cd /sys/fs/cgroup && mkdir -p a/b && (sh -c "echo 0 >a/b/cgroup.procs; exec sleep 100" & ) && echo ready; sleep 100')"
	running
	await text "$CTOUT" ready
	call kill "$ID" KILL
	ok
	call delete "$ID"
	ok
	nothing_left
}
