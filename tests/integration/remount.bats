load lib

of() { got "[.mounts[]|select(.target==\"$1\")]|last|$2"; }
options_of() { echo " $(of "$1" '.options|join(" ")') "; }
has() { contains "$(options_of "$1")" " $2 "; }
lacks_option() { lacks "$(options_of "$1")" " $2 "; }

@test "remount: of a bind changes what is named and nothing else" {
	differs_from_runc "runc also takes away what is not named"
	mkdir "$T/v"
	probe "$(mount_at /mnt bind "$T/v" bind nosuid noatime)" "$(mount_at /mnt none "$T" bind remount ro nodev)"
	local option
	for option in ro nodev nosuid noatime; do has /mnt $option; done
	has_one /mnt
}

has_one() { equal "$(got "[.mounts[]|select(.target==\"$1\")]|length")" 1; }

@test "remount: flags are taken back" {
	mkdir "$T/v"
	probe "$(mount_at /mnt bind "$T/v" bind ro nosuid nodev noexec)" "$(mount_at /mnt none "$T" bind remount rw suid dev exec)"
	local option
	for option in ro nosuid nodev noexec; do lacks_option /mnt $option; done
}

@test "remount: access times" {
	mkdir "$T/v"
	probe "$(mount_at /mnt tmpfs tmpfs noatime)" "$(mount_at /mnt none "$T" bind remount strictatime nodiratime)"
	lacks_option /mnt noatime
	lacks_option /mnt relatime
	has /mnt nodiratime
}

@test "remount: all mounts below" {
	requires isolated
	differs_from_runc "runc does not reach the mounts below"
	mkdir -p "$T/v/sub"
	mount -t tmpfs tmpfs "$T/v/sub"
	probe "$(mount_at /mnt bind "$T/v" rbind)" "$(mount_at /mnt none "$T" rbind remount rro rnosuid)"
	local option
	for option in ro nosuid; do
		has /mnt $option
		has /mnt/sub $option
	done
	umount "$T/v/sub"
}

@test "remount: a filesystem's own parameters" {
	bundle "$(mount_at /mnt tmpfs tmpfs size=1m)" "$(mount_at /mnt tmpfs tmpfs remount size=2m nosuid)" \
		"$(script 'df -k /mnt | tail -n 1 | tr -s " " | cut -d" " -f2; mount | grep " /mnt " | grep -c nosuid')"
	run_payload
	stdout $'2048\n1'
}

@test "remount: read-only after something was made there" {
	mkdir "$T/v"
	bundle "$(mount_at /mnt tmpfs tmpfs)" "$(mount_at /mnt/place bind "$T/v" bind)" "$(mount_at /mnt tmpfs tmpfs remount ro)" \
		"$(script 'touch /mnt/place/x && echo made; touch /mnt/x')"
	call run --bundle "$B" "$ID"
	exited 1
	stdout made
	contains "$error" "Read-only file system"
}

@test "remount: the container's own proc" {
	bundle "$(mount_at /proc proc proc remount hidepid=2)" "$(script 'grep " /proc " /proc/mounts')"
	run_payload
	matches "$output" 'hidepid=(2|invisible)'
}

@test "remount: /dev read-only, with the devices in it" {
	bundle "$(mount_at /dev tmpfs tmpfs remount ro mode=755)" "$(script 'echo x >/dev/null && echo works; touch /dev/x')"
	call run --bundle "$B" "$ID"
	exited 1
	stdout works
	contains "$error" "Read-only file system"
}

@test "remount: the root" {
	bundle "$(mount_at / none "$T" bind remount ro)" "$(script 'touch /x')"
	differs_from_runc "a mount at / is made, not refused"
	call run --bundle "$B" "$ID"
	exited 1
	contains "$error" "Read-only file system"
}

@test "remount: in a user namespace" {
	mkdir "$T/v"
	bundle "$(new_ns user)" '.linux.uidMappings=[{containerID:0,hostID:100000,size:65536}]|.linux.gidMappings=[{containerID:0,hostID:100000,size:65536}]' \
		"$(mount_at /mnt tmpfs tmpfs size=1m)" "$(mount_at /mnt tmpfs tmpfs remount ro size=3m)" "$(script 'df -k /mnt | tail -n 1 | tr -s " " | cut -d" " -f2; touch /mnt/x')"
	chown -R 100000:100000 "$B/rootfs"
	call run --bundle "$B" "$ID"
	exited 1
	stdout 3072
	contains "$error" "Read-only file system"
}

@test "remount: where nothing is mounted" {
	bundle "$(mount_at /mnt none "$T" bind remount ro)"
	call run --bundle "$B" "$ID"
	exited 1
	contains "$error" "nvalid argument"
	contains "$error" /mnt
	nothing_left
	differs_from_runc "wording of errors"
	fails 1 "mounts[6].options: mount_setattr /mnt: invalid argument; nothing is mounted at exactly this path"
	config "$(mount_at /mnt tmpfs tmpfs remount size=1m)"
	call run --bundle "$B" "$ID"
	fails 1 "mounts[6].options: fspick /mnt: invalid argument; nothing is mounted at exactly this path"
	nothing_left
}

@test "remount: with what the filesystem does not know" {
	bundle "$(mount_at /mnt tmpfs tmpfs)" "$(mount_at /mnt tmpfs tmpfs remount nosuchoption)"
	call run --bundle "$B" "$ID"
	exited 1
	nothing_left
	differs_from_runc "wording of errors"
	fails 1 "mounts[7].options: fsconfig nosuchoption: invalid argument (tmpfs: Unknown parameter 'nosuchoption')"
}
