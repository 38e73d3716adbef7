load lib

KINDS="prestart createRuntime createContainer startContainer poststart poststop"

# shared DIR is the filter that gives hooks of the container the same path.
shared() { mount_at "$1" bind "$1" bind; }

# hook_of KIND SCRIPT MORE is the filter that adds a hook with a name of its own.
hook_of() {
	echo ".hooks.$1 = [{path:\"/bin/sh\",args:[\"sh\",\"-c\",$(json_string "$2"),\"name of $1\"],$3}]"
}

# covers: hooks
@test "hook fields: args and env of all six kinds" {
	local kind
	mkdir "$T/v"
	bundle "$(shared "$T/v")" "$(args true)"
	for kind in $KINDS; do
		# shellcheck disable=SC2016 # for the hook's shell
		edit "$(hook_of "$kind" 'echo "$0 $A $B ${PATH-}" >"$A/$B"' "env:[\"A=$T/v\",\"B=$kind\"]")"
	done
	created
	call start "$ID"
	ok
	ended
	call delete "$ID"
	ok
	for kind in $KINDS; do
		contains "$(<"$T/v/$kind")" "name of $kind $T/v $kind"
	done
}

# covers: hooks.prestart.timeout hooks.createRuntime.timeout hooks.createContainer.timeout
@test "hook fields: a timeout at create" {
	local kind
	for kind in prestart createRuntime createContainer; do
		bundle "$(hook_of "$kind" 'exec sleep 50' timeout:1)"
		call create --bundle "$B" "$ID"
		exited 1
		[[ $RUNTIME_KIND == runc ]] || contains "$error" "$kind"
		nothing_left
	done
}

# covers: hooks.startContainer.timeout hooks.poststart.timeout
@test "hook fields: a timeout at start" {
	differs_from_runc "a poststart hook that fails is an error of start"
	local kind
	for kind in startContainer poststart; do
		bundle "$(args sleep 100)" "$(hook_of "$kind" 'exec sleep 50' timeout:1)"
		created
		call start "$ID"
		exited 1
		[[ $RUNTIME_KIND == runc ]] || contains "$error" "$kind"
		call delete --force "$ID"
	done
}

# covers: hooks.poststop.timeout
@test "hook fields: a timeout at delete is a warning" {
	bundle "$(args sleep 100)" "$(hook_of poststop 'exec sleep 50' timeout:1)"
	running
	local began=$SECONDS
	call delete --force "$ID"
	exited 0
	((SECONDS - began < 40)) || flunk "took $((SECONDS - began)) seconds"
	nothing_left
}
