package libcontainer

import (
	"strconv"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/internal/linux"
	"github.com/oci-rung/rung/libcontainer/host/statedir"
	"github.com/oci-rung/rung/libcontainer/jsontext"
)

// statusPaused is not the runtime-spec's; runc's callers know it.
const statusPaused = "paused"

// State is a container's state as `state` and `list` print it, in their order.
type State struct {
	OCIVersion  string            `json:"ociVersion"`
	ID          string            `json:"id"`
	Pid         int               `json:"pid"`
	Status      string            `json:"status"`
	Bundle      string            `json:"bundle"`
	Rootfs      string            `json:"rootfs"`
	Created     time.Time         `json:"created"`
	Annotations map[string]string `json:"annotations,omitempty"`
	Owner       string            `json:"owner"`
}

// State looks at the container.
func (c *Container) State() (*State, error) {
	status, err := c.status()
	if err != nil {
		return nil, err
	}
	s := &State{
		OCIVersion: c.state.OCIVersion, ID: c.ID(), Status: status,
		Bundle: c.state.Bundle, Rootfs: c.state.Rootfs, Created: c.state.Created,
		Annotations: c.state.Annotations,
	}
	if status != string(specs.StateStopped) {
		s.Pid = c.state.InitPid
	}
	return s, nil
}

// status is what the container is now. Nothing of it is stored: init lives or
// does not, waits at its socket or does not, is frozen or is not.
func (c *Container) status() (string, error) {
	if c.broken != nil {
		return "", c.broken
	}
	if c.creating {
		return string(specs.StateCreating), nil
	}
	alive, err := c.alive()
	if err != nil {
		return "", err
	}
	if !alive || c.incomplete {
		return string(specs.StateStopped), nil
	}
	g, err := c.group()
	if err != nil {
		return "", err
	}
	if frozen, err := g.Frozen(); err != nil {
		return "", err
	} else if frozen {
		return statusPaused, nil
	}
	if c.waiting() {
		return string(specs.StateCreated), nil
	}
	return string(specs.StateRunning), nil
}

// waiting reports whether init waits for start: its socket is there.
func (c *Container) waiting() bool { return linux.Exists(c.dir.FD(), statedir.StartSocket) }

// hookState is the JSON that a hook gets on its standard input: a specs.State.
func hookState(st *statedir.State, pid int, status specs.ContainerState) []byte {
	b := jsontext.AppendText([]byte(`{"ociVersion":`), st.OCIVersion)
	b = jsontext.AppendText(append(b, `,"id":`...), st.ID)
	b = jsontext.AppendText(append(b, `,"status":`...), string(status))
	if pid != 0 {
		b = strconv.AppendInt(append(b, `,"pid":`...), int64(pid), 10)
	}
	b = jsontext.AppendText(append(b, `,"bundle":`...), st.Bundle)
	if len(st.Annotations) > 0 {
		b = jsontext.AppendMap(append(b, `,"annotations":`...), st.Annotations)
	}
	return append(b, '}')
}
