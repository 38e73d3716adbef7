load lib

# Device nodes: owners, modes, what is there already, user namespaces.

node() { # TYPE PATH MAJOR MINOR [MORE]
	echo ".linux.devices += [{type:\"$1\",path:\"$2\",major:$3,minor:$4${5:+,$5}}] |
		.linux.resources.devices += [{allow:true,type:\"$1\",major:$3,minor:$4,access:\"rwm\"}]"
}

in_userns() {
	local map='[{containerID:0,hostID:100000,size:65536}]'
	echo "$(new_ns user)|.linux.uidMappings=$map|.linux.gidMappings=$map"
}

show() { script "stat -c '%n %F %t:%T %a %u:%g' $*"; }

no_dev() { echo '.mounts|=map(select(.destination|startswith("/dev")|not))'; }

@test "nodes: in a user namespace, with mode and owner as configured" {
	differs_from_runc "owner and mode hold in a user namespace too"
	bundle "$(in_userns)" "$(node c /dev/one 1 5 'fileMode:416,uid:7,gid:8')" "$(node b /srv/disk 7 200 'fileMode:384')" \
		"$(show /dev/one /srv/disk)"
	chown -R 100000:100000 "$B/rootfs"
	run_payload
	stdout $'/dev/one character special file 1:5 640 7:8\n/srv/disk block special file 7:c8 600 0:0'
}

@test "nodes: in a user namespace, the default ones are root's and work" {
	differs_from_runc "owner and mode hold in a user namespace too"
	bundle "$(in_userns)" "$(script 'cd /dev; stat -c "%n %a %u:%g" null zero full random urandom tty; echo x >null; head -c 3 zero | wc -c; echo x >full')"
	chown -R 100000:100000 "$B/rootfs"
	call run --bundle "$B" "$ID"
	exited 1
	stdout "$(printf '%s 666 0:0\n' null zero full random urandom tty)"$'\n3'
	contains "$error" "No space left on device"
}

@test "nodes: in a user namespace that is joined by path alone" {
	differs_from_runc "owner and mode hold in a user namespace too"
	bundle "$(in_userns)" "$(args sleep 100)"
	chown -R 100000:100000 "$B/rootfs"
	running
	local first=$ID
	ID=$ID-2
	config "$(no_ns network)" "$(join_ns user "/proc/$PID/ns/user")" "$(node c /dev/one 1 5 'fileMode:416,uid:7,gid:8')" \
		'.mounts|=map(select(.type!="sysfs"))|.linux.maskedPaths=[]' "$(show /dev/one /dev/null)"
	run_payload
	stdout $'/dev/one character special file 1:5 640 7:8\n/dev/null character special file 1:3 666 0:0'
	call delete --force "$first"
	ok
}

@test "nodes: in a user namespace, a fifo" {
	differs_from_runc "owner and mode hold in a user namespace too"
	bundle "$(in_userns)" '.linux.devices=[{type:"p",path:"/dev/fifo",fileMode:432,uid:3,gid:4}]' "$(script 'stat -c "%F %a %u:%g" /dev/fifo')"
	chown -R 100000:100000 "$B/rootfs"
	run_payload
	stdout "fifo 660 3:4"
}

@test "nodes: an owner that is not mapped" {
	differs_from_runc "runc gives it to root"
	bundle "$(in_userns)" "$(node c /dev/one 1 5 uid:70000)"
	call run --bundle "$B" "$ID"
	fails 1 "linux.devices[0].uid: 70000 is not mapped by linux.uidMappings"
}

@test "nodes: outside of /dev, in a directory that is not there" {
	bundle "$(node c /opt/some/where/null 1 3)" "$(show /opt/some/where/null)"
	run_payload
	stdout "/opt/some/where/null character special file 1:3 666 0:0"
}

@test "nodes: one that is there already and is the right one gets mode and owner" {
	bundle "$(node c /opt/null 1 3 'fileMode:384,uid:5,gid:6')" "$(node c /opt/kept 1 5)" "$(show /opt/null /opt/kept)"
	mkdir "$B/rootfs/opt"
	mknod -m 777 "$B/rootfs/opt/null" c 1 3
	mknod -m 604 "$B/rootfs/opt/kept" c 1 5
	chown 9:9 "$B/rootfs/opt/kept"
	call run --bundle "$B" "$ID"
	ok
	differs_from_runc "what the config does not give stays as it is"
	stdout $'/opt/null character special file 1:3 600 5:6\n/opt/kept character special file 1:5 604 9:9'
}

@test "nodes: one that is there already and is another" {
	differs_from_runc "runc says nothing"
	bundle
	local what
	mkdir "$B/rootfs/opt"
	for what in "mknod $B/rootfs/opt/x c 1 5" "mknod $B/rootfs/opt/x b 1 3" "mkfifo $B/rootfs/opt/x" "mkdir $B/rootfs/opt/x" \
		"ln -s /dev/null $B/rootfs/opt/x" "touch $B/rootfs/opt/x"; do
		$what
		config "$(node c /opt/x 1 3)"
		call run --bundle "$B" "$ID"
		fails 1 "linux.devices[0]: mknod /opt/x: file exists (the path exists and is not this device)"
		nothing_left
		rm -r "$B/rootfs/opt/x"
	done
}

@test "nodes: in a user namespace, one that is there already and is another" {
	differs_from_runc "runc says nothing"
	bundle
	chown -R 100000:100000 "$B/rootfs"
	mkdir "$B/rootfs/opt"
	local what
	for what in "mknod $B/rootfs/opt/x c 1 5" "mkfifo $B/rootfs/opt/x" "cp /etc/hostname $B/rootfs/opt/x"; do
		$what
		config "$(in_userns)" "$(node c /opt/x 1 3)"
		call run --bundle "$B" "$ID"
		fails 1 "linux.devices[0]: move_mount /opt/x: file exists (the path exists and is not this device)"
		nothing_left
		rm -r "$B/rootfs/opt/x"
	done
}

@test "nodes: in a user namespace without a filesystem at /dev, twice" {
	bundle "$(in_userns)" "$(no_dev)" "$(script 'echo x >/dev/null && stat -c %t:%T /dev/null')"
	chown -R 100000:100000 "$B/rootfs"
	run_payload
	stdout 1:3
	run_payload
	stdout 1:3
}

@test "nodes: listed where /dev is bound from the host: have to be there, and stay" {
	differs_from_runc "runc does not look at the list then"
	bundle
	local before
	before=$(find /dev -xdev -ls | sort | md5sum)
	config "$(no_dev)" "$(mount_at /dev bind /dev rbind)" "$(node c /dev/null 1 3)" "$(args true)"
	run_payload
	config "$(no_dev)" "$(mount_at /dev bind /dev rbind)" "$(node c /dev/not-there 1 3)"
	call run --bundle "$B" "$ID"
	fails 1 "linux.devices[0]: open /dev/not-there: no such file or directory (no device is made in a /dev that is not the container's own)"
	nothing_left
	config "$(no_dev)" "$(mount_at /dev bind /dev rbind)" "$(node c /dev/null 1 5)"
	call run --bundle "$B" "$ID"
	fails 1 "linux.devices[0]: mknod /dev/null: file exists (the path exists and is not this device)"
	config "$(no_dev)" "$(mount_at /dev bind /dev rbind)" "$(node c /dev/null 1 3 fileMode:384)"
	call run --bundle "$B" "$ID"
	fails 1 "linux.devices[0]: chmod /dev/null: file exists (it has another mode or owner and is not the container's own to change)"
	equal "$(find /dev -xdev -ls | sort | md5sum)" "$before" "the host's /dev"
}

@test "nodes: in a volume: made, and one that is there is not changed" {
	differs_from_runc "runc changes it"
	mkdir "$T/v"
	mknod -m 644 "$T/v/there" c 1 3
	bundle "$(mount_at /vol bind "$T/v" bind)" "$(node c /vol/there 1 3)" "$(node c /vol/new 1 5)" "$(show /vol/there /vol/new)"
	run_payload
	stdout $'/vol/there character special file 1:3 644 0:0\n/vol/new character special file 1:5 666 0:0'
	config "$(mount_at /vol bind "$T/v" bind)" "$(node c /vol/there 1 3 uid:5)"
	call run --bundle "$B" "$ID"
	fails 1 "linux.devices[0]: chmod /vol/there: file exists"
	equal "$(stat -c %u "$T/v/there")" 0
}

@test "nodes: /dev/ptmx in the list is the container's own" {
	bundle "$(node c /dev/ptmx 5 2)" "$(script 'readlink /dev/ptmx')"
	run_payload
	stdout pts/ptmx
	config "$(in_userns)" "$(node c /dev/ptmx 5 2)" "$(script 'readlink /dev/ptmx')"
	chown -R 100000:100000 "$B/rootfs"
	run_payload
	stdout pts/ptmx
}

@test "nodes: without the right to make any they are the host's" {
	requires isolated
	bundle "$(no_ns cgroup)" '.linux.resources={}' "$(script 'stat -c "%n %F %t:%T" /dev/null /dev/zero; echo x >/dev/null && echo works')"
	WRAP="setpriv --bounding-set -mknod --inh-caps -mknod" call run --bundle "$B" "$ID"
	differs_from_runc "runc needs the capability outside of a user namespace"
	ok
	stdout $'/dev/null character special file 1:3\n/dev/zero character special file 1:5\nworks'
	edit "$(node c /dev/none 240 7)"
	WRAP="setpriv --bounding-set -mknod --inh-caps -mknod" call run --bundle "$B" "$ID"
	fails 1 "linux.devices[0]: open_tree /dev/none: no such file or directory"
	nothing_left
	edit '.linux.devices=[{type:"c",path:"/dev/null",major:1,minor:3,fileMode:384}]'
	WRAP="setpriv --bounding-set -mknod --inh-caps -mknod" call run --bundle "$B" "$ID"
	fails 1 "linux.devices[0]: /dev/null: mode 0600 asked for, 0666 on this host"
	nothing_left
}
