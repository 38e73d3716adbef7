load lib

# Options of mounts that are not binds, and that only some filesystems have.

of() { got "[.mounts[]|select(.target==\"$1\")]|last|$2"; }
options_of() { echo " $(of "$1" '(.options+.super)|join(" ")') "; }

again() {
	config "$(args /bin/probe)" "$@"
	run_payload
	cp "$OUT" "$T/probe.json"
}

@test "filesystem options: recursive ones on a new filesystem" {
	differs_from_runc "runc drops recursive options there"
	bundle
	local pair
	for pair in rro:ro rnosuid:nosuid rnodev:nodev rnoexec:noexec rnoatime:noatime rnodiratime:nodiratime rrelatime:relatime rnosymfollow:nosymfollow; do
		again "$(mount_at /mnt tmpfs tmpfs "${pair%:*}")"
		contains "$(options_of /mnt)" " ${pair#*:} "
	done
	again "$(mount_at /mnt tmpfs tmpfs ro nosuid nodev noexec noatime nodiratime nosymfollow rrw rsuid rdev rexec ratime rdiratime rsymfollow)"
	for pair in ro nosuid nodev noexec noatime nodiratime nosymfollow; do
		lacks "$(of /mnt '.options|join(" ")') " "$pair "
	done
	again "$(mount_at /mnt tmpfs tmpfs rstrictatime)"
	lacks "$(options_of /mnt)" " relatime "
	lacks "$(options_of /mnt)" " noatime "
}

@test "filesystem options: nosymfollow on a new filesystem" {
	needs_runc 1.2 nosymfollow
	bundle "$(mount_at /mnt tmpfs tmpfs nosymfollow)" "$(script ': >/mnt/file; ln -s file /mnt/link; cat /mnt/link')"
	call run --bundle "$B" "$ID"
	exited 1
	contains "$error" "Too many levels of symbolic links"
}

@test "filesystem options: those that are for the whole filesystem" {
	requires isolated
	requires program=mkfs.ext4
	local loop option
	truncate -s 8M "$T/image"
	mkfs.ext4 -q "$T/image"
	loop=$(losetup --find --show "$T/image") || skip "no loop device"
	# A disk that the payload has no right to, mounted after its cgroups.
	bundle "$(mount_at /sys/fs/cgroup cgroup cgroup ro)"
	for option in sync dirsync lazytime; do
		again "$(mount_at /mnt ext4 "$loop" "$option")"
		contains "$(options_of /mnt)" " $option "
	done
	again "$(mount_at /mnt ext4 "$loop" sync dirsync async nolazytime silent loud iversion noiversion)"
	lacks "$(options_of /mnt)" " sync "
	again "$(mount_at /mnt ext4 "$loop" ro)"
	contains "$(of /mnt '.super|join(" ")') " "ro "
	again "$(mount_at /mnt ext4 "$loop" ro)" "$(mount_at /mnt ext4 "$loop" remount rw)"
	contains "$(of /mnt '.super|join(" ")') " "rw "
	contains "$(of /mnt '.options|join(" ")') " "rw "
	losetup --detach "$loop"
}

@test "filesystem options: overlay" {
	mkdir -p "$T"/{a,b,u,w}
	: >"$T/a/one"
	: >"$T/b/two"
	bundle "$(mount_at /mnt overlay overlay "lowerdir=$T/a:$T/b" "upperdir=$T/u" "workdir=$T/w")" "$(script 'ls /mnt; : >/mnt/three')"
	run_payload
	stdout $'one\ntwo'
	present "$T/u/three"
}

@test "filesystem options: overlay with more layers than one value holds" {
	local list="" i long
	long=$T/$(printf 'l%.0s' {1..40})
	for i in {1..30}; do
		mkdir "$long$i"
		: >"$long$i/file$i"
		list+=:$long$i
	done
	[[ ${#list} -gt 1000 ]]
	bundle "$(mount_at /mnt overlay overlay "lowerdir=${list#:}")" "$(script 'ls /mnt | wc -l')"
	call run --bundle "$B" "$ID"
	[[ $error != *"Unknown parameter 'lowerdir+'"* ]] || skip "this kernel takes all layers in one value"
	ok
	stdout 30
}

@test "filesystem options: a value that is longer than the kernel takes" {
	differs_from_runc "runc uses mount(2), which takes a page of them"
	bundle "$(mount_at /mnt tmpfs tmpfs "mpol=$(printf 'x%.0s' {1..256})")"
	call run --bundle "$B" "$ID"
	fails 1 "mounts[6].options: mpol: a value of 256 bytes, the kernel takes 255"
	nothing_left
}

@test "filesystem options: what a filesystem says about a wrong value" {
	differs_from_runc "wording of errors"
	bundle "$(mount_at /mnt tmpfs tmpfs size=large)"
	call run --bundle "$B" "$ID"
	fails 1 "mounts[6]: fsconfig size: invalid argument (tmpfs: Bad value for 'size')"
	nothing_left
}

@test "filesystem options: a view of the cgroups takes none" {
	differs_from_runc "nothing is ignored"
	bundle "$(mount_at /sys/fs/cgroup cgroup cgroup ro memory_recursiveprot)"
	call run --bundle "$B" "$ID"
	fails 1 "mounts[6].options: a view of the container's cgroups has neither options of a filesystem nor mapped owners"
	nothing_left
}
