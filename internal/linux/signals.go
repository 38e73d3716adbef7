package linux

import "golang.org/x/sys/unix"

// Numbers of signals that this program itself speaks of.
const (
	SIGHUP   = int(unix.SIGHUP)
	SIGINT   = int(unix.SIGINT)
	SIGABRT  = int(unix.SIGABRT)
	SIGKILL  = int(unix.SIGKILL)
	SIGTERM  = int(unix.SIGTERM)
	SIGCHLD  = int(unix.SIGCHLD)
	SIGWINCH = int(unix.SIGWINCH)
	SIGCONT  = int(unix.SIGCONT)
	SIGTSTP  = int(unix.SIGTSTP)
	SIGQUIT  = int(unix.SIGQUIT)
	SIGUSR1  = int(unix.SIGUSR1)
	SIGUSR2  = int(unix.SIGUSR2)
	SIGALRM  = int(unix.SIGALRM)
	SIGTTIN  = int(unix.SIGTTIN)
	SIGTTOU  = int(unix.SIGTTOU)
	SIGIO    = int(unix.SIGIO)
	SIGPWR   = int(unix.SIGPWR)
	SIGXCPU  = int(unix.SIGXCPU)
	SIGXFSZ  = int(unix.SIGXFSZ)
	SIGPROF  = int(unix.SIGPROF)

	SIGVTALRM = int(unix.SIGVTALRM)

	// SIGRTMIN is the first real-time signal as programs count them: the
	// kernel's first two belong to the C library.
	SIGRTMIN = 34
	// SIGRTMAX is the last signal.
	SIGRTMAX = 64
)

// SignalByName finds a signal by its name in capitals with SIG before it, as
// in SIGTERM; real-time signals have no names here.
func SignalByName(name string) (int, bool) {
	switch name {
	case "SIGIOT":
		return int(unix.SIGABRT), true
	case "SIGPOLL":
		return int(unix.SIGIO), true
	case "SIGCLD":
		return int(unix.SIGCHLD), true
	}
	n := int(unix.SignalNum(name))
	return n, n != 0
}
