package spec

import (
	"path"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// Limits of the kernel on what a process object may ask for.
const (
	noID          = 1<<32 - 1 // (uid_t)-1: "leave unchanged" to every set*id call
	maxUmask      = 0o777
	maxGroups     = 65536 // NGROUPS_MAX
	maxWindowSize = 65535 // struct winsize holds unsigned shorts
	minOOMScore   = -1000
	maxOOMScore   = 1000
)

// CheckProcess checks a process object on its own, as `exec --process` gives
// it, by the same rules as Check. Paths in its errors begin with path, usually
// "process".
func CheckProcess(proc *specs.Process, path string) error {
	p := new(problems)
	checkProcess(p, proc, path)
	return p.join()
}

// checkProcess checks everything in a process object that does not depend on
// the container around it. Capabilities are not looked at: a name the kernel
// does not know is a warning by the runtime-spec, see Capabilities.
func checkProcess(p *problems, proc *specs.Process, at string) {
	checkArgs(p, proc.Args, at+".args")
	checkEnv(p, proc.Env, at+".env")
	switch {
	case proc.Cwd == "":
		p.add(at+".cwd", "Cwd property must not be empty")
	case hasNUL(proc.Cwd):
		p.add(at+".cwd", causeNUL)
	case !path.IsAbs(proc.Cwd):
		p.addf(at+".cwd", "Cwd must be an absolute path, not %q", proc.Cwd)
	}
	// The runtime-spec has consoleSize ignored without a terminal.
	if size := proc.ConsoleSize; size != nil && proc.Terminal {
		if size.Height > maxWindowSize {
			p.addf(at+".consoleSize.height", "%d is more than a terminal can have, %d", size.Height, maxWindowSize)
		}
		if size.Width > maxWindowSize {
			p.addf(at+".consoleSize.width", "%d is more than a terminal can have, %d", size.Width, maxWindowSize)
		}
	}
	checkUser(p, &proc.User, at+".user")
	checkRlimits(p, proc.Rlimits, at+".rlimits")
	checkLabel(p, proc.ApparmorProfile, at+".apparmorProfile")
	checkLabel(p, proc.SelinuxLabel, at+".selinuxLabel")
	checkScheduler(p, proc.Scheduler, at+".scheduler")
	checkIOPriority(p, proc.IOPriority, at+".ioPriority")
	checkAffinity(p, proc.ExecCPUAffinity, at+".execCPUAffinity")
	if score := proc.OOMScoreAdj; score != nil && (*score < minOOMScore || *score > maxOOMScore) {
		p.addf(at+".oomScoreAdj", "%d is outside %d to %d", *score, minOOMScore, maxOOMScore)
	}
}

func checkArgs(p *problems, args []string, at string) {
	if len(args) == 0 {
		p.add(at, "args must not be empty")
		return
	}
	if args[0] == "" {
		// Callers tell 127 from 126 by these words.
		p.add(element(at, 0), `exec: "": executable file not found in $PATH`)
	}
	for i, arg := range args {
		if hasNUL(arg) {
			p.add(element(at, i), causeNUL)
		}
	}
}

// checkEnv never repeats a value: environments carry secrets, errors get
// logged.
func checkEnv(p *problems, env []string, at string) {
	for i, variable := range env {
		switch eq := strings.IndexByte(variable, '='); {
		case hasNUL(variable):
			p.add(element(at, i), "invalid environment variable: "+causeNUL)
		case eq < 0:
			p.add(element(at, i), "invalid environment variable: missing '='")
		case eq == 0:
			p.add(element(at, i), "invalid environment variable: the name is empty")
		}
	}
}

func checkUser(p *problems, u *specs.User, at string) {
	if u.UID == noID {
		p.addf(at+".uid", "%d is not a user id: the kernel reads it as -1", u.UID)
	}
	if u.GID == noID {
		p.addf(at+".gid", "%d is not a group id: the kernel reads it as -1", u.GID)
	}
	if u.Umask != nil && *u.Umask > maxUmask {
		p.addf(at+".umask", "%d (octal %o) has bits beyond 0777", *u.Umask, *u.Umask)
	}
	if len(u.AdditionalGids) > maxGroups {
		p.addf(at+".additionalGids", "%d groups, more than the kernel's %d", len(u.AdditionalGids), maxGroups)
	}
	for i, gid := range u.AdditionalGids {
		if gid == noID {
			p.addf(element(at+".additionalGids", i), "%d is not a group id: the kernel reads it as -1", gid)
		}
	}
}
