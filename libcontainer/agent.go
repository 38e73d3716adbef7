package libcontainer

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/internal/linux"
	"github.com/oci-rung/rung/libcontainer/jsontext"
)

// agentPatience bounds connecting to an agent and sending to it: one that is
// there takes microseconds.
const agentPatience = 10 * time.Second

// agent is a connection to who answers the calls that the container's filter
// leaves to others. The zero agent is for a filter that does not.
type agent struct {
	sock *os.File
	// Of the state that goes with the listener.
	version, metadata string
	state             []byte
}

// reachAgent connects to the agent, so that there is one before the filter.
// status is what the agent is told of the container; empty: what it is now.
func (c *Container) reachAgent(status string) (*agent, error) {
	if !c.state.SeccompAgent {
		return &agent{}, nil
	}
	s, err := c.Spec()
	if err != nil {
		return nil, err
	}
	if status == "" {
		if status, err = c.status(); err != nil {
			return nil, err
		}
	}
	path := s.Linux.Seccomp.ListenerPath
	if !filepath.IsAbs(path) {
		path = filepath.Join(c.state.Bundle, path)
	}
	sock, err := linux.ConnectStream(path, agentPatience)
	if err != nil {
		return nil, fmt.Errorf("linux.seccomp.listenerPath: failed to connect with seccomp agent: %w", err)
	}
	return &agent{
		sock: sock, version: c.state.OCIVersion, metadata: s.Linux.Seccomp.ListenerMetadata,
		state: hookState(c.state, c.state.InitPid, specs.ContainerState(status)),
	}, nil
}

func (a *agent) close() {
	if a.sock != nil {
		_ = a.sock.Close()
		a.sock = nil
	}
}

// give hands the listener to the agent, with the state of the process that is
// under the filter: one message, and the connection is over.
func (a *agent) give(pid int, listener linux.FD) error {
	if a.sock == nil {
		return errors.New("listener of a filter: nobody was to have one")
	}
	defer a.close()
	dup, err := listener.Dup()
	if err != nil {
		return err
	}
	file := os.NewFile(uintptr(dup), "listener")
	defer file.Close()
	if err := linux.SendFiles(a.sock, a.processState(pid), file); err != nil {
		return fmt.Errorf("linux.seccomp.listenerPath: hand over to the seccomp agent: %w", err)
	}
	return nil
}

// processState is a specs.ContainerProcessState.
func (a *agent) processState(pid int) []byte {
	b := jsontext.AppendText([]byte(`{"ociVersion":`), a.version)
	b = jsontext.AppendList(append(b, `,"fds":`...), []string{specs.SeccompFdName})
	b = strconv.AppendInt(append(b, `,"pid":`...), int64(pid), 10)
	if a.metadata != "" {
		b = jsontext.AppendText(append(b, `,"metadata":`...), a.metadata)
	}
	b = append(append(b, `,"state":`...), a.state...)
	return append(b, '}')
}
