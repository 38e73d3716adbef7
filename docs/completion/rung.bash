# Completion of rung's command line for bash, from 4.2 on. It needs no other
# package. completion_test.go compares it with the command table.

_rung_verbs='checkpoint create delete doctor events exec features help kill list pause ps restore resume run spec start state update'

# _rung_options VERB sets, for a verb or for "", which is what stands before
# it, options to those without a value and valued to those with one. Options
# that the help text hides are hidden here too.
_rung_options() {
	options=() valued=()
	case $1 in
	'')
		options=(--debug --systemd-cgroup --version -v)
		valued=(--root --log --log-format --rootless)
		;;
	checkpoint)
		options=(--leave-running --pre-dump --tcp-established --tcp-skip-in-flight --tcp-close --ext-unix-sk
			--shell-job --lazy-pages --file-locks --link-remap --auto-dedup)
		valued=(--image-path --work-path --parent-path --status-fd --page-server --manage-cgroups-mode --empty-ns)
		;;
	create)
		options=(--no-pivot --no-new-keyring)
		valued=(--bundle -b --pid-file --console-socket --pidfd-socket --preserve-fds)
		;;
	delete)
		options=(--force -f)
		;;
	doctor)
		valued=(--format -f)
		;;
	events)
		options=(--stats)
		valued=(--interval)
		;;
	exec)
		options=(--detach -d --tty -t --no-new-privs --ignore-paused)
		valued=(--process -p --cwd --env -e --user -u --additional-gids -g --cap -c --cgroup
			--apparmor --process-label --pid-file --console-socket --pidfd-socket --preserve-fds)
		;;
	list)
		options=(--quiet -q)
		valued=(--format -f)
		;;
	ps)
		valued=(--format -f)
		;;
	restore)
		options=(--detach -d --no-subreaper --no-pivot --tcp-established --tcp-skip-in-flight --tcp-close
			--ext-unix-sk --shell-job --lazy-pages --file-locks --link-remap --auto-dedup)
		valued=(--image-path --work-path --bundle -b --pid-file --console-socket --pidfd-socket
			--manage-cgroups-mode --empty-ns --lsm-profile --lsm-mount-context)
		;;
	run)
		options=(--no-pivot --no-new-keyring --detach -d --keep --no-subreaper)
		valued=(--bundle -b --pid-file --console-socket --pidfd-socket --preserve-fds)
		;;
	spec)
		options=(--rootless)
		valued=(--bundle -b)
		;;
	update)
		valued=(--resources -r --memory --memory-reservation --memory-swap --cpu-share --cpu-period --cpu-quota
			--cpu-burst --cpu-rt-period --cpu-rt-runtime --cpu-idle --cpuset-cpus --cpuset-mems --blkio-weight
			--pids-limit --l3-cache-schema --mem-bw-schema)
		;;
	esac
	options+=(--help -h)
}

# _rung_read reads the words before the current one into verb, arguments (how
# many came after it), root, ended (no option can follow) and flag (the option
# whose value the current word is). Bash has split the words at "=" and ":".
_rung_read() {
	local i=1 word
	local -a options valued
	verb='' arguments=0 root='' ended='' flag=''
	_rung_options ''
	valued+=(--criu) # hidden, and has a value all the same
	while ((i < COMP_CWORD)); do
		word=${COMP_WORDS[i++]}
		if [[ $word == -- && -z $ended ]]; then
			ended=yes
		elif [[ $word == -?* && -z $ended ]]; then
			_rung_read_option "$word"
		elif [[ -z $verb ]]; then
			verb=$word ended=''
			_rung_options "$verb"
		else
			((++arguments))
			# What follows is the program's, or that of ps(1).
			[[ $verb == exec || $verb == ps ]] && ended=yes
		fi
	done
}

# _rung_read_option reads on behind an option, with or without a value.
_rung_read_option() {
	local name=${1#-} value
	name=${name#-}
	[[ $name == ? ]] && name=-$name || name=--$name
	if [[ " ${valued[*]} " != *" $name "* ]]; then
		# --debug=true
		[[ ${COMP_WORDS[i]} == = ]] && (((i += 2) > COMP_CWORD)) && flag=$name
		return 0
	fi
	[[ ${COMP_WORDS[i]} == = ]] && ((i < COMP_CWORD)) && ((++i))
	value=${COMP_WORDS[i++]}
	# The rest of a value that was split, as in --env A=1 and --user 0:0.
	while ((i <= COMP_CWORD)) && [[ ${COMP_WORDS[i]} == [=:] ]]; do
		((i += 2))
	done
	if ((i > COMP_CWORD)); then
		flag=$name
	elif [[ -z $verb && $name == --root ]]; then
		root=$value
	fi
}

_rung_files() {
	# Bash refuses it when this is not called for a completion, as in tests.
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen "$@" -- "$cur")
}

_rung_words() {
	mapfile -t COMPREPLY < <(compgen -W "$*" -- "$cur")
}

# _rung_ids PROGRAM completes the id of a container that is there. The state
# directory may be typed with quotes and a tilde; variables are not looked at.
_rung_ids() {
	local program=${1/#\~\//$HOME/} id
	local -a global=()
	root=${root//[\\\"\']/}
	root=${root/#\~\//$HOME/}
	[[ -n $root ]] && global=(--root "$root")
	while read -r id; do
		[[ $id == "$cur"* ]] && COMPREPLY+=("$id")
	done < <("$program" "${global[@]}" list -q 2>/dev/null)
}

# _rung_value completes the value of flag.
_rung_value() {
	case $verb:$flag in
	:--root | *:--bundle | *:-b | *:--image-path | *:--work-path) _rung_files -d ;;
	:--log | exec:--process | exec:-p | update:--resources | update:-r | *:--pid-file | *:--console-socket | *:--pidfd-socket) _rung_files -f ;;
	:--log-format) _rung_words text json ;;
	:--rootless) _rung_words true false auto ;;
	doctor:* | list:* | ps:*) _rung_words table json ;;
	*:--manage-cgroups-mode) _rung_words soft full strict ignore ;;
	*:--empty-ns) _rung_words network ;;
	esac
}

_rung() {
	local cur=${COMP_WORDS[COMP_CWORD]} verb arguments root ended flag
	local -a options valued
	COMPREPLY=()
	_rung_read
	if [[ -n $flag ]]; then
		[[ $cur == [=:] ]] && cur=''
		_rung_value
	elif [[ $cur == -* && -z $ended ]]; then
		_rung_options "$verb"
		mapfile -t COMPREPLY < <(compgen -W "${options[*]} ${valued[*]}" -X '!--*' -- "$cur")
	else
		case $verb:$arguments in
		:*) _rung_words "$_rung_verbs" ;;
		help:0) _rung_words "${_rung_verbs/ help/}" ;;
		checkpoint:0 | delete:0 | events:0 | exec:0 | kill:0 | pause:0 | ps:0 | resume:0 | start:0 | state:0 | update:0) _rung_ids "$1" ;;
		kill:1) mapfile -t COMPREPLY < <(compgen -A signal -X '!SIG*' -- "$cur") ;;
		esac
	fi
}

complete -F _rung rung
