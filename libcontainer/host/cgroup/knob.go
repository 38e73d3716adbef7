// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package cgroup

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/opencontainers/cgroups"
	devices "github.com/opencontainers/cgroups/devices/config"

	"github.com/oci-rung/rung/internal/linux"
)

// knob is a value in a file of a cgroup, as a step of an update.
type knob struct {
	field     string // the member of linux.resources that it comes from
	dir, file string
	value     string // what to write
	// key is the first word of the line that is concerned, in files that have
	// a line for each device; without such a line, absent is what its value is.
	key, absent string
	// bare: the key is how the line is found, but it is not written.
	bare bool
	// optional: without the file there is nothing to do.
	optional bool
	// blind: a file that cannot be read is written all the same.
	blind bool
	// exact: a kernel that takes another value in silence is refused.
	exact bool
	// remembered: nothing is written, but another step changes the value
	// too, and undoing that has to bring it back.
	remembered bool
	// likewise names a file that says what an empty value comes to: the kernel
	// lets no processes be in a group of v2 whose value becomes empty again.
	likewise string

	old, now, instead string
	done              bool
}

func (k *knob) path() string { return filepath.Join(k.dir, k.file) }

// read returns the value there is, in the form in which it can be written.
func (k *knob) read() (string, error) {
	text, err := linux.ReadKernelFile(k.path())
	if err != nil {
		return "", err
	}
	if k.key == "" {
		return strings.TrimSpace(string(text)), nil
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(line), k.key+" "); ok {
			return k.line(strings.TrimSpace(rest)), nil
		}
	}
	return k.line(k.absent), nil
}

func (k *knob) line(value string) string {
	if k.bare {
		return value
	}
	return k.key + " " + value
}

// write writes a value, each line by itself: kernel files take one at a time.
func (k *knob) write(value string) error {
	if value == "" {
		return linux.WriteKernelFile(k.path(), "\n") // a write of nothing does nothing
	}
	for line := range strings.Lines(value) {
		if err := linux.WriteKernelFile(k.path(), strings.TrimSuffix(line, "\n")); err != nil {
			return err
		}
	}
	return nil
}

func (k *knob) apply() (string, error) {
	var err error
	k.old, err = k.read()
	switch {
	case err == nil:
	case errors.Is(err, fs.ErrNotExist):
		if k.optional {
			return "", nil
		}
		return "", k.blame(err)
	case k.blind:
		if err := k.write(k.value); err != nil {
			return "", k.blame(err)
		}
		return fmt.Sprintf("%s%s: %s: wrote %q", resourcesPath, k.field, k.path(), k.value), nil
	default:
		return "", k.blame(err)
	}
	if k.likewise != "" && k.old == "" {
		if text, err := linux.ReadKernelFile(filepath.Join(k.dir, k.likewise)); err == nil {
			k.instead = strings.TrimSpace(string(text))
		}
	}
	if k.done = true; k.remembered || k.old == k.value {
		return "", nil
	}
	if err = k.write(k.value); err == nil && k.exact {
		err = k.verify()
	}
	if err != nil {
		return "", joinUndo(k.blame(err), k.undo())
	}
	return k.changed()
}

// again writes the value once more if somebody else has set it meanwhile.
func (k *knob) again() error {
	if !k.done || k.remembered {
		return nil
	}
	if now, err := k.read(); err != nil || now == k.value || now == k.now {
		return err
	}
	return k.write(k.value)
}

// changed says what the value was and is.
func (k *knob) changed() (string, error) {
	now, err := k.read()
	if err != nil {
		return "", joinUndo(k.blame(err), k.undo())
	}
	if k.now = now; now == k.old {
		return "", nil
	}
	return fmt.Sprintf("%s%s: %s: %q, was %q", resourcesPath, k.field, k.path(), now, k.old), nil
}

// verify wants the value to be there that was written.
func (k *knob) verify() error {
	now, err := k.read()
	if err == nil && now != k.value {
		err = fmt.Errorf("%s: the kernel made %s of %s, the nearest it takes", k.path(), now, k.value)
	}
	return err
}

func (k *knob) undo() error {
	if !k.done {
		return nil
	}
	now, err := k.read()
	if err != nil || now == k.old {
		return err
	}
	err = k.write(k.old)
	if err != nil && k.instead != "" {
		err = k.write(k.instead)
	}
	return err
}

// blame says which field an error belongs to.
func (k *knob) blame(err error) error {
	return field(resourcesPath+k.field, whyMissing(k.dir, k.file, err))
}

// deviceRules are the rules of a group, as a step of an update. The library
// finds the shortest way from the rules there are on v1, and exchanges the whole
// program at once on v2.
type deviceRules struct {
	dir        string
	unified    bool
	old, rules []*devices.Rule
}

func (d *deviceRules) apply() (string, error) {
	if err := d.set(d.rules); err != nil {
		return "", joinUndo(blameDevices(err), d.undo())
	}
	return resourcesPath + "devices: " + d.dir + ": other rules", nil
}

func (d *deviceRules) again() error { return d.set(d.rules) }

func (d *deviceRules) undo() error { return d.set(d.old) }

func (d *deviceRules) set(rules []*devices.Rule) error {
	r := &cgroups.Resources{Devices: rules}
	if d.unified {
		return cgroups.DevicesSetV2(d.dir, r)
	}
	return cgroups.DevicesSetV1(d.dir, r)
}
