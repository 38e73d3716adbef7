package linux

import (
	"encoding/binary"
	"errors"

	"golang.org/x/sys/unix"
)

// NetDeviceNameMax is the longest name a network device can have.
const NetDeviceNameMax = unix.IFNAMSIZ - 1

// NetDevice is a network device.
type NetDevice struct {
	Index int32
	Name  string
	Up    bool
}

// Address is an address of a network device.
type Address struct {
	Family, PrefixLen, Scope uint8
	// Flags are IFA_F_*.
	Flags uint32
	// Label is an old kind of name of the address, made from the device's.
	Label string
	// rest are the attributes that are not in the fields above, as they came.
	rest []addressAttr
}

type addressAttr struct {
	kind  uint16
	value []byte
}

// Configured reports whether the address is there for good, not for as long as
// a router announces it.
func (a *Address) Configured() bool { return a.Flags&unix.IFA_F_PERMANENT != 0 }

// Permanent reports whether the address is there for good and to be used
// everywhere, not on this link alone.
func (a *Address) Permanent() bool { return a.Configured() && a.Scope == unix.RT_SCOPE_UNIVERSE }

// DeviceByName finds a network device. One that is not there is an error which
// is ENODEV.
func (n *Netlink) DeviceByName(name string) (NetDevice, error) {
	r := newRequest(unix.RTM_GETLINK, 0)
	r.link(0, 0, 0)
	r.text(unix.IFLA_IFNAME, name)
	return n.device(r)
}

// DeviceByIndex finds a network device by its number in its namespace.
func (n *Netlink) DeviceByIndex(index int32) (NetDevice, error) {
	r := newRequest(unix.RTM_GETLINK, 0)
	r.link(index, 0, 0)
	return n.device(r)
}

func (n *Netlink) device(r *request) (NetDevice, error) {
	var d NetDevice
	err := n.do(r, func(b []byte) error {
		if len(b) < unix.SizeofIfInfomsg {
			return errNetlink
		}
		d.Index = int32(binary.NativeEndian.Uint32(b[4:]))
		d.Up = binary.NativeEndian.Uint32(b[8:])&unix.IFF_UP != 0
		return attributes(b[unix.SizeofIfInfomsg:], func(kind uint16, value []byte) {
			if kind == unix.IFLA_IFNAME && len(value) > 0 {
				d.Name = string(value[:len(value)-1])
			}
		})
	})
	return d, err
}

// link adds struct ifinfomsg.
func (r *request) link(index int32, flags, change uint32) {
	r.bytes(unix.AF_UNSPEC, 0)
	r.uint16(0) // type
	r.uint32(uint32(index))
	r.uint32(flags)
	r.uint32(change)
}

// MoveDevice moves a device to another network namespace, where it gets that
// name. It goes down and loses its addresses.
func (n *Netlink) MoveDevice(index int32, to FD, name string) error {
	r := newRequest(unix.RTM_NEWLINK, 0)
	r.link(index, 0, 0)
	r.attr(unix.IFLA_NET_NS_FD, binary.NativeEndian.AppendUint32(nil, uint32(to)))
	r.text(unix.IFLA_IFNAME, name)
	return n.do(r, nil)
}

// RenameDevice gives a device that is down another name. In one that ends in
// %d the kernel puts the first free number.
func (n *Netlink) RenameDevice(index int32, name string) error {
	r := newRequest(unix.RTM_NEWLINK, 0)
	r.link(index, 0, 0)
	r.text(unix.IFLA_IFNAME, name)
	return n.do(r, nil)
}

// DeviceUp brings a device up.
func (n *Netlink) DeviceUp(index int32) error {
	r := newRequest(unix.RTM_NEWLINK, 0)
	r.link(index, unix.IFF_UP, unix.IFF_UP)
	return n.do(r, nil)
}

// Addresses lists the addresses of a device, of every family.
func (n *Netlink) Addresses(index int32) ([]Address, error) {
	r := newRequest(unix.RTM_GETADDR, unix.NLM_F_DUMP)
	r.bytes(unix.AF_UNSPEC, 0, 0, 0)
	r.uint32(0)
	var out []Address
	err := n.do(r, func(b []byte) error {
		if len(b) < unix.SizeofIfAddrmsg {
			return errNetlink
		}
		if int32(binary.NativeEndian.Uint32(b[4:])) != index {
			return nil
		}
		a := Address{Family: b[0], PrefixLen: b[1], Flags: uint32(b[2]), Scope: b[3]}
		err := attributes(b[unix.SizeofIfAddrmsg:], func(kind uint16, value []byte) {
			switch {
			case kind == unix.IFA_FLAGS && len(value) == 4:
				a.Flags = binary.NativeEndian.Uint32(value)
			case kind == unix.IFA_LABEL && len(value) > 0:
				a.Label = string(value[:len(value)-1])
			case kind != unix.IFA_TARGET_NETNSID:
				a.rest = append(a.rest, addressAttr{kind, append([]byte(nil), value...)})
			}
		})
		out = append(out, a)
		return err
	})
	return out, err
}

// keptFlags are the flags of an address that somebody chose; the others say
// how it fares.
const keptFlags = unix.IFA_F_NODAD | unix.IFA_F_HOMEADDRESS | unix.IFA_F_MANAGETEMPADDR |
	unix.IFA_F_NOPREFIXROUTE | unix.IFA_F_MCAUTOJOIN

// AddAddress gives a device an address. One that is there already is no error:
// for some devices the kernel makes them itself.
func (n *Netlink) AddAddress(index int32, a *Address) error {
	r := newRequest(unix.RTM_NEWADDR, unix.NLM_F_CREATE|unix.NLM_F_EXCL)
	r.bytes(a.Family, a.PrefixLen, 0, a.Scope)
	r.uint32(uint32(index))
	for _, at := range a.rest {
		r.attr(at.kind, at.value)
	}
	r.attr(unix.IFA_FLAGS, binary.NativeEndian.AppendUint32(nil, a.Flags&keptFlags))
	if a.Label != "" {
		r.text(unix.IFA_LABEL, a.Label)
	}
	if err := n.do(r, nil); !errors.Is(err, unix.EEXIST) {
		return err
	}
	return nil
}

// SameNamespace reports whether two descriptors are of the same namespace.
func SameNamespace(a, b FD) (bool, error) {
	one, err := Fstat(a)
	if err != nil {
		return false, err
	}
	other, err := Fstat(b)
	return one.Dev == other.Dev && one.Ino == other.Ino, err
}

// OwnNetworkNamespace opens the network namespace of this process.
func OwnNetworkNamespace() (FD, error) {
	return Openat(CWD, "/proc/thread-self/ns/net", unix.O_RDONLY, 0)
}

// NetworkNamespace opens the network namespace of a process.
func (p Proc) NetworkNamespace(pid int) (FD, error) { return p.namespace(pid, "net") }
