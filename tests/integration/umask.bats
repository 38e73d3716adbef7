load lib

@test "umask: as in the config" {
	local n
	bundle "$(args /bin/probe)"
	for n in 0 2 63 511; do
		edit ".process.user.umask=$n"
		run_payload
		equal "$((8#$(jq -r .umask <<<"$output")))" "$n"
	done
}

@test "umask: 022 without one, whatever the caller's is" {
	bundle "$(args /bin/probe)"
	umask 077
	run_payload
	equal "$(jq -r .umask <<<"$output")" 022
}

@test "umask: what the runtime makes does not depend on the caller's" {
	differs_from_runc "directories made for mounts do not depend on the caller's umask"
	mkdir "$T/v"
	bundle "$(mount_at /a/b bind "$T/v" bind)" "$(script 'stat -c %a /dev/null /dev/shm /dev/pts/ptmx')"
	umask 077
	run_payload
	stdout $'666\n1777\n666'
	equal "$(stat -c %a "$B/rootfs/a")" 755
}
