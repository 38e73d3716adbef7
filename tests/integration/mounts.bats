load lib

# of TARGET FILTER prints what the probe saw of the mount on top at TARGET.
of() { got "[.mounts[]|select(.target==\"$1\")]|last|$2"; }

options_of() { of "$1" '(.options+.super)|join(" ")'; }

has_option() { contains " $(options_of "$1") " " $2 "; }
has_not_option() { lacks " $(options_of "$1") " " $2 "; }

@test "mounts: exactly those of the config, in their order" {
	probe '.linux.maskedPaths=[]' '.linux.readonlyPaths=[]'
	want '[.mounts[].target]' '["/","/proc","/dev","/dev/pts","/dev/shm","/dev/mqueue","/sys"]'
	want '[.mounts[1:][].type]' '["proc","tmpfs","devpts","tmpfs","mqueue","sysfs"]'
}

@test "mounts: nothing of the host's tree is reachable" {
	bundle "$(script "ls /..; ls -d '$T' '$HERE'")"
	call run --bundle "$B" "$ID"
	exited 1
	equal "$output" "$(ls "$B/rootfs")"
	equal "$(grep -c "No such file" <<<"$error")" 2
}

@test "mounts: bind, read-write" {
	mkdir "$T/v"
	bundle "$(mount_at /mnt bind "$T/v" rbind rw)" "$(script 'echo inside >/mnt/file')"
	run_payload
	equal "$(<"$T/v/file")" inside
}

@test "mounts: bind, read-only" {
	mkdir "$T/v"
	bundle "$(mount_at /mnt bind "$T/v" bind ro)" "$(script 'touch /mnt/file')"
	call run --bundle "$B" "$ID"
	exited 1
	contains "$error" "Read-only file system"
	absent "$T/v/file"
}

@test "mounts: bind decided by the option, whatever the type" {
	mkdir "$T/v"
	echo text >"$T/v/file"
	bundle "$(mount_at /mnt none "$T/v" bind)" "$(script 'cat /mnt/file')"
	run_payload
	stdout text
}

@test "mounts: bind of a file" {
	echo text >"$T/file"
	bundle "$(mount_at /etc/given bind "$T/file" bind ro)" "$(script 'cat /etc/given; echo x >/etc/given')"
	call run --bundle "$B" "$ID"
	exited 1
	stdout text
	equal "$(<"$T/file")" text
	# The target was made, as an empty file.
	equal "$(stat -c '%F %s' "$B/rootfs/etc/given")" "regular empty file 0"
}

@test "mounts: bind of a socket and of a fifo" {
	mkfifo "$T/fifo"
	bundle "$(mount_at /run/fifo bind "$T/fifo" bind)" "$(script 'test -p /run/fifo && echo yes')"
	run_payload
	stdout yes
}

@test "mounts: a relative source is below the bundle" {
	bundle "$(mount_at /mnt bind data bind)" "$(script 'cat /mnt/file')"
	mkdir "$B/data"
	echo text >"$B/data/file"
	cd /
	run_payload
	stdout text
}

@test "mounts: a source that does not exist" {
	bundle "$(mount_at /mnt bind "$T/none" bind)"
	call run --bundle "$B" "$ID"
	fails 1 "no such file or directory"
	nothing_left
}

@test "mounts: rbind brings what is mounted below, bind does not" {
	requires isolated
	mkdir -p "$T/v/sub"
	mount -t tmpfs tmpfs "$T/v/sub"
	echo text >"$T/v/sub/file"
	bundle "$(mount_at /mnt bind "$T/v" rbind)" "$(script 'ls /mnt/sub')"
	run_payload
	stdout file
	config "$(mount_at /mnt bind "$T/v" bind)" "$(script 'ls /mnt/sub')"
	run_payload
	stdout ""
	umount "$T/v/sub"
}

@test "mounts: ro is not recursive, rro is" {
	requires isolated
	mkdir -p "$T/v/sub"
	mount -t tmpfs tmpfs "$T/v/sub"
	probe "$(mount_at /mnt bind "$T/v" rbind ro)"
	has_option /mnt ro
	has_option /mnt/sub rw
	probe_again "$(mount_at /mnt bind "$T/v" rbind rro)"
	has_option /mnt ro
	has_option /mnt/sub ro
	umount "$T/v/sub"
}

probe_again() {
	config "$(args /bin/probe)" "$@"
	run_payload
	cp "$OUT" "$T/probe.json"
}

@test "mounts: recursive options" {
	requires isolated
	mkdir -p "$T/v/sub"
	mount -t tmpfs tmpfs "$T/v/sub"
	probe "$(mount_at /mnt bind "$T/v" rbind rnosuid rnodev rnoexec rnoatime)"
	local option
	for option in nosuid nodev noexec noatime; do
		has_option /mnt $option
		has_option /mnt/sub $option
	done
	umount "$T/v/sub"
}

@test "mounts: flags of a bind" {
	mkdir "$T/v"
	probe "$(mount_at /mnt bind "$T/v" bind nosuid nodev noexec noatime)"
	local option
	for option in nosuid nodev noexec noatime; do has_option /mnt $option; done
	has_option /mnt rw
}

@test "mounts: flags are in force" {
	mkdir "$T/v"
	bundle "$(mount_at /mnt bind "$T/v" bind noexec nodev)" "$(script 'cp /bin/busybox /mnt/true; /mnt/true')"
	call run --bundle "$B" "$ID"
	exited 126
	contains "$error" "Permission denied"
}

@test "mounts: of contradicting flags the last one wins" {
	mkdir "$T/v"
	probe "$(mount_at /mnt bind "$T/v" bind ro rw nosuid suid noexec exec nodev dev)"
	has_option /mnt rw
	has_not_option /mnt nosuid
	has_not_option /mnt noexec
	has_not_option /mnt nodev
	probe_again "$(mount_at /mnt bind "$T/v" bind rw ro)"
	has_option /mnt ro
}

@test "mounts: atime flags" {
	bundle
	local pair
	for pair in noatime:noatime relatime:relatime strictatime: nodiratime:nodiratime; do
		probe_again "$(mount_at /mnt tmpfs tmpfs "${pair%%:*}")"
		if [[ -n ${pair#*:} ]]; then
			has_option /mnt "${pair#*:}"
		else
			has_not_option /mnt relatime
			has_not_option /mnt noatime
		fi
	done
}

@test "mounts: tmpfs with size, mode and owner" {
	needs_runc 1.2 "a mode that the mount point has not"
	bundle "$(mount_at /mnt tmpfs tmpfs size=128k mode=1770 uid=7 gid=8 nosuid)" \
		"$(script 'stat -c "%a %u %g" /mnt; df -k /mnt | tail -n 1 | tr -s " " | cut -d" " -f2')"
	run_payload
	stdout $'1770 7 8\n128'
}

@test "mounts: tmpfs, read-only" {
	bundle "$(mount_at /mnt tmpfs tmpfs ro)" "$(script 'touch /mnt/x')"
	call run --bundle "$B" "$ID"
	exited 1
	contains "$error" "Read-only file system"
}

@test "mounts: tmpfs keeps the mode of the directory below it" {
	needs_runc 1.2 "mode of the mount point"
	bundle "$(mount_at /mnt tmpfs tmpfs)" "$(script 'stat -c %a /mnt')"
	chmod 1711 "$B/rootfs/mnt"
	run_payload
	stdout 1711
}

@test "mounts: tmpcopyup brings the content below it" {
	bundle "$(mount_at /home tmpfs tmpfs tmpcopyup)" \
		"$(script 'stat -c "%u %a" /home/alice; cat /home/alice/file; readlink /home/link; touch /home/new')"
	not_yet 'mounts[6].options[0]'
	echo text >"$B/rootfs/home/alice/file"
	ln -s alice "$B/rootfs/home/link"
	run_payload
	stdout $'1000 755\ntext\nalice'
	absent "$B/rootfs/home/new"
}

@test "mounts: options that the file system does not know" {
	bundle "$(mount_at /mnt tmpfs tmpfs nosuchoption)"
	call run --bundle "$B" "$ID"
	exited 1
	nothing_left
}

@test "mounts: a file system type that does not exist" {
	bundle "$(mount_at /mnt nosuchfs none)"
	call run --bundle "$B" "$ID"
	exited 1
	matches "$error" '/mnt|mounts\[6\]'
	nothing_left
}

@test "mounts: proc is the container's own" {
	bundle "$(script 'cat /proc/1/comm; ls /proc | grep -c "^[0-9]"')"
	run_payload
	matches "$output" $'^sh\n[1-4]$'
}

@test "mounts: proc with hidepid" {
	bundle '.mounts[0].options=["hidepid=2"]' "$(args /bin/probe)"
	run_payload
	cp "$OUT" "$T/probe.json"
	matches "$(options_of /proc)" 'hidepid=(2|invisible)'
}

@test "mounts: sysfs, read-only, without a host device tree in a network namespace of its own" {
	bundle "$(script 'ls /sys/class/net; touch /sys/x')"
	call run --bundle "$B" "$ID"
	exited 1
	stdout lo
	contains "$error" "Read-only file system"
}

@test "mounts: devpts is the container's own, /dev/ptmx works" {
	bundle "$(script 'ls /dev/pts; readlink /dev/ptmx; stat -c "%a" /dev/pts/ptmx')"
	run_payload
	stdout $'ptmx\npts/ptmx\n666'
}

@test "mounts: mqueue is the container's own" {
	probe
	equal "$(of /dev/mqueue .type)" mqueue
	has_option /dev/mqueue noexec
}

@test "mounts: cgroup on v1: each hierarchy, the container's part, read-only" {
	requires cgroup1
	bundle "$(mount_at /sys/fs/cgroup cgroup cgroup nosuid noexec nodev relatime ro)" \
		"$(script 'ls /sys/fs/cgroup; cat /sys/fs/cgroup/memory/cgroup.procs; mkdir /sys/fs/cgroup/memory/x')"
	call run --bundle "$B" "$ID"
	exited 1
	local controller
	for controller in memory cpu cpuset pids devices freezer blkio; do
		matches "$output" "(^|"$'\n'")$controller("$'\n'"|$)"
	done
	# Itself and children, nothing else of the host's.
	matches "$output" $'\n1(\n|$)'
	contains "$error" "Read-only file system"
}

@test "mounts: cgroup on v1 with a cgroup namespace" {
	requires cgroup1
	bundle "$(new_ns cgroup)" "$(mount_at /sys/fs/cgroup cgroup cgroup ro)" \
		"$(script 'grep -E ":(memory|pids):" /proc/self/cgroup | cut -d: -f3; cat /sys/fs/cgroup/pids/cgroup.procs | head -n 1')"
	run_payload
	stdout $'/\n/\n1'
}

@test "mounts: cgroup on v2" {
	requires cgroup2
	bundle "$(new_ns cgroup)" "$(mount_at /sys/fs/cgroup cgroup cgroup ro)" \
		"$(script 'grep ^0: /proc/self/cgroup; head -n 1 /sys/fs/cgroup/cgroup.procs; mkdir /sys/fs/cgroup/x')"
	call run --bundle "$B" "$ID"
	exited 1
	stdout $'0::/\n1'
	contains "$error" "Read-only file system"
}

@test "mounts: propagation of a mount" {
	mkdir "$T/v"
	bundle
	local option
	for option in private shared slave unbindable rprivate rshared rslave; do
		probe_again "$(mount_at /mnt bind "$T/v" bind "$option")"
		case $option in
		*private) equal "$(of /mnt '.propagation|join(" ")')" "" "$option" ;;
		*shared) contains "$(of /mnt '.propagation|join(" ")')" "shared:" ;;
		*slave) lacks "$(of /mnt '.propagation|join(" ")')" "shared:" ;;
		unbindable) equal "$(of /mnt '.propagation|join(" ")')" unbindable ;;
		esac
	done
}

@test "mounts: with rslave what the host mounts later appears" {
	requires isolated
	mkdir -p "$T/v/sub"
	mount -t tmpfs tmpfs "$T/v"
	mount --make-shared "$T/v"
	mkdir "$T/v/sub"
	bundle "$(mount_at /mnt bind "$T/v" rbind rslave)" "$(args sleep 100)"
	running
	mount -t tmpfs tmpfs "$T/v/sub"
	echo text >"$T/v/sub/file"
	call exec "$ID" cat /mnt/sub/file
	ok
	stdout text
	# Not the other way round.
	call delete --force "$ID"
	ok
	umount "$T/v/sub"
	umount "$T/v"
}

@test "mounts: with rprivate it does not" {
	requires isolated
	mkdir -p "$T/v"
	mount -t tmpfs tmpfs "$T/v"
	mount --make-shared "$T/v"
	mkdir "$T/v/sub"
	bundle "$(mount_at /mnt bind "$T/v" rbind rprivate)" "$(args sleep 100)"
	running
	mount -t tmpfs tmpfs "$T/v/sub"
	: >"$T/v/sub/file"
	call exec "$ID" ls /mnt/sub
	ok
	stdout ""
	call delete --force "$ID"
	ok
	umount "$T/v/sub"
	umount "$T/v"
}

@test "mounts: missing targets are made, also deep ones" {
	mkdir "$T/v"
	echo text >"$T/v/file"
	bundle "$(mount_at /a/b/c bind "$T/v" bind)" "$(mount_at /d/e/file bind "$T/v/file" bind)" \
		"$(script 'cat /a/b/c/file /d/e/file')"
	run_payload
	stdout $'text\ntext'
	equal "$(stat -c %a "$B/rootfs/a" "$B/rootfs/d/e")" $'755\n755'
}

@test "mounts: a target that is a symbolic link is resolved inside" {
	mkdir "$T/v"
	echo text >"$T/v/file"
	bundle "$(mount_at /link bind "$T/v" bind)" "$(script 'cat /etc/target/file')"
	ln -s /etc/target "$B/rootfs/link"
	run_payload
	stdout text
	absent /etc/target
}

@test "mounts: a symbolic link in the target's path cannot leave the root (CVE-2019-18837)" {
	mkdir "$T/v" "$T/victim"
	echo text >"$T/v/file"
	bundle "$(mount_at /out/sub bind "$T/v" bind)" "$(script "cat '$T/victim/sub/file'")"
	ln -s "../../../../../../../../../..$T/victim" "$B/rootfs/out"
	call run --bundle "$B" "$ID"
	# Either refused or made below the root; never on the host.
	equal "$(ls -A "$T/victim")" "" "the host's directory"
	[[ $status != 0 ]] || stdout text
	nothing_left
}

@test "mounts: .. in a target stays inside" {
	mkdir "$T/v"
	echo text >"$T/v/file"
	bundle "$(mount_at /../../../up bind "$T/v" bind)" "$(script 'cat /up/file')"
	run_payload
	stdout text
	absent "$T/up"
}

@test "mounts: one mount below another of the config" {
	mkdir -p "$T/v"
	bundle "$(mount_at /mnt tmpfs tmpfs)" "$(mount_at /mnt/sub bind "$T/v" bind)" "$(script 'touch /mnt/sub/x')"
	run_payload
	present "$T/v/x"
	absent "$B/rootfs/mnt/sub"
}

@test "mounts: two at the same place, the later is on top" {
	mkdir "$T/one" "$T/two"
	: >"$T/one/one"
	: >"$T/two/two"
	bundle "$(mount_at /mnt bind "$T/one" bind)" "$(mount_at /mnt bind "$T/two" bind)" "$(script 'ls /mnt')"
	run_payload
	stdout two
}

@test "mounts: over the root itself" {
	differs_from_runc "a mount at / is made, not refused"
	mkdir "$T/other"
	cp -a "$RUNG_TEST_BUILD/rootfs/." "$T/other"
	echo other >"$T/other/etc/which"
	bundle ".mounts=[{destination:\"/\",type:\"bind\",source:\"$T/other\",options:[\"rbind\"]}]+.mounts" "$(args cat /etc/which)"
	run_payload
	stdout other
}

@test "mounts: a relative destination is taken from the root" {
	mkdir "$T/v"
	: >"$T/v/file"
	bundle "$(mount_at mnt bind "$T/v" bind)" "$(script 'ls /mnt')"
	call run --bundle "$B" "$ID"
	exited 0
	stdout file
}

@test "mounts: below /proc only what is known to be harmless" {
	mkdir "$T/v"
	: >"$T/v/cpuinfo"
	local target
	bundle
	for target in /proc/self /proc/self/attr /proc/1 /proc/sys; do
		config "$(mount_at "$target" bind "$T/v" bind)"
		call run --bundle "$B" "$ID"
		exited 1
		contains "$error" "$target"
		nothing_left
	done
	config "$(mount_at /proc/cpuinfo bind "$T/v/cpuinfo" bind)" "$(script 'wc -c </proc/cpuinfo')"
	run_payload
	stdout 0
}

@test "mounts: an image volume over /proc is refused (CVE-2019-16884)" {
	mkdir "$T/v"
	bundle
	config '.mounts|=map(select(.destination!="/proc"))' "$(mount_at /proc bind "$T/v" bind)" \
		'.linux.maskedPaths=[]' '.linux.readonlyPaths=[]'
	call run --bundle "$B" "$ID"
	exited 1
	contains "$error" "/proc"
	nothing_left
	config '.mounts|=map(select(.destination!="/proc"))' "$(mount_at /proc tmpfs tmpfs)" \
		'.linux.maskedPaths=[]' '.linux.readonlyPaths=[]'
	call run --bundle "$B" "$ID"
	exited 1
	nothing_left
}

@test "mounts: nosymfollow" {
	needs_runc 1.2 "nosymfollow"
	mkdir "$T/v"
	: >"$T/v/file"
	ln -s file "$T/v/link"
	bundle "$(mount_at /mnt bind "$T/v" bind nosymfollow)" "$(script 'cat /mnt/file; cat /mnt/link')"
	call run --bundle "$B" "$ID"
	exited 1
	contains "$error" "Too many levels of symbolic links"
}

@test "mounts: names with blanks and other bytes" {
	local name="a b	c'd\"e:f,g"
	mkdir "$T/$name"
	echo text >"$T/$name/file"
	bundle "$(mount_at "/mnt/$name" bind "$T/$name" bind)" "$(script 'cat /mnt/*/file')"
	run_payload
	stdout text
}

@test "mounts: a very long source fails cleanly (CVE-2021-43784)" {
	bundle
	local name
	name=/$(printf 'x%.0s' {1..70000})
	edit ".mounts += [{destination:\"/mnt\",type:\"bind\",source:\"$name\",options:[\"bind\"]}]"
	call run --bundle "$B" "$ID"
	exited 1
	nothing_left
}

@test "mounts: fifty of them" {
	mkdir "$T/v"
	: >"$T/v/file"
	bundle "[range(50)|{destination:\"/many/\(.)\",type:\"bind\",source:\"$T/v\",options:[\"bind\",\"ro\"]}] as \$m|.mounts+=\$m" \
		"$(script 'ls /many/*/file | wc -l; grep -c " /many/" /proc/self/mountinfo')"
	run_payload
	stdout $'50\n50'
}
