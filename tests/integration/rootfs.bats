load lib

@test "rootfs: writable" {
	bundle "$(script 'echo text >/file')"
	run_payload
	equal "$(<"$B/rootfs/file")" text
}

@test "rootfs: read-only" {
	bundle '.root.readonly=true' "$(script 'touch /file')"
	call run --bundle "$B" "$ID"
	exited 1
	contains "$error" "Read-only file system"
	absent "$B/rootfs/file"
}

@test "rootfs: read-only, but the mounts in it are not" {
	mkdir "$T/v"
	bundle '.root.readonly=true' "$(mount_at /mnt bind "$T/v" bind)" "$(script 'touch /mnt/x /dev/shm/x && echo fine')"
	run_payload
	stdout fine
}

@test "rootfs: read-only: a missing mount point is still made" {
	mkdir "$T/v"
	bundle '.root.readonly=true' "$(mount_at /new/dir bind "$T/v" bind)" "$(script 'ls -d /new/dir')"
	run_payload
	stdout /new/dir
}

@test "rootfs: on a file system that is read-only" {
	requires isolated
	mkdir "$T/ro"
	bundle '.root={path:"'"$T/ro"'",readonly:true}' "$(args echo fine)"
	mount --bind "$B/rootfs" "$T/ro"
	mount -o remount,bind,ro "$T/ro"
	call run --bundle "$B" "$ID"
	umount "$T/ro"
	ok
	stdout fine
}

@test "rootfs: an overlay" {
	requires isolated
	mkdir "$T/upper" "$T/work" "$T/merged"
	bundle ".root.path=\"$T/merged\"" "$(script 'echo text >/file; rm /etc/passwd')"
	mount -t overlay overlay -o "lowerdir=$B/rootfs,upperdir=$T/upper,workdir=$T/work" "$T/merged"
	call run --bundle "$B" "$ID"
	umount "$T/merged"
	ok
	equal "$(<"$T/upper/file")" text
	present "$B/rootfs/etc/passwd"
}

@test "rootfs: a path relative to the bundle, and an absolute one" {
	bundle "$(args echo fine)"
	cd /
	run_payload
	stdout fine
	edit ".root.path=\"$B/rootfs\""
	run_payload
	stdout fine
}

@test "rootfs: one that is missing, a file, empty" {
	bundle
	local path
	for path in nowhere config.json; do
		edit ".root.path=\"$path\""
		call run --bundle "$B" "$ID"
		exited 1
		nothing_left
	done
	edit 'del(.root)'
	call run --bundle "$B" "$ID"
	exited 1
	nothing_left
}

@test "rootfs: an empty path" {
	differs_from_runc "an empty root.path is refused, not taken for the bundle"
	bundle '.root.path=""'
	call run --bundle "$B" "$ID"
	exited 1
	contains "$error" root.path
	nothing_left
}

@test "rootfs: a bundle with a symbolic link in its path" {
	bundle "$(args echo fine)"
	ln -s bundle "$T/link"
	call run --bundle "$T/link" "$ID"
	ok
	stdout fine
}

@test "rootfs: /proc that is a symbolic link (CVE-2019-19921, CVE-2023-27561, CVE-2023-28642)" {
	local link
	for link in /bad-proc bad-proc /dangling ../../../tmp; do
		bundle
		rmdir "$B/rootfs/proc"
		mkdir "$B/rootfs/bad-proc"
		ln -s "$link" "$B/rootfs/proc"
		call run --bundle "$B" "$ID"
		exited 1
		contains "$error" "must be mounted on ordinary directory"
		nothing_left
	done
}

@test "rootfs: /sys that is a symbolic link (CVE-2019-19921)" {
	needs_runc 1.2 "symbolic link at /sys"
	bundle
	rmdir "$B/rootfs/sys"
	mkdir "$B/rootfs/bad-sys"
	ln -s /bad-sys "$B/rootfs/sys"
	call run --bundle "$B" "$ID"
	exited 1
	contains "$error" "must be mounted on ordinary directory"
	nothing_left
}

@test "rootfs: /dev that leads outside: nothing changes there (CVE-2026-41579)" {
	needs_runc 1.5 "the fix"
	mkdir -p "$T/victim/pts" "$T/victim/shm"
	echo hosts >"$T/victim/ptmx"
	bundle '.mounts|=map(select(.destination|startswith("/dev")|not))'
	rmdir "$B/rootfs/dev"
	ln -s "../../../../../../../../../..$T/victim" "$B/rootfs/dev"
	call run --bundle "$B" "$ID"
	equal "$(<"$T/victim/ptmx")" hosts
	equal "$(find "$T/victim" | sort | tr '\n' ' ')" "$T/victim $T/victim/ptmx $T/victim/pts $T/victim/shm "
}

@test "rootfs: /dev that leads outside, with mounts at it (CVE-2026-41579)" {
	needs_runc 1.5 "the fix"
	mkdir -p "$T/victim/pts"
	echo hosts >"$T/victim/ptmx"
	bundle
	rmdir "$B/rootfs/dev"
	ln -s "../../../../../../../../../..$T/victim" "$B/rootfs/dev"
	call run --bundle "$B" "$ID"
	equal "$(<"$T/victim/ptmx")" hosts
	equal "$(find "$T/victim" | sort | tr '\n' ' ')" "$T/victim $T/victim/ptmx $T/victim/pts "
	nothing_left
}

@test "rootfsPropagation: private and slave" {
	local value want
	while read -r value want; do
		probe ".linux.rootfsPropagation=\"$value\""
		local now
		now=$(got '[.mounts[]|select(.target=="/")]|last|.propagation|join(" ")|split(":")[0]//"none"')
		equal "$now" "$want" "root with $value"
	done <<-'END'
		private none
		rprivate none
		slave none
		rslave none
	END
}

@test "rootfsPropagation: shared and unbindable" {
	needs_runc 1.3 "a root that is shared or unbindable"
	local value
	for value in shared unbindable; do
		probe ".linux.rootfsPropagation=\"$value\""
		equal "$(got '[.mounts[]|select(.target=="/")]|last|.propagation|join(" ")|split(":")[0]')" $value
	done
}

@test "rootfsPropagation: an unknown value" {
	bundle '.linux.rootfsPropagation="nosuch"'
	call run --bundle "$B" "$ID"
	exited 1
	nothing_left
}

@test "rootfsPropagation: mounts of the host arrive with rslave below a shared root" {
	requires isolated
	mkdir "$T/base"
	mount -t tmpfs tmpfs "$T/base"
	mount --make-shared "$T/base"
	cp -a "$RUNG_TEST_BUILD/rootfs" "$T/base/rootfs"
	mkdir "$B"
	config ".root.path=\"$T/base/rootfs\"" '.linux.rootfsPropagation="rslave"' "$(args sleep 100)"
	running
	mount -t tmpfs late "$T/base/rootfs/mnt"
	call exec "$ID" grep -c ' /mnt .* late ' /proc/self/mountinfo
	local seen=$output
	call delete --force "$ID"
	ok
	umount "$T/base/rootfs/mnt"
	umount "$T/base"
	[[ $RUNTIME_KIND != runc || $seen == 1 ]] || skip "this runc cuts the root off from the host"
	equal "$seen" 1 "mounts that arrived"
}

@test "rootfsPropagation: nothing of the container reaches a shared host" {
	requires isolated
	mkdir "$T/base"
	mount -t tmpfs tmpfs "$T/base"
	mount --make-shared "$T/base"
	cp -a "$RUNG_TEST_BUILD/rootfs" "$T/base/rootfs"
	mkdir "$B"
	config ".root.path=\"$T/base/rootfs\"" "$(mount_at /mnt tmpfs tmpfs)" "$(args sleep 100)"
	running
	equal "$(grep -c " $T/base/" /proc/self/mountinfo)" 0 "mounts below the root on the host"
	call delete --force "$ID"
	ok
	equal "$(grep -c " $T/base/" /proc/self/mountinfo)" 0 "mounts below the root on the host"
	umount "$T/base"
}

@test "rootfs: what is mounted below it on the host is there" {
	requires isolated
	bundle "$(script 'cat /mnt/file')"
	mount -t tmpfs tmpfs "$B/rootfs/mnt"
	echo text >"$B/rootfs/mnt/file"
	call run --bundle "$B" "$ID"
	umount "$B/rootfs/mnt"
	ok
	stdout text
}

@test "rootfs: create does not write into it what nobody asked for" {
	bundle
	local before
	before=$(cd "$B/rootfs" && find . -printf '%p %m %U %s\n' | sort)
	run_payload
	equal "$(cd "$B/rootfs" && find . -printf '%p %m %U %s\n' | sort | diff <(echo "$before") -)" "" "changes in the root"
}
