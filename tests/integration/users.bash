# shellcheck shell=bash disable=SC2034
#
# Users of this machine who are nobody in particular, for the tests of what a
# caller without privilege can do. They are in /etc only for the tests of this
# file: the suite's mount namespace has files of its own there.
#
#   rt-ann   may map ids 610000000 to 610065535, groups 620000000 to 620065535
#   rt-ben   may map none

ANN=61001
BEN=61002
ANN_UIDS=610000000
ANN_GIDS=620000000

# make_users goes into setup_file, behind prepare.
make_users() {
	[[ -n ${RUNG_TEST_ISOLATED:-} ]] || return 0
	local etc=$BATS_FILE_TMPDIR/etc f
	mkdir "$etc"
	for f in passwd group subuid subgid; do
		[[ -e /etc/$f ]] || return 0
		cp "/etc/$f" "$etc/$f"
	done
	cat >>"$etc/passwd" <<-END
		rt-ann:x:$ANN:$ANN:Ann:/nonexistent:/bin/sh
		rt-ben:x:$BEN:$BEN:Ben:/nonexistent:/bin/sh
	END
	cat >>"$etc/group" <<-END
		rt-ann:x:$ANN:
		rt-ben:x:$BEN:
		rt-more:x:61010:rt-ann
	END
	echo "rt-ann:$ANN_UIDS:65536" >>"$etc/subuid"
	echo "rt-ann:$ANN_GIDS:65536" >>"$etc/subgid"
	for f in passwd group subuid subgid; do mount --bind "$etc/$f" "/etc/$f"; done
	# The binary under test may lie where only its builder can get to.
	cp "$RUNTIME" "$BATS_FILE_TMPDIR/$RUNTIME_KIND"
	export RUNTIME=$BATS_FILE_TMPDIR/$RUNTIME_KIND
}

unmake_users() {
	local f
	[[ -n ${RUNG_TEST_ISOLATED:-} ]] || return 0
	for f in passwd group subuid subgid; do umount "/etc/$f" 2>/dev/null || true; done
}

# as NAME [COMMAND…] lets every call from here on be that user's, started by the
# command if there is one, and gives the user the state directory, a runtime
# directory and the bundle.
as() {
	local name=$1 uid
	shift
	uid=$(id -u "$name")
	USER_ID=$uid
	mkdir -p "$T/xdg"
	chmod 700 "$T/xdg"
	chown "$uid:$uid" "$ROOT" "$T/xdg"
	[[ ! -d $B ]] || own
	WRAP="setpriv --reuid $uid --regid $uid --init-groups env USER=$name HOME=/ XDG_RUNTIME_DIR=$T/xdg $*"
}

# own gives the bundle to the user of as.
own() { chown -hR "$USER_ID:$USER_ID" "$B"; }

# one_id is the filter that maps the user of as to root, many_ids [COUNT] the
# one that maps rt-ann's other ids behind that too.
one_id() {
	echo "$(new_ns user)|.linux.uidMappings=[{containerID:0,hostID:$USER_ID,size:1}]|.linux.gidMappings=[{containerID:0,hostID:$USER_ID,size:1}]"
}

many_ids() {
	local n=${1:-65536}
	echo "$(one_id)|.linux.uidMappings+=[{containerID:1,hostID:$ANN_UIDS,size:$n}]|.linux.gidMappings+=[{containerID:1,hostID:$ANN_GIDS,size:$n}]"
}

# rootless FILTER… makes a bundle as spec --rootless would, of the user of as.
rootless() {
	bundle 'del(.linux.cgroupsPath,.linux.resources)' "$(no_ns network)" "$(one_id)" \
		'.mounts|=map(if .destination=="/sys" then {destination:"/sys",type:"none",source:"/sys",options:["rbind","nosuid","noexec","nodev","ro"]} elif .options then .options-=["gid=5"] else . end)' "$@"
	own
}

# ran wants success. Old runc has warnings about cgroups that are not there.
ran() {
	if [[ $RUNTIME_KIND == runc ]]; then exited 0; else ok; fi
}
