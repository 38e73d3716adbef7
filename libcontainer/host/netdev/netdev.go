// Runs in: parent. Sees: caller's namespaces, by a connection the container's network namespace. Holds: caller's privilege.

// Package netdev moves network devices into a container (linux.netDevices):
// under another name if wanted, with the addresses that were configured for
// good, and up.
//
// A device that was moved belongs to the container's network namespace: when
// that ends, the kernel brings a physical one back to the first namespace and
// removes a virtual one. Only a container that could not be made gives its
// devices back, as they were.
package netdev

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/internal/linux"
)

// Moved are the devices that a container got.
type Moved struct {
	home   linux.FD // the network namespace they come from
	host   *linux.Netlink
	inside *linux.Netlink
	list   []device
}

// device is one device on its way.
type device struct {
	field     string
	name      string // at home
	as        string // inside; one that ends in %d is a template
	index     int32  // where it is now
	up        bool
	addresses []linux.Address
}

// Into moves devices, given by their names, to the network namespace ns, which
// it borrows. It moves all or none. The caller closes what it returns.
func Into(ns linux.FD, devices map[string]specs.LinuxNetDevice) (*Moved, error) {
	m := &Moved{home: linux.NoFD}
	err := m.open(ns)
	if err == nil {
		err = m.find(devices)
	}
	for i := 0; err == nil && i < len(m.list); i++ {
		if err = m.move(ns, i); err != nil {
			err = fmt.Errorf("%s: %w", m.list[i].field, err)
			// Those behind it are still at home.
			m.list = m.list[:i+1]
			err = errors.Join(err, m.Return())
		}
	}
	if err != nil {
		m.Close()
		return nil, err
	}
	return m, nil
}

func (m *Moved) open(ns linux.FD) (err error) {
	if m.home, err = linux.OwnNetworkNamespace(); err != nil {
		return err
	}
	same, err := linux.SameNamespace(m.home, ns)
	if err == nil && same {
		err = errors.New("linux.netDevices: the container has no network namespace but the one that they are in")
	}
	if err != nil {
		return err
	}
	if m.host, err = linux.OpenNetlink(); err != nil {
		return err
	}
	m.inside, err = linux.OpenNetlinkIn(ns)
	return err
}

// Close ends the connections. The devices stay where they are.
func (m *Moved) Close() {
	if m.host != nil {
		_ = m.host.Close()
	}
	if m.inside != nil {
		_ = m.inside.Close()
	}
	_ = m.home.Close()
}

// find looks at every device and at the name that it is to get, before any of
// them is moved.
func (m *Moved) find(devices map[string]specs.LinuxNetDevice) error {
	names := make([]string, 0, len(devices))
	for name := range devices {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		d := device{field: "linux.netDevices[" + strconv.Quote(name) + "]", name: name, as: devices[name].Name}
		if d.as == "" {
			d.as = name
		}
		found, err := m.host.DeviceByName(name)
		if errors.Is(err, linux.ENODEV) {
			return fmt.Errorf("%s: no such network device", d.field)
		}
		if err == nil && !d.template() {
			err = m.free(d.as)
		}
		if err == nil {
			d.index, d.up = found.Index, found.Up
			d.addresses, err = m.host.Addresses(found.Index)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", d.field, err)
		}
		m.list = append(m.list, d)
	}
	return nil
}

func (d *device) template() bool { return strings.HasSuffix(d.as, "%d") }

// free wants a name to be no device's in the container's network namespace.
func (m *Moved) free(name string) error {
	switch _, err := m.inside.DeviceByName(name); {
	case err == nil:
		return fmt.Errorf("name %q: a network device in the container has it already", name)
	case !errors.Is(err, linux.ENODEV):
		return err
	}
	return nil
}

// move moves device i. What a template becomes is not in the kernel's answer,
// so it arrives under a name of our own and is renamed there.
func (m *Moved) move(ns linux.FD, i int) error {
	d := &m.list[i]
	name := d.as
	if d.template() {
		name = "rung" + strconv.Itoa(os.Getpid()) + "-" + strconv.Itoa(i)
	}
	index := d.index
	d.index = 0 // at home until proven otherwise
	if err := m.host.MoveDevice(index, ns, name); err != nil {
		return fmt.Errorf("move to the container's network namespace: %w", err)
	}
	now, err := m.inside.DeviceByName(name)
	if err != nil {
		return err
	}
	d.index = now.Index
	if d.template() {
		if err = m.inside.RenameDevice(d.index, d.as); err != nil {
			return fmt.Errorf("name %q: %w", d.as, err)
		}
		if now, err = m.inside.DeviceByIndex(d.index); err != nil {
			return err
		}
	}
	for _, a := range d.addresses {
		if !a.Permanent() {
			continue
		}
		// A label has to begin with the device's name.
		if rest, ok := strings.CutPrefix(a.Label, d.name); ok && len(now.Name)+len(rest) <= linux.NetDeviceNameMax {
			a.Label = now.Name + rest
		} else {
			a.Label = ""
		}
		if err = m.inside.AddAddress(d.index, &a); err != nil {
			return fmt.Errorf("address: %w", err)
		}
	}
	if err = m.inside.DeviceUp(d.index); err != nil {
		return fmt.Errorf("bring up: %w", err)
	}
	return nil
}

// Return brings the devices back, for a container that could not be made.
func (m *Moved) Return() error {
	var errs []error
	for i := len(m.list) - 1; i >= 0; i-- {
		d := &m.list[i]
		if d.index == 0 {
			continue
		}
		if err := m.returnDevice(d); err != nil {
			errs = append(errs, fmt.Errorf("%s: return: %w", d.field, err))
		}
		d.index = 0
	}
	return errors.Join(errs...)
}

func (m *Moved) returnDevice(d *device) error {
	if err := m.inside.MoveDevice(d.index, m.home, d.name); err != nil {
		return err
	}
	now, err := m.host.DeviceByName(d.name)
	if err != nil {
		return err
	}
	for _, a := range d.addresses {
		if a.Configured() {
			if err = m.host.AddAddress(now.Index, &a); err != nil {
				return err
			}
		}
	}
	if !d.up {
		return nil
	}
	return m.host.DeviceUp(now.Index)
}
