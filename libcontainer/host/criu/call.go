// Runs in: parent. Sees: caller's namespaces, or mounts of its own for restore. Holds: caller's privilege.

// Package criu has CRIU write the processes of a container into images, or make
// them from images again. It starts `criu swrk`, which serves one request over
// a socket, speaks its protocol, and tells from its log why something did not
// work.
//
// It knows nothing of containers: what is to be done is in Settings, and what a
// notification means in Handlers.
package criu

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/checkpoint-restore/go-criu/v8/rpc"

	"github.com/oci-rung/rung/internal/linux"
)

// Kind is what is asked of CRIU. Its value is the word for it in errors.
type Kind string

// The kinds.
const (
	Dump    Kind = "dump"
	PreDump Kind = "pre-dump"
	Restore Kind = "restore"
)

// request is the kind in the protocol's words. A single pre-dump ends by
// itself; the other one waits for a dump that would follow.
func (k Kind) request() rpc.CriuReqType {
	switch k {
	case PreDump:
		return rpc.CriuReqType_SINGLE_PRE_DUMP
	case Restore:
		return rpc.CriuReqType_RESTORE
	}
	return rpc.CriuReqType_DUMP
}

// logFile is the name of CRIU's log in the working directory.
func (k Kind) logFile() string {
	if k == Restore {
		return "restore.log"
	}
	return "dump.log"
}

// Program is the criu to start.
type Program struct {
	Path string
	Env  []string
}

// Handlers act when CRIU says how far it is. One that is nil is not interested.
// An error ends the call, and is what it returns.
type Handlers struct {
	// Started is called when CRIU runs, before it is asked for anything, with
	// its pid.
	Started func(pid int) error
	// Namespaces is called when the init that is restored has its namespaces
	// and nothing else, with its pid.
	Namespaces func(pid int) error
	// Terminal takes the master of the restored container's terminal.
	Terminal func(master *os.File) error
	// Restored is called when everything is restored and nothing runs yet.
	Restored func(pid int) error
}

// first is the descriptor of criu's end of the socket; those to be inherited
// follow.
const first = 3

// mostMessage is longer than any message of CRIU.
const mostMessage = 64 << 10

// call is one call on its way.
type call struct {
	kind   Kind
	set    *Settings
	on     Handlers
	child  *linux.Child
	sock   *os.File
	stderr linux.FD
	// ours is why a handler said no: CRIU only tells that one did.
	ours error
}

// Run has CRIU do one thing and waits until it is done. The restored init is a
// child of this process.
func Run(p Program, kind Kind, s *Settings, on Handlers) (err error) {
	c := &call{kind: kind, set: s, on: on}
	if c.stderr, err = linux.MemoryFile("criu-stderr", nil); err != nil {
		return err
	}
	defer c.stderr.Close()
	if err = c.start(p); err != nil {
		return err
	}
	err = c.converse()
	_ = c.sock.Close() // with it criu ends
	if err != nil {
		// Whoever is in the middle of something undoes it first.
		err = errors.Join(err, linux.AwaitEnd(c.child.Pidfd, endPatience))
	}
	if err != nil && errors.Is(err, linux.ETIMEDOUT) {
		err = errors.Join(err, c.child.KillGroup())
	}
	ws, waitErr := c.child.Wait()
	var failed *Error
	switch {
	case errors.As(err, &failed):
		failed.status = ws
		c.explain(failed)
		return failed
	case err != nil:
		return err
	}
	return waitErr
}

// start starts criu at the other end of a socket.
func (c *call) start(p Program) error {
	ours, theirs, err := linux.FramePair()
	if err != nil {
		return err
	}
	defer theirs.Close()
	c.sock = os.NewFile(uintptr(ours), "criu")
	null, err := linux.OpenFile("/dev/null")
	if err != nil {
		return errors.Join(err, c.sock.Close())
	}
	defer null.Close()
	program := linux.Program{
		Path: p.Path, Args: []string{"criu", "swrk", strconv.Itoa(first)}, Env: p.Env,
		Stdio: [3]linux.FD{null, c.stderr, c.stderr}, Extra: []linux.FD{theirs},
	}
	for _, i := range c.set.Inherit {
		program.Extra = append(program.Extra, i.FD)
	}
	if c.child, err = program.Start(); err != nil {
		return errors.Join(err, c.sock.Close())
	}
	return nil
}

// converse sends the request and answers until CRIU says that it is done.
func (c *call) converse() error {
	if c.on.Started != nil {
		if err := c.on.Started(c.child.Pid); err != nil {
			return err
		}
	}
	if c.set.Needs != (Features{}) {
		if err := c.check(); err != nil {
			return err
		}
	}
	kind := c.kind.request()
	if err := c.send(&rpc.CriuReq{Type: &kind, Opts: c.set.options(c.kind)}); err != nil {
		return err
	}
	for {
		answer, err := c.receive()
		if err != nil {
			return err
		}
		if answer.GetType() != rpc.CriuReqType_NOTIFY || !answer.GetSuccess() {
			return c.outcome(answer)
		}
	}
}

// outcome is what the last answer says.
func (c *call) outcome(answer *rpc.CriuResp) error {
	switch {
	case c.ours != nil:
		return c.ours
	case !answer.GetSuccess():
		return &Error{Kind: c.kind, Errno: linux.Errno(answer.GetCrErrno()), Message: firstLine(answer.GetCrErrmsg())}
	}
	return nil
}

func (c *call) send(r *rpc.CriuReq) error {
	b, err := r.MarshalVT()
	if err != nil {
		return fmt.Errorf("criu %s: request: %w", c.kind, err)
	}
	if err = linux.SendFiles(c.sock, b); errors.Is(err, linux.EPIPE) {
		return &Error{Kind: c.kind}
	}
	return err
}

// receive takes one message, and answers it if it is a notification.
func (c *call) receive() (*rpc.CriuResp, error) {
	buf := make([]byte, mostMessage)
	n, files, err := linux.ReceiveFiles(c.sock, buf, 1)
	if errors.Is(err, linux.ECONNRESET) {
		return nil, &Error{Kind: c.kind} // it ended without having read all
	}
	if err != nil {
		return nil, err
	}
	var file *os.File
	if len(files) > 0 {
		file = files[0]
	}
	answer := &rpc.CriuResp{}
	switch {
	case n == 0:
		err = &Error{Kind: c.kind}
	default:
		err = answer.UnmarshalVT(buf[:n])
	}
	if err != nil || answer.GetType() != rpc.CriuReqType_NOTIFY || !answer.GetSuccess() {
		if file != nil {
			_ = file.Close()
		}
		return answer, err
	}
	if err = c.notified(answer.GetNotify(), file); err != nil && c.ours == nil {
		c.ours = err
	}
	kind, ok := rpc.CriuReqType_NOTIFY, err == nil
	return answer, c.send(&rpc.CriuReq{Type: &kind, NotifySuccess: &ok})
}

// notified does what a notification asks for. The ones that are not here need
// nothing: CRIU locks the network itself, and who called us does the rest.
func (c *call) notified(n *rpc.CriuNotify, file *os.File) error {
	if n.GetScript() == "orphan-pts-master" && c.on.Terminal != nil && file != nil {
		return c.on.Terminal(file)
	}
	if file != nil {
		_ = file.Close()
	}
	pid := int(n.GetPid())
	switch {
	case n.GetScript() == "orphan-pts-master":
		return errors.New("terminal: the images have one, and nobody is here to take it")
	case n.GetScript() == "setup-namespaces" && c.on.Namespaces != nil:
		return c.on.Namespaces(pid)
	case n.GetScript() == "post-restore" && c.on.Restored != nil:
		return c.on.Restored(pid)
	}
	return nil
}

// check asks for what kernel and criu may lack.
func (c *call) check() error {
	yes, kind := true, rpc.CriuReqType_FEATURE_CHECK
	want := &rpc.CriuFeatures{}
	if c.set.Needs.MemoryTracking {
		want.MemTrack = &yes
	}
	if c.set.Needs.LazyPages {
		want.LazyPages = &yes
	}
	if err := c.send(&rpc.CriuReq{Type: &kind, Features: want, KeepOpen: &yes}); err != nil {
		return err
	}
	answer, err := c.receive()
	if err != nil {
		return err
	}
	has := answer.GetFeatures()
	switch {
	case !answer.GetSuccess():
		return &Error{Kind: c.kind, Message: firstLine("features: " + answer.GetCrErrmsg()), ours: true}
	case want.MemTrack != nil && !has.GetMemTrack():
		return &Error{Kind: c.kind, Message: "this kernel does not track changes of memory (CONFIG_MEM_SOFT_DIRTY), which a pre-dump needs", ours: true}
	case want.LazyPages != nil && !has.GetLazyPages():
		return &Error{Kind: c.kind, Message: "this kernel has no userfaultfd for other processes' memory, which lazy pages need", ours: true}
	}
	return nil
}
