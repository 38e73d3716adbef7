package statedir

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestMain lets the test binary be another process of the runtime: its second
// argument says what it does, and it says on its output when it has done it.
func TestMain(m *testing.M) {
	if len(os.Args) > 3 && os.Args[1] == "as-process" {
		if err := asProcess(os.Args[2], os.Args[3:]); err != nil {
			fmt.Println("error:", err)
		}
		return
	}
	unix.Umask(0o022) // modes are looked at
	before := openDescriptors()
	code := m.Run()
	if after := openDescriptors(); code == 0 && after != before {
		fmt.Fprintf(os.Stderr, "descriptors: got %s want %s\n", after, before)
		code = 1
	}
	os.Exit(code)
}

func openDescriptors() string {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return err.Error()
	}
	var s []string
	for _, e := range entries {
		to, _ := os.Readlink("/proc/self/fd/" + e.Name())
		if to != "" && !strings.HasPrefix(to, "/proc/") && !strings.HasPrefix(to, "anon_inode:") {
			s = append(s, e.Name()+"="+to)
		}
	}
	return strings.Join(s, " ")
}

// Stages of a creator, in its order.
var stages = []string{"created", "noted", "config", "committed"}

func asProcess(what string, args []string) error {
	root := args[0]
	switch what {
	case "race":
		return raceFor(root)
	case "create":
		d, err := createUpTo(root, args[1])
		if err != nil {
			return err
		}
		defer d.Close()
	case "tear":
		// Writes half of a new state, as a creator killed in write(2) does.
		d, err := createUpTo(root, "noted")
		if err != nil {
			return err
		}
		defer d.Close()
		if err := os.WriteFile(d.Path(newFile), []byte(`{"version":1,"id`), 0o600); err != nil {
			return err
		}
	default:
		return fmt.Errorf("what is %q", what)
	}
	fmt.Println("done")
	_, _ = io.Copy(io.Discard, os.Stdin) // until the test kills or lets go
	return nil
}

// raceFor creates the ids that come on the input, one a line, and answers
// which it got.
func raceFor(root string) error {
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		d, err := Create(root, in.Text())
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println("mine")
		defer d.Close()
	}
	return in.Err()
}

func createUpTo(root, stage string) (*Dir, error) {
	d, err := Create(root, "c")
	if err != nil {
		return nil, err
	}
	for _, s := range stages[1:] {
		if stage == "created" || err != nil {
			break
		}
		switch s {
		case "noted":
			err = d.Note(&State{ID: "c", InitPid: os.Getpid(), Bundle: "/b"})
		case "config":
			err = d.SaveConfig([]byte("{}"))
		case "committed":
			err = d.Commit()
		}
		if s == stage {
			break
		}
	}
	return d, err
}

// process is a started asProcess.
type process struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func start(t *testing.T, what string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command("/proc/self/exe", append([]string{"as-process", what}, args...)...)}
	p.cmd.Stderr = os.Stderr
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.out = bufio.NewReader(out)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.kill() })
	return p
}

func (p *process) line(t *testing.T) string {
	t.Helper()
	s, err := p.out.ReadString('\n')
	if err != nil {
		t.Fatalf("process %s: %v", strconv.Itoa(p.cmd.Process.Pid), err)
	}
	return strings.TrimSpace(s)
}

func (p *process) kill() {
	_ = p.cmd.Process.Signal(unix.SIGKILL)
	_ = p.cmd.Wait()
}
