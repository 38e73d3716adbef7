// Runs in: init and, before their Go runtime starts, all others. Sees: caller's namespaces. Holds: caller's privilege.

package inside

// lazySlack is how many nanoseconds later than asked the kernel may wake a
// thread of a process that came through _rung_start and is not init. The entry
// sets it, before there is a second thread.
//
// The Go runtime has a thread that wakes every 20 microseconds, for as long as
// the others work, to see whether one of them has been in the kernel for long.
// In a process that lives for milliseconds these hundred wake-ups help nobody,
// are a fifth of the processor time of `run`, and take it from the threads that
// are watched. With four milliseconds of slack a few are left. The runtime itself
// lets the thread sleep ten, once it has had nothing to do.
const lazySlack = 4_000_000

// callerSlack is set by the entry.
var callerSlack uint64

// CallerTimerSlack is the timer slack that this process was started with, if
// the entry has changed it, else 0. What is started from here inherits the
// slack of the thread that starts it, and has to get this one.
func CallerTimerSlack() uint64 { return callerSlack }
