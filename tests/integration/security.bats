load lib

@test "security: exactly three descriptors in the payload, whatever the config" {
	mkdir "$T/v"
	: >"$T/v/file"
	local limits='{memory:{limit:100000000}}'
	[[ $(cgroup_controllers) == *" memory "* ]] || limits='{}'
	bundle "$(args /bin/probe)" "$(new_ns cgroup)" "$(mount_at /mnt bind "$T/v" rbind ro)" "$(mount_at /etc/x bind "$T/v/file" bind)" \
		"$(mount_at /sys/fs/cgroup cgroup cgroup ro)" '.root.readonly=true' '.linux.sysctl={"net.ipv4.ip_forward":"1"}' \
		".linux.resources=$limits" '.hooks={createContainer:[{path:"/bin/true"}],startContainer:[{path:"/bin/true"}]}' \
		'.linux.seccomp={defaultAction:"SCMP_ACT_ALLOW",syscalls:[{names:["reboot"],action:"SCMP_ACT_ERRNO"}]}' \
		'.process.user={uid:1000,gid:1000}' '.process.oomScoreAdj=5'
	created
	call start "$ID"
	ok
	ended
	equal "$(jq -c '.fds|keys' "$CTOUT")" '["0","1","2"]'
}

@test "security: exactly three descriptors with a user namespace" {
	bundle "$(args /bin/probe)" "$(new_ns user)" '.linux.uidMappings=[{containerID:0,hostID:100000,size:65536}]|.linux.gidMappings=.linux.uidMappings'
	chown -R 100000:100000 "$B/rootfs"
	run_payload
	equal "$(jq -c '.fds|keys' <<<"$output")" '["0","1","2"]'
}

@test "security: init that waits has no directory of the host open (CVE-2016-9962)" {
	bundle
	created
	local fd mount
	for fd in "/proc/$PID/fd"/*; do
		[[ -d $fd ]] || continue
		mount=$(awk '/^mnt_id:/{print $2}' "/proc/$PID/fdinfo/${fd##*/}")
		! grep -q "^$mount " /proc/self/mountinfo || flunk "$(readlink "$fd") of the host is open as ${fd##*/}"
	done
}

@test "security: init that waits cannot be looked into from inside (CVE-2016-9962)" {
	differs_from_runc "an init that waits for start is not dumpable"
	bundle
	created
	local path
	for path in fd root exe cwd; do
		call exec "$ID" ls -L "/proc/1/$path"
		exited 1
		matches "$error" "ermission denied|perm"
	done
	call exec "$ID" cat /proc/1/environ
	exited 1
}

@test "security: the caller's environment is not in init that waits" {
	bundle
	WRAP="env SECRET=hidden" created
	lacks "$(tr '\0' ' ' <"/proc/$PID/environ")" hidden
}

@test "security: no abstract socket is opened (CVE-2020-15257)" {
	local before
	before=$(grep -o ' @.*' /proc/net/unix | sort -u || true)
	bundle "$(args sleep 100)"
	created
	equal "$(grep -o ' @.*' /proc/net/unix | sort -u || true)" "$before"
	call start "$ID"
	ok
	call exec --detach "$ID" sleep 100
	ok
	equal "$(grep -o ' @.*' /proc/net/unix | sort -u || true)" "$before"
}

# escape_with FILTER… runs a payload that tries to read a secret of the host
# relative to where it is.
escape_with() {
	config "$(script "pwd; cat ../../../../../../../../../../../..$T/secret")" "$@"
	call run --bundle "$B" "$ID"
	lacks "$output" "the host's secret"
	[[ $status == 0 ]] || [[ -z $(leftovers) ]] || nothing_left
}

@test "security: cwd in a descriptor of the runtime (CVE-2024-21626)" {
	echo "the host's secret" >"$T/secret"
	bundle
	local n
	for n in {3..14}; do
		escape_with ".process.cwd=\"/proc/self/fd/$n\""
		# Refused, or somewhere inside.
		[[ $status == 1 && -z $output ]] || equal "$output" / "working directory with descriptor $n"
	done
	for n in 3 5 7 8 9; do
		escape_with ".process.cwd=\"/proc/self/fd/$n/../../..\""
		escape_with ".process.cwd=\"/proc/1/fd/$n\""
	done
}

@test "security: cwd through a link of the image (CVE-2024-21626)" {
	echo "the host's secret" >"$T/secret"
	bundle
	local n
	for n in {3..12}; do
		ln -sfn "/proc/self/fd/$n" "$B/rootfs/link"
		escape_with '.process.cwd="/link"'
	done
}

@test "security: args in a descriptor of the runtime (CVE-2024-21626)" {
	bundle
	local n
	for n in {3..12}; do
		edit "$(args "/proc/self/fd/$n/../../../../../../..$RUNG_TEST_BUILD/bin/probe")"
		call run --bundle "$B" "$ID"
		differ "$status" 0 "exit status with descriptor $n"
		nothing_left
	done
}

@test "security: exec --cwd in a descriptor of the runtime (CVE-2024-21626)" {
	echo "the host's secret" >"$T/secret"
	bundle "$(args sleep 100)"
	running
	local n
	for n in {3..14}; do
		call exec --cwd "/proc/self/fd/$n" "$ID" sh -c "pwd; cat ../../../../../../../../../..$T/secret"
		lacks "$output" "the host's secret"
		# Refused, or somewhere inside.
		[[ $status == 255 ]] || equal "$output" / "working directory with descriptor $n"
	done
}

# Of the runtime a copy, for the attack that works would destroy it.
@test "security: the runtime's binary cannot be written to, by #!/proc/self/exe (CVE-2019-5736)" {
	cp "$RUNTIME" "$T/${RUNTIME##*/}"
	local copy=$T/${RUNTIME##*/} before
	before=$(sha256sum <"$copy")
	bundle "$(args /bin/exewriter)"
	cp "$RUNG_TEST_BUILD/bin/exewriter" "$B/rootfs/bin/exewriter"
	printf '#!/proc/self/exe\n' >"$B/rootfs/bin/evil"
	chmod 755 "$B/rootfs/bin/evil"
	RUNTIME=$copy running
	await text "$CTOUT" ready
	local n
	for n in {1..8}; do
		RUNTIME=$copy call exec "$ID" /bin/evil features
		RUNTIME=$copy call exec "$ID" true
	done
	call kill "$ID" TERM
	ok
	ended
	[[ $(tail -n 1 "$CTOUT" | jq .processes) -gt 0 ]] || flunk "the attacker saw no other process: $(<"$CTOUT")"
	equal "$(tail -n 1 "$CTOUT" | jq .written)" 0 "programs written to"
	equal "$(sha256sum <"$copy")" "$before" "hash of the runtime"
}

@test "security: a payload that is #!/proc/self/exe gets no host file (CVE-2019-5736)" {
	cp "$RUNTIME" "$T/${RUNTIME##*/}"
	local copy=$T/${RUNTIME##*/} before
	before=$(sha256sum <"$copy")
	bundle "$(args /bin/evil)"
	printf '#!/proc/self/exe\n' >"$B/rootfs/bin/evil"
	chmod 755 "$B/rootfs/bin/evil"
	RUNTIME=$copy call run --bundle "$B" "$ID"
	differ "$status" 124 "hangs"
	equal "$(sha256sum <"$copy")" "$before" "hash of the runtime"
}

@test "security: a payload that writes to its parent's program" {
	cp "$RUNTIME" "$T/${RUNTIME##*/}"
	local copy=$T/${RUNTIME##*/} before
	before=$(sha256sum <"$copy")
	# Without PID namespace and with every capability: it can see the runtime.
	bundle "$(no_ns pid)" "$(script 'for p in /proc/[0-9]*; do readlink $p/exe; done | grep -c . ; sleep 0.2')"
	RUNTIME=$copy call run --bundle "$B" "$ID"
	exited 0
	equal "$(sha256sum <"$copy")" "$before" "hash of the runtime"
}

@test "security: /dev/null that is a link is not bound over masked paths (CVE-2025-31133)" {
	needs_runc 1.3.3 "the fix"
	mkdir "$T/dev"
	echo "hosts" >"$T/victim"
	ln -s /victim "$T/dev/null"
	local n
	for n in zero full random urandom tty; do cp -a "/dev/$n" "$T/dev/$n"; done
	bundle '.mounts|=map(select(.destination|startswith("/dev")|not))' "$(mount_at /dev bind "$T/dev" rbind)" \
		"$(mount_at /victim bind "$T/victim" bind)" '.linux.maskedPaths=["/etc/passwd"]' '.linux.readonlyPaths=[]' \
		"$(script 'cat /etc/passwd; echo overwritten >/etc/passwd')"
	call run --bundle "$B" "$ID"
	# Refused, or masked with the real device.
	equal "$(<"$T/victim")" hosts
	equal "$output" ""
	nothing_left
}

# race N FILTER… runs N containers while vol/dir and vol/link change places; the
# link leads to $T/victim on the host.
race() {
	local rounds=$1 n
	shift
	mkdir -p "$T/vol/dir/sub" "$T/victim/sub"
	ln -s "../../../../../../../../../../../..$T/victim" "$T/vol/link"
	bundle "$(mount_at /vol bind "$T/vol" rbind)" "$@"
	local before
	before=$(find "$T/victim" | sort)
	spawn swap swap "$T/vol/dir" "$T/vol/link"
	local swapper=$SPAWNED_PID
	for ((n = 0; n < rounds; n++)); do
		call run --bundle "$B" "$ID"
		equal "$(find "$T/victim" | sort)" "$before" "the host's directory after round $n"
		equal "$(grep -c "$T/victim" /proc/self/mountinfo)" 0 "mounts at the host's directory"
	done
	kill -TERM "$swapper"
	reap swap "$swapper"
	# The helper was at work.
	[[ $output -gt 1000 ]] || flunk "only $output exchanges"
}

@test "security: a mount point that changes places with a link (CVE-2021-30465)" {
	race 12 "$(mount_at /vol/dir/sub tmpfs tmpfs)" "$(script 'touch /vol/dir/sub/file')"
}

@test "security: a mount point that is made while its parent changes places (CVE-2024-45310)" {
	needs_runc 1.1.14 "the fix"
	race 12 "$(mount_at /vol/dir/new/deep tmpfs tmpfs)" "$(args true)"
}

@test "security: a masked and a read-only path that change places with a link" {
	mkdir -p "$T/victim"
	echo kept >"$T/victim/file"
	race 12 '.linux.maskedPaths=["/vol/dir/sub"]' '.linux.readonlyPaths=["/vol/dir"]' "$(args true)"
	equal "$(<"$T/victim/file")" kept
	touch "$T/victim/still-writable"
}

@test "security: a file that the runtime makes does not follow a link of the image" {
	echo kept >"$T/victim"
	mkdir "$T/v"
	: >"$T/v/file"
	bundle "$(mount_at /etc/made bind "$T/v/file" bind)"
	ln -s "../../../../../../../../../../../..$T/victim" "$B/rootfs/etc/made"
	call run --bundle "$B" "$ID"
	equal "$(<"$T/victim")" kept
	absent "$T/victim.tmp"
	nothing_left
}

@test "security: nothing of the image's library or name files is used (CVE-2019-14271)" {
	bundle "$(args echo fine)"
	mkdir -p "$B/rootfs/lib64" "$B/rootfs/etc"
	local name
	for name in lib64/libc.so.6 lib64/ld-linux-x86-64.so.2 lib64/libnss_files.so.2 etc/ld.so.preload etc/nsswitch.conf etc/ld.so.cache etc/localtime; do
		mkfifo "$B/rootfs/$name"
	done
	run_payload
	stdout fine
}

@test "security: ids do not lead to other directories (crun 1646)" {
	bundle
	mkdir -p "$T/other"
	: >"$T/other/state.json"
	local id verb
	for id in ../other ./x other/ "../root/$ID" "$ID/../x" . ..; do
		for verb in state start kill delete pause resume; do
			call $verb "$id"
			exited 1
		done
		call delete --force "$id"
		exited 1
	done
	present "$T/other/state.json"
	equal "$(ls -A "$T/other")" state.json
}

@test "security: groups, privileges and keyring are the container's alone" {
	bundle "$(args /bin/probe)"
	WRAP="setpriv --groups 4,20 --inh-caps +all" call run --bundle "$B" "$ID"
	if [[ $status == 127 || $error == *setpriv* ]]; then
		WRAP="setpriv --groups 4,20" call run --bundle "$B" "$ID"
	fi
	exited 0
	equal "$(jq -c '[.groups-[0],.caps.inheritable,.caps.ambient,.noNewPrivileges]' <<<"$output")" \
		'[[],"0000000000000000","0000000000000000",1]'
	contains "$(jq -r .keyringName <<<"$output")" "_ses.$ID"
}

@test "security: the payload cannot unmount or uncover what is masked" {
	bundle "$(script 'umount /proc/sys /proc/bus; mount -o remount,rw /proc/sys; echo x >/proc/sys/kernel/domainname')"
	call run --bundle "$B" "$ID"
	exited 1
	contains "$error" "Read-only file system"
}
