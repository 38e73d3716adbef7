load lib

# The real thing; what is refused without SELinux is in lsm.bats. The labels
# are ones of Debian's policy.

LABEL=system_u:system_r:unconfined_t:s0:c1,c2
OTHER=unconfined_u:unconfined_r:unconfined_t:s0
FILES=system_u:object_r:tmp_t:s0:c1,c2

setup() {
	begin
	requires selinux
	bundle "$(script "$CURRENT")"
}

CURRENT="tr -d '\\000' </proc/self/attr/current"

labelled() { echo ".process.selinuxLabel=\"$1\""; }

# label_of PATH prints the label of a path in the running container.
label_of() { stat -c %C "/proc/$PID/root$1"; }

@test "SELinux: the payload has the label" {
	local nnp
	for nnp in true false; do
		edit "$(labelled $LABEL)" ".process.noNewPrivileges=$nnp"
		run_payload
		stdout $LABEL
	done
}

@test "SELinux: without a label the payload has the runtime's" {
	run_payload
	stdout "$(tr -d '\0' </proc/self/attr/current)"
}

@test "SELinux: a label that the policy does not know" {
	edit "$(labelled system_u:system_r:nosuch_t:s0)"
	call create --bundle "$B" "$ID"
	exited 1
	[[ $RUNTIME_KIND == runc ]] || contains "$error" "process.selinuxLabel: write \`/proc/self/attr/"
	[[ $RUNTIME_KIND == runc ]] || contains "$error" "invalid argument; the policy that is loaded does not know this label"
	nothing_left
}

@test "SELinux: exec has the container's label, or its own" {
	edit "$(labelled $LABEL)" "$(args sleep 100)"
	running
	equal "$(tr -d '\0' <"/proc/$PID/attr/current")" $LABEL
	call exec "$ID" sh -c "$CURRENT"
	ok
	stdout $LABEL
	call exec --process-label $OTHER "$ID" sh -c "$CURRENT"
	ok
	stdout $OTHER
	call exec --process-label nosuch --pid-file "$T/pid" "$ID" true
	exited 255
	absent "$T/pid"
}

@test "SELinux: the session keyring is for who has the label" {
	probe "$(labelled $LABEL)"
	want .keyringLabel $LABEL
	edit "$(args sleep 100)"
	running
	call exec "$ID" /bin/probe
	ok
	equal "$(jq -r .keyringLabel <<<"$output")" $LABEL
}

@test "SELinux: in a user namespace, as a user" {
	edit "$(labelled $LABEL)" "$(new_ns user)" '.linux.uidMappings=[{containerID:0,hostID:100000,size:65536}]' \
		'.linux.gidMappings=[{containerID:0,hostID:100000,size:65536}]' '.process.user={uid:1000,gid:1000}'
	chown -R 100000:100000 "$B/rootfs"
	run_payload
	stdout $LABEL
}

@test "SELinux: filesystems have the mount label" {
	edit ".linux.mountLabel=\"$FILES\"" "$(args sleep 100)"
	running
	local path
	for path in /dev /dev/null /dev/shm /dev/pts /dev/mqueue; do
		equal "$(label_of $path)" $FILES "label of $path"
	done
	[[ $RUNTIME_KIND == runc ]] || equal "$(label_of /sys/firmware)" $FILES "label of a masked directory"
	for path in /proc /sys; do
		differ "$(label_of $path)" $FILES "label of $path"
	done
}

@test "SELinux: a mount's own context goes before the mount label" {
	edit ".linux.mountLabel=\"$FILES\"" "$(mount_at /own tmpfs tmpfs context=system_u:object_r:etc_t:s0)" "$(args sleep 100)"
	running
	equal "$(label_of /own)" system_u:object_r:etc_t:s0
}

@test "SELinux: a mount label that the policy does not know" {
	edit '.linux.mountLabel="system_u:object_r:nosuch_t:s0"'
	call create --bundle "$B" "$ID"
	exited 1
	[[ $RUNTIME_KIND == runc ]] || contains "$error" "mounts[1]: "
	nothing_left
}

@test "SELinux: exec has the label even if the payload has hidden /proc" {
	edit "$(labelled $LABEL)" '.process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"])' \
		"$(script 'mount -t tmpfs none /proc && mkdir -p /proc/self/attr && echo >/proc/self/attr/exec && echo hidden; exec sleep 100')"
	running
	await text "$CTOUT" hidden
	call exec --detach --pid-file "$T/pid" "$ID" sleep 101
	ok
	equal "$(tr -d '\0' <"/proc/$(<"$T/pid")/attr/current")" $LABEL
}

teardown() {
	[[ ! -e /sys/fs/selinux/enforce || ${THROWAWAY:-} != yes ]] || setenforce 0
	finish
}

# enforced labels what the test has as container engines do, and lets the kernel
# enforce the policy until the end of the test. /etc/secret is somebody else's.
enforced() {
	requires throwaway
	printf %s $CONFINED 2>/dev/null >/sys/fs/selinux/context || skip "the policy knows no container_t"
	echo open >"$B/rootfs/etc/open"
	echo secret >"$B/rootfs/etc/secret"
	: >"$B/rootfs/out"
	local dir=$T
	while [[ $dir == /*/* ]]; do
		chcon -t container_file_t "$dir"
		dir=${dir%/*}
	done
	chcon -R -t container_file_t "$T"
	chcon -R -t container_file_t -l s0:c1,c2 "$B/rootfs"
	chcon -t shadow_t "$B/rootfs/etc/secret"
	setenforce 1
}

# as_engine has the runtime run in the domain of a container engine.
as_engine() {
	cp "$RUNTIME" "$T/${RUNTIME##*/}"
	RUNTIME=$T/${RUNTIME##*/}
	chcon -t podman_exec_t "$RUNTIME"
}

CONFINED=system_u:system_r:container_t:s0:c1,c2
# The caller's descriptors are none that the container may use.
ATTEMPT="exec >/out 2>&1; $CURRENT; echo; cat /etc/open /etc/secret; echo x >/etc/open && echo done"

confined_only() { contains "$(<"$B/rootfs/out")" "$CONFINED"$'\nopen\n'"cat: can't open '/etc/secret': Permission denied"$'\ndone'; }

@test "SELinux: enforced, the payload can do what its label allows, and no more" {
	edit "$(labelled $CONFINED)" ".linux.mountLabel=\"system_u:object_r:container_file_t:s0:c1,c2\"" "$(script "$ATTEMPT")"
	enforced
	as_engine
	call run --bundle "$B" "$ID"
	exited 0
	confined_only
	edit "$(args sleep 100)"
	running
	echo open >"$B/rootfs/etc/open"
	call exec "$ID" sh -c "$ATTEMPT"
	exited 0
	confined_only
}

@test "SELinux: enforced, a label that the runtime may not give" {
	edit "$(labelled $CONFINED)" "$(script "$ATTEMPT")"
	enforced
	call run --bundle "$B" "$ID"
	differ "$status" 0
	[[ $RUNTIME_KIND == runc ]] || matches "$error" "exec /bin/sh: (operation not permitted|permission denied)"
	equal "$(<"$B/rootfs/out")" ""
	nothing_left
}
