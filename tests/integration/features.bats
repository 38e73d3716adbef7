load lib

setup() {
	begin
	call features
	if [[ $status != 0 || -n $error ]]; then show_call; fi
}

feature() { jq -rc "$1" "$OUT"; }

@test "features: one JSON object, and nothing else" {
	ok
	equal "$(jq -s 'length' "$OUT")" 1
}

@test "features: the versions" {
	matches "$(feature .ociVersionMin)" '^[0-9]+\.[0-9]+\.[0-9]+'
	matches "$(feature .ociVersionMax)" '^[0-9]+\.[0-9]+\.[0-9]+'
}

@test "features: hooks" {
	equal "$(feature '.hooks|sort')" \
		'["createContainer","createRuntime","poststart","poststop","prestart","startContainer"]'
}

@test "features: mount options that callers look for" {
	local option
	for option in ro rw bind rbind rro private rprivate shared rslave nosuid nodev noexec; do
		equal "$(feature ".mountOptions|index(\"$option\")!=null")" true "mount option $option"
	done
}

@test "features: namespaces" {
	local ns
	for ns in cgroup ipc mount network pid user uts; do
		equal "$(feature ".linux.namespaces|index(\"$ns\")!=null")" true "namespace $ns"
	done
}

@test "features: capabilities" {
	equal "$(feature '.linux.capabilities|index("CAP_SYS_ADMIN")!=null')" true
	equal "$(feature '[.linux.capabilities[]|select(test("^CAP_[A-Z_]+$")|not)]')" '[]'
}

@test "features: cgroup, seccomp, LSM" {
	equal "$(feature '[.linux.cgroup.v1,.linux.cgroup.v2]')" '[true,true]'
	equal "$(feature '.linux.seccomp.enabled')" true
	equal "$(feature '.linux.seccomp.actions|index("SCMP_ACT_ERRNO")!=null')" true
	equal "$(feature '.linux.seccomp.operators|index("SCMP_CMP_MASKED_EQ")!=null')" true
	equal "$(feature '.linux.seccomp.archs|index("SCMP_ARCH_X86_64")!=null')" true
	matches "$(feature '.linux.apparmor.enabled')" '^(true|false)$'
	matches "$(feature '.linux.selinux.enabled')" '^(true|false)$'
}

@test "features: seccomp flags, and which of them this kernel has" {
	needs_runc 1.2 "flags in features"
	local flag
	for flag in LOG SPEC_ALLOW TSYNC WAIT_KILLABLE_RECV; do
		[[ $RUNTIME_KIND == runc && $flag == WAIT_KILLABLE_RECV ]] ||
			equal "$(feature ".linux.seccomp.knownFlags|index(\"SECCOMP_FILTER_FLAG_$flag\")!=null")" true "flag $flag"
	done
	equal "$(feature '.linux.seccomp.supportedFlags-.linux.seccomp.knownFlags')" '[]'
	equal "$(feature '.linux.seccomp.supportedFlags|index("SECCOMP_FILTER_FLAG_LOG")!=null')" true
}

@test "features: memory policy" {
	needs_runc 1.4 "linux.memoryPolicy"
	equal "$(feature '.linux.memoryPolicy.modes|sort')" \
		'["MPOL_BIND","MPOL_DEFAULT","MPOL_INTERLEAVE","MPOL_LOCAL","MPOL_PREFERRED","MPOL_PREFERRED_MANY","MPOL_WEIGHTED_INTERLEAVE"]'
	equal "$(feature '.linux.memoryPolicy.flags|sort')" '["MPOL_F_NUMA_BALANCING","MPOL_F_RELATIVE_NODES","MPOL_F_STATIC_NODES"]'
}

@test "features: annotations that are unsafe to pass on are listed" {
	needs_runc 1.2 "potentiallyUnsafeConfigAnnotations"
	matches "$(feature '.potentiallyUnsafeConfigAnnotations|type')" '^(array|null)$'
	[[ $RUNTIME_KIND == runc ]] || equal "$(feature '.potentiallyUnsafeConfigAnnotations|any(.=="run.oci.delegate-cgroup")')" true
	matches "$(feature '.linux.mountExtensions.idmap.enabled')" '^(true|false)$'
}

@test "features: needs neither root nor state" {
	chmod 755 "$T"
	WRAP="setpriv --reuid 65534 --regid 65534 --clear-groups" call features
	ok
	feature . >"$T/ignored"
	equal "$(find "$ROOT" -mindepth 1)" ""
}

@test "features: takes no arguments" {
	call features x
	exited 1
	contains "$error" '"features" requires exactly 0 argument(s)'
}
