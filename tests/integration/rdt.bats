load lib

# Most machines have no resctrl filesystem. There everything has to be refused,
# because what was asked for would not hold.

needs_no_resctrl() {
	! grep -q ' - resctrl ' /proc/self/mountinfo || skip "this machine has a resctrl filesystem"
}

# covers: linux.intelRdt
@test "intelRdt: without a resctrl filesystem it is refused" {
	needs_no_resctrl
	differs_from_runc "runc lets a part of it pass"
	bundle
	local rdt
	for rdt in '{}' '{closID:"gold"}' '{closID:"/"}' '{l3CacheSchema:"L3:0=f"}' '{memBwSchema:"MB:0=50"}' '{schemata:["L2:0=f"]}' '{enableMonitoring:true}'; do
		config ".linux.intelRdt=$rdt"
		call run --bundle "$B" "$ID"
		exited 1
		[[ $RUNTIME_KIND == runc ]] || contains "$error" "linux.intelRdt: no resctrl filesystem is mounted on this host"
		nothing_left
	done
}

# covers: linux.intelRdt
@test "intelRdt: what is wrong on any machine" {
	differs_from_runc "wording of errors"
	bundle '.linux.intelRdt={closID:"../gold",memBwSchema:"L3:0=f",schemata:["L3:0=f","a\nb"]}'
	call run --bundle "$B" "$ID"
	fails 1 "linux.intelRdt.closID: must be a file name (no slashes)" 'linux.intelRdt.memBwSchema: "L3:0=f": must begin with MB:' \
		"linux.intelRdt.schemata[1]: must be one line"
}

# The rest needs a machine that has it.
needs_resctrl() {
	RESCTRL=$(sed -n 's/^[0-9]* [0-9]* [0-9:]* \/ \([^ ]*\) .* - resctrl .*/\1/p' /proc/self/mountinfo | head -n 1)
	[[ -n $RESCTRL ]] || skip "no resctrl filesystem on this machine"
}

in_group() { grep -qx "$PID" "$1/tasks" || flunk "$PID is not in $1"; }

# covers: linux.intelRdt
@test "intelRdt: a group of its own, removed by another process than made it" {
	needs_resctrl
	bundle '.linux.intelRdt={enableMonitoring:true}' "$(args sleep 100)"
	created
	in_group "$RESCTRL/$ID/mon_groups/$ID"
	call start "$ID"
	ok
	in_group "$RESCTRL/$ID/mon_groups/$ID"
	call delete --force "$ID"
	ok
	absent "$RESCTRL/$ID"
}

# covers: linux.intelRdt
@test "intelRdt: processes of exec are in the group" {
	needs_resctrl
	bundle '.linux.intelRdt={}' "$(args sleep 100)"
	running
	call exec --detach --pid-file "$T/pid" "$ID" sleep 100
	exited 0
	PID=$(<"$T/pid") in_group "$RESCTRL/$ID"
	call delete --force "$ID"
	ok
	absent "$RESCTRL/$ID"
}

# covers: linux.intelRdt
@test "intelRdt: a shared group stays, its monitoring group goes" {
	needs_resctrl
	mkdir "$RESCTRL/shared-$ID"
	bundle ".linux.intelRdt={closID:\"shared-$ID\",enableMonitoring:true}" "$(args sleep 100)"
	running
	in_group "$RESCTRL/shared-$ID/mon_groups/$ID"
	call delete --force "$ID"
	ok
	present "$RESCTRL/shared-$ID"
	absent "$RESCTRL/shared-$ID/mon_groups/$ID"
	rmdir "$RESCTRL/shared-$ID"
}

# covers: linux.intelRdt
@test "intelRdt: a shared group that is not there, or differs" {
	needs_resctrl
	bundle ".linux.intelRdt={closID:\"none-$ID\"}"
	call run --bundle "$B" "$ID"
	exited 1
	nothing_left
	mkdir "$RESCTRL/shared-$ID"
	local line
	line=$(sed -n 's/^ *//;/^\(L3\|MB\):/{p;q}' "$RESCTRL/shared-$ID/schemata")
	config ".linux.intelRdt={closID:\"shared-$ID\",schemata:[\"$line\"]}"
	run_payload
	config ".linux.intelRdt={closID:\"shared-$ID\",schemata:[\"${line%%:*}:99=1\"]}"
	call run --bundle "$B" "$ID"
	exited 1
	rmdir "$RESCTRL/shared-$ID"
}

# covers: linux.intelRdt
@test "intelRdt: a schema that the kernel refuses leaves nothing" {
	needs_resctrl
	bundle '.linux.intelRdt={l3CacheSchema:"L3:0=0"}'
	call run --bundle "$B" "$ID"
	exited 1
	absent "$RESCTRL/$ID"
	nothing_left
}
