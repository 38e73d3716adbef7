# shellcheck shell=bash
#
# What both runners of bats files do in the mount namespace of a file.

# private_run covers /run and /dev/shm with empty ones, except for the ways to a
# systemd that runs here; $TMPDIR is a place for a moment.
private_run() {
	local place keep=()
	for place in systemd dbus user; do
		[[ -d /run/systemd/system && -d /run/$place ]] || continue
		keep+=("$place")
		mkdir -p "$TMPDIR/$place"
		mount --rbind "/run/$place" "$TMPDIR/$place"
	done
	mount -t tmpfs -o mode=0755 tmpfs /run
	for place in "${keep[@]}"; do
		mkdir "/run/$place"
		mount --move "$TMPDIR/$place" "/run/$place"
		rmdir "$TMPDIR/$place"
	done
	mount -t tmpfs tmpfs /dev/shm
}
