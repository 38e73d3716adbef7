package spec

// capabilityNames holds the names of capabilities; the index is the bit.
var capabilityNames = [...]string{
	"CAP_CHOWN",
	"CAP_DAC_OVERRIDE",
	"CAP_DAC_READ_SEARCH",
	"CAP_FOWNER",
	"CAP_FSETID",
	"CAP_KILL",
	"CAP_SETGID",
	"CAP_SETUID",
	"CAP_SETPCAP",
	"CAP_LINUX_IMMUTABLE",
	"CAP_NET_BIND_SERVICE",
	"CAP_NET_BROADCAST",
	"CAP_NET_ADMIN",
	"CAP_NET_RAW",
	"CAP_IPC_LOCK",
	"CAP_IPC_OWNER",
	"CAP_SYS_MODULE",
	"CAP_SYS_RAWIO",
	"CAP_SYS_CHROOT",
	"CAP_SYS_PTRACE",
	"CAP_SYS_PACCT",
	"CAP_SYS_ADMIN",
	"CAP_SYS_BOOT",
	"CAP_SYS_NICE",
	"CAP_SYS_RESOURCE",
	"CAP_SYS_TIME",
	"CAP_SYS_TTY_CONFIG",
	"CAP_MKNOD",
	"CAP_LEASE",
	"CAP_AUDIT_WRITE",
	"CAP_AUDIT_CONTROL",
	"CAP_SETFCAP",
	"CAP_MAC_OVERRIDE",
	"CAP_MAC_ADMIN",
	"CAP_SYSLOG",
	"CAP_WAKE_ALARM",
	"CAP_BLOCK_SUSPEND",
	"CAP_AUDIT_READ",
	"CAP_PERFMON",
	"CAP_BPF",
	"CAP_CHECKPOINT_RESTORE",
}

// Capabilities returns the set of the named capabilities as the bit mask that
// capset(2) takes, and the names nobody knows. The runtime-spec wants those
// warned about, not refused, so that a config written for a newer kernel still
// starts. Names are spelled as capabilities(7) does; other spellings are
// unknown, as in runc.
func Capabilities(names []string) (mask uint64, unknown []string) {
	for _, name := range names {
		if bit, ok := capabilityBit(name); ok {
			mask |= 1 << bit
		} else {
			unknown = append(unknown, name)
		}
	}
	return mask, unknown
}

// capabilityBit returns the number of a capability.
func capabilityBit(name string) (bit int, ok bool) {
	for i, known := range capabilityNames {
		if known == name {
			return i, true
		}
	}
	return 0, false
}

// CapabilityNames returns the names of all capabilities, by number.
func CapabilityNames() []string {
	return append([]string(nil), capabilityNames[:]...)
}
