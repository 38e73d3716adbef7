load lib

# A mount over the root has to become the whole tree: what it hides, the first
# root and the host's, has to go.

# over_root TYPE SOURCE OPTION… is the filter for a mount at / before the others.
over_root() {
	local list="" type=$1 source=$2 word
	for word in "${@:3}"; do list+="${list:+,}\"$word\""; done
	echo ".mounts=[{destination:\"/\",type:\"$type\",source:\"$source\",options:[$list]}]+.mounts"
}

# roots prints what is mounted at / and where that comes from.
roots() { jq -c '[.mounts[]|select(.target=="/")|.root]' "$T/probe.json"; }

other_root() {
	cp -a "$RUNG_TEST_BUILD/rootfs" "$T/$1"
	echo "$1" >"$T/$1/etc/which"
}

@test "mount over the root: nothing of the host and of the first root is left" {
	differs_from_runc "a mount at / is made, not refused"
	other_root other
	bundle "$(over_root bind "$T/other" rbind)" "$(args /bin/probe)" '.linux.maskedPaths=[]|.linux.readonlyPaths=[]'
	run_payload
	cp "$OUT" "$T/probe.json"
	matches "$(roots)" '^\["[^"]*/other"\]$'
	want '[.mounts[].target]' '["/","/proc","/dev","/dev/pts","/dev/shm","/dev/mqueue","/sys"]'
}

@test "mount over the root: several, the last is on top" {
	differs_from_runc "a mount at / is made, not refused"
	other_root one
	other_root two
	bundle "$(over_root bind "$T/two" rbind)" "$(over_root bind "$T/one" rbind)" "$(args /bin/probe)"
	run_payload
	cp "$OUT" "$T/probe.json"
	matches "$(roots)" '^\["[^"]*/two"\]$'
}

@test "mount over the root: read-only, with exec, in a user namespace" {
	differs_from_runc "a mount at / is made, not refused"
	other_root other
	chown -R 100000:100000 "$T/other"
	bundle "$(over_root bind "$T/other" rbind)" "$(new_ns user)" '.root.readonly=true' \
		'.linux.uidMappings=[{containerID:0,hostID:100000,size:65536}]|.linux.gidMappings=[{containerID:0,hostID:100000,size:65536}]' \
		"$(script 'cat /etc/which; touch /x || sleep 100')"
	running
	call exec "$ID" sh -c 'cat /etc/which; touch /x; grep -c " / / " /proc/self/mountinfo'
	contains "$output" other
	contains "$error" "Read-only file system"
	stdout $'other\n0'
	call delete --force "$ID"
	ok
}
