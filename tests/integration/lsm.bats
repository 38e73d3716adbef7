load lib

# What is asked of a security module that is not there is refused. The real
# thing is in apparmor.bats and selinux.bats.

setup() {
	begin
	bundle "$(script 'cat /proc/self/attr/current 2>/dev/null || echo none')"
}

no_apparmor() { [[ $(cat /sys/module/apparmor/parameters/enabled 2>/dev/null) != Y ]] || skip "AppArmor is on"; }
no_selinux() { [[ ! -e /sys/fs/selinux/enforce ]] || skip "SELinux is on"; }

@test "apparmorProfile: an empty one is none" {
	edit '.process.apparmorProfile=""' '.process.selinuxLabel=""' '.linux.mountLabel=""'
	run_payload
}

@test "apparmorProfile: without AppArmor refused" {
	no_apparmor
	edit '.process.apparmorProfile="docker-default"'
	call create --bundle "$B" "$ID"
	exited 1
	[[ $RUNTIME_KIND == runc ]] || contains "$error" "process.apparmorProfile: AppArmor is not enabled on this host"
	nothing_left
}

@test "apparmorProfile: unconfined is what everything is without AppArmor" {
	no_apparmor
	differs_from_runc "runc refuses it"
	edit '.process.apparmorProfile="unconfined"'
	run_payload
}

@test "selinuxLabel: without SELinux refused" {
	no_selinux
	edit '.process.selinuxLabel="system_u:system_r:container_t:s0:c1,c2"'
	call create --bundle "$B" "$ID"
	exited 1
	[[ $RUNTIME_KIND == runc ]] || contains "$error" "process.selinuxLabel: SELinux is not enabled on this host"
	nothing_left
}

@test "mountLabel: without SELinux refused" {
	no_selinux
	differs_from_runc "runc does not look whether the label labels anything"
	edit '.linux.mountLabel="system_u:object_r:container_file_t:s0:c1,c2"'
	call create --bundle "$B" "$ID"
	fails 1 "linux.mountLabel: SELinux is not enabled on this host"
	nothing_left
}

@test "exec --apparmor, --process-label: without the module refused" {
	no_apparmor
	no_selinux
	edit "$(args sleep 100)"
	running
	call exec --apparmor docker-default --pid-file "$T/pid" "$ID" true
	exited 255
	[[ $RUNTIME_KIND == runc ]] || contains "$error" "process.apparmorProfile: AppArmor is not enabled on this host"
	absent "$T/pid"
	call exec --process-label some_t "$ID" true
	exited 255
	[[ $RUNTIME_KIND == runc ]] || contains "$error" "process.selinuxLabel: SELinux is not enabled on this host"
	jq -n '{args:["/bin/true"],cwd:"/",user:{uid:0,gid:0},apparmorProfile:"p"}' >"$T/process.json"
	call exec --process "$T/process.json" "$ID"
	exited 255
}

@test "labels: what cannot be one" {
	differs_from_runc "messages name the field"
	edit '.process.apparmorProfile="a\nb"' '.process.selinuxLabel=" x"' '.linux.mountLabel="y\u0000"'
	call create --bundle "$B" "$ID"
	fails 1 "process.apparmorProfile: " "process.selinuxLabel: " "linux.mountLabel: "
	nothing_left
}
