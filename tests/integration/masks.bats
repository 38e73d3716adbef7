load lib

@test "masked: a file reads as empty" {
	bundle '.linux.maskedPaths=["/etc/passwd"]' "$(script 'wc -c </etc/passwd; echo x >/etc/passwd; wc -c </etc/passwd')"
	call run --bundle "$B" "$ID"
	stdout $'0\n0'
	equal "$(head -c 4 "$B/rootfs/etc/passwd")" root
}

@test "masked: a directory is empty and read-only" {
	bundle '.linux.maskedPaths=["/home"]' "$(script 'ls -A /home; touch /home/x')"
	call run --bundle "$B" "$ID"
	exited 1
	stdout ""
	contains "$error" "Read-only file system"
}

@test "masked: below /proc and /sys" {
	bundle '.linux.maskedPaths=["/proc/uptime","/sys/class","/proc/sys/net"]' \
		"$(script 'wc -c </proc/uptime; ls /sys/class /proc/sys/net | grep -vc :')"
	call run --bundle "$B" "$ID"
	equal "$error" ""
	matches "$output" $'^0\n[01]$'
}

@test "masked: a path that does not exist is no error" {
	bundle '.linux.maskedPaths=["/no/such/path","/proc/nosuch"]' "$(args echo fine)"
	run_payload
	stdout fine
	absent "$B/rootfs/no"
}

@test "masked: many directories" {
	bundle '.linux.maskedPaths=[range(40)|"/many/\(.)"]' "$(script 'ls -A /many/* | grep -c secret; ls -d /many/* | wc -l')"
	mkdir -p "$B"/rootfs/many/{0..39}
	: | tee "$B"/rootfs/many/{0..39}/secret
	call run --bundle "$B" "$ID"
	exited 0
	stdout $'0\n40'
}

@test "masked: a relative path is refused" {
	differs_from_runc "a relative masked or read-only path is refused, not ignored"
	bundle '.linux.maskedPaths=["etc/passwd"]'
	call run --bundle "$B" "$ID"
	exited 1
	contains "$error" "linux.maskedPaths[0]"
}

@test "masked: a symbolic link cannot lead outside" {
	echo secret >"$T/host"
	bundle '.linux.maskedPaths=["/link"]' "$(args echo fine)"
	ln -s "../../../../../../../../..$T/host" "$B/rootfs/link"
	call run --bundle "$B" "$ID"
	equal "$(<"$T/host")" secret
	nothing_left
}

@test "masked: not without a mount namespace" {
	bundle "$(no_ns mount)"
	call run --bundle "$B" "$ID"
	exited 1
	nothing_left
}

@test "read-only: a directory and a file" {
	bundle '.linux.readonlyPaths=["/home","/etc/passwd"]' \
		"$(script 'touch /home/x; echo x >>/etc/passwd; touch /etc/fine && echo fine')"
	call run --bundle "$B" "$ID"
	exited 0
	stdout fine
	equal "$(grep -c "Read-only file system" <<<"$error")" 2
}

@test "read-only: below /proc" {
	bundle "$(script 'echo x >/proc/sys/kernel/domainname; echo 1 >/proc/sys/vm/overcommit_memory')"
	call run --bundle "$B" "$ID"
	exited 1
	equal "$(grep -c "Read-only file system" <<<"$error")" 2
}

@test "read-only: keeps the other flags of the mount" {
	probe "$(mount_at /mnt tmpfs tmpfs nosuid nodev noexec)" '.linux.readonlyPaths=["/mnt"]'
	local options
	options=$(got '[.mounts[]|select(.target=="/mnt")]|last.options|join(" ")')
	local flag
	for flag in ro nosuid nodev noexec; do contains " $options " " $flag "; done
}

@test "read-only: adds no flags that nobody asked for" {
	probe '.linux.readonlyPaths=["/home"]'
	local options
	options=$(got '[.mounts[]|select(.target=="/home")]|last.options|join(" ")')
	contains " $options " " ro "
	local flag
	for flag in nosuid nodev noexec; do lacks " $options " " $flag "; done
}

@test "read-only: a path that does not exist is no error" {
	bundle '.linux.readonlyPaths=["/no/such/path"]' "$(args echo fine)"
	run_payload
	stdout fine
}

@test "read-only: the same path also masked" {
	bundle '.linux.readonlyPaths=["/home"]' '.linux.maskedPaths=["/home"]' "$(script 'ls -A /home; touch /home/x')"
	call run --bundle "$B" "$ID"
	exited 1
	stdout ""
}
