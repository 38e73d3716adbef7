package libcontainer

import (
	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/libcontainer/host/rdt"
)

// findClass finds the resctrl group that the config asks for, and notes what of
// it a later command has to know.
func (c *creation) findClass(r *specs.LinuxIntelRdt) (err error) {
	if r == nil {
		return nil
	}
	if c.class, err = rdt.New(c.ID(), r); err == nil {
		c.state.ClassDirs, c.state.ClassOurs = c.class.Dirs(), c.class.Ours()
	}
	return err
}

// makeClass makes the group and opens the files that init joins it by.
func (c *creation) makeClass() (err error) {
	if c.class == nil {
		return nil
	}
	if err = c.class.Make(); err != nil {
		return err
	}
	c.undo = append(c.undo, c.class.Undo)
	c.classes, err = rdt.Tasks(c.state.ClassDirs)
	return err
}
