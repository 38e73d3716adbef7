load lib

# copied OPTION… is the filter for a tmpfs over /home that begins as a copy.
copied() { mount_at /home tmpfs tmpfs tmpcopyup "$@"; }

@test "tmpcopyup: files, links, devices, owners, modes and times" {
	differs_from_runc "runc's copy keeps less"
	bundle "$(copied)" "$(script '
		cd /home
		stat -c "%n %F %a %u:%g %Y" alice tool pipe
		stat -c "%n %F %t:%T %a %u:%g" null
		readlink dangling; readlink absolute
		stat -c "%u:%g" dangling
		cat tool')"
	local home=$B/rootfs/home
	echo text >"$home/tool"
	chown 7:8 "$home/tool"
	chmod 6755 "$home/tool"
	ln -s nowhere "$home/dangling"
	chown -h 3:4 "$home/dangling"
	ln -s /etc/passwd "$home/absolute"
	mkfifo -m 620 "$home/pipe"
	chown 1:2 "$home/pipe"
	mknod -m 604 "$home/null" c 1 3
	chown 5:6 "$home/null"
	touch -d @1000000 "$home/tool"
	touch -d @2000000 "$home/pipe"
	chmod 2711 "$home/alice"
	touch -d @3000000 "$home/alice"
	run_payload
	stdout "$(printf '%s\n' \
		"alice directory 2711 1000:1000 3000000" \
		"tool regular file 6755 7:8 1000000" \
		"pipe fifo 620 1:2 2000000" \
		"null character special file 1:3 604 5:6" \
		nowhere /etc/passwd 3:4 text)"
}

@test "tmpcopyup: extended attributes" {
	differs_from_runc "runc's copy keeps less"
	bundle "$(copied)" "$(script '
		/bin/xattr /home/file user.note; /bin/xattr /home/file security.capability
		/bin/xattr /home/alice user.dir; /bin/xattr /home user.top')" \
		'.process.capabilities.bounding+=["CAP_SYS_ADMIN"]|.process.capabilities.effective+=["CAP_SYS_ADMIN"]|.process.capabilities.permitted+=["CAP_SYS_ADMIN"]'
	cp "$RUNG_TEST_BUILD/bin/xattr" "$B/rootfs/bin"
	local home=$B/rootfs/home caps=0100000200040000000000000000000000000000
	: >"$home/file"
	xattr "$home/file" user.note 6162 || skip "the file system of $T has no extended attributes of users"
	xattr "$home/file" security.capability $caps
	xattr "$home/alice" user.dir 00ff
	xattr "$home" user.top 7a
	run_payload
	stdout $'6162\n'$caps$'\n00ff\n7a'
}

@test "tmpcopyup: what the container changes stays in the copy" {
	bundle "$(copied)" "$(script 'cd /home; rm -r alice; echo new >file; chmod 700 .; cat file')"
	echo old >"$B/rootfs/home/file"
	run_payload
	stdout new
	equal "$(<"$B/rootfs/home/file")" old
	present "$B/rootfs/home/alice"
	equal "$(stat -c %a "$B/rootfs/home")" 755
}

@test "tmpcopyup: large directories, deep ones, long names, empty ones" {
	bundle "$(copied)" "$(script 'cd /home; ls many | wc -l; cat many/*500; find deep | wc -l; ls long; ls -A empty | wc -l')"
	local home=$B/rootfs/home i path=deep name
	mkdir "$home/many" "$home/empty" "$home/long"
	for i in {1..1200}; do echo "$i" >"$home/many/a-name-that-takes-some-room-in-the-block-$i"; done
	mkdir "$home"/many/sub{1..9}
	for i in {1..80}; do path+=/d; done
	mkdir -p "$home/$path"
	name=$(printf 'n%.0s' {1..255})
	: >"$home/long/$name"
	run_payload
	stdout $'1209\n500\n81\n'"$name"$'\n0'
}

@test "tmpcopyup: holes stay holes" {
	differs_from_runc "runc's copy keeps less"
	bundle "$(copied)" "$(script 'stat -c %s /home/sparse /home/hole; test $(stat -c %b /home/sparse) -lt 400 && tail -c 3 /home/sparse; md5sum </home/sparse')"
	truncate -s 1G "$B/rootfs/home/sparse" "$B/rootfs/home/hole"
	echo middle | dd of="$B/rootfs/home/sparse" bs=1M seek=512 conv=notrunc status=none
	truncate -s 600M "$B/rootfs/home/sparse"
	printf end >>"$B/rootfs/home/sparse"
	run_payload
	stdout "$(printf '%s\n' $((600 * 1024 * 1024 + 3)) $((1024 * 1024 * 1024)))"$'\n'"end$(md5sum <"$B/rootfs/home/sparse")"
}

@test "tmpcopyup: the root of the copy is like the directory, unless options say otherwise" {
	differs_from_runc "runc's copy keeps less"
	bundle "$(copied)" "$(script 'stat -c "%a %u:%g" /home')"
	chmod 2751 "$B/rootfs/home"
	chown 11:12 "$B/rootfs/home"
	run_payload
	stdout "2751 11:12"
	config "$(copied mode=1705 uid=1 gid=2)" "$(script 'stat -c "%a %u:%g" /home; ls /home')"
	run_payload
	stdout $'1705 1:2\nalice'
}

@test "tmpcopyup: read-only" {
	bundle "$(copied ro)" "$(script 'ls /home; touch /home/new')"
	call run --bundle "$B" "$ID"
	exited 1
	stdout alice
	contains "$error" "Read-only file system"
}

@test "tmpcopyup: does not fit" {
	differs_from_runc "wording of errors"
	bundle "$(copied size=64k)"
	head -c 100000 /dev/zero | tr '\0' x >"$B/rootfs/home/alice/large"
	call run --bundle "$B" "$ID"
	fails 1 "mounts[6]: write /home/alice/large: no space left on device" "tmpcopyup"
	nothing_left
}

@test "tmpcopyup: deeper than is copied" {
	differs_from_runc "the depth is bounded"
	bundle "$(copied)"
	local i path=$B/rootfs/home
	for i in {1..200}; do path+=/d; done
	mkdir -p "$path"
	call run --bundle "$B" "$ID"
	fails 1 "mounts[6]: " "file name too long"
	nothing_left
}

@test "tmpcopyup: over a link: the directory it leads to, inside" {
	bundle "$(mount_at /link tmpfs tmpfs tmpcopyup)" "$(script 'ls /etc/target')"
	mkdir "$B/rootfs/etc/target"
	: >"$B/rootfs/etc/target/inside"
	ln -s ../../../../../../../../etc/target "$B/rootfs/link"
	run_payload
	stdout inside
	absent /etc/target
}

@test "tmpcopyup: links in the directory are not followed" {
	mkdir "$T/victim"
	echo secret >"$T/victim/file"
	bundle "$(copied)" "$(script 'readlink /home/out; cat /home/out/file 2>&1')"
	ln -s "$T/victim" "$B/rootfs/home/out"
	call run --bundle "$B" "$ID"
	exited 1
	contains "$output" "$T/victim"
	contains "$output" "No such file"
	lacks "$output" secret
}

@test "tmpcopyup: what an earlier entry mounted there is copied, what it mounted below is not" {
	differs_from_runc "runc copies what is mounted below too"
	mkdir "$T/v" "$T/w"
	: >"$T/v/first"
	mkdir "$T/v/place"
	: >"$T/v/place/hidden" >"$T/w/second"
	bundle "$(mount_at /home bind "$T/v" bind)" "$(mount_at /home/place bind "$T/w" bind)" "$(copied)" \
		"$(script 'cd /home; find . | sort')"
	run_payload
	stdout $'.\n./first\n./place'
}

@test "tmpcopyup: over a directory that is not there" {
	bundle "$(mount_at /new/place tmpfs tmpfs tmpcopyup)" "$(script 'ls -A /new/place; touch /new/place/x')"
	run_payload
	stdout ""
}

@test "tmpcopyup: over the root: a root filesystem of the container's own" {
	bundle ".mounts=[{destination:\"/\",type:\"tmpfs\",source:\"tmpfs\",options:[\"tmpcopyup\"]}]+.mounts" \
		"$(script 'echo changed >/etc/passwd; cat /etc/passwd; grep -E "^[^ ]+ [^ ]+ [^ ]+ [^ ]+ / " /proc/self/mountinfo')"
	local before
	before=$(<"$B/rootfs/etc/passwd")
	run_payload
	matches "$output" $'^changed\n[^\n]* - tmpfs [^\n]*$'
	equal "$(<"$B/rootfs/etc/passwd")" "$before"
}

@test "tmpcopyup: memory of the copy is the container's" {
	requires cgroup1
	bundle "$(copied)" '.linux.resources.memory={limit:20971520}' "$(args true)"
	head -c 60000000 /dev/zero | tr '\0' x >"$B/rootfs/home/large"
	call run --bundle "$B" "$ID"
	exited 1
	nothing_left
}

@test "tmpcopyup: on other filesystems it is refused" {
	differs_from_runc "runc ignores it there"
	bundle "$(mount_at /home bind /tmp bind tmpcopyup)" "$(mount_at /mnt proc proc tmpcopyup)"
	call run --bundle "$B" "$ID"
	fails 1 "mounts[6].options[1]: tmpcopyup: works on tmpfs only" "mounts[7].options[0]: tmpcopyup: works on tmpfs only"
}
