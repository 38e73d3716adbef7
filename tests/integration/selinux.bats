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
