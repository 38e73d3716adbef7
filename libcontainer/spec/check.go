package spec

import "github.com/opencontainers/runtime-spec/specs-go"

// Options is what the checks have to know beside the config itself.
type Options struct {
	// SystemdCgroup: cgroupsPath has systemd's form, slice:prefix:name.
	SystemdCgroup bool
	// Rootless: the caller has no privilege outside a user namespace of its
	// own, so the container must have one.
	Rootless bool
	// NeedProcess: the container will be started by this very command. The
	// runtime-spec lets create go without a process, but not start.
	NeedProcess bool
}

// Check reports everything that is wrong with s, ordered by JSON path: fields
// the runtime-spec forbids, fields that contradict each other, values the
// kernel is known to refuse. The result is an errors.Join of *FieldError, or nil.
func Check(s *specs.Spec, o Options) error {
	p := new(problems)
	checkVersion(p, s.Version)
	checkPlatform(p, s)
	checkRoot(p, s)
	switch {
	case s.Process != nil:
		checkProcess(p, s.Process, "process")
	case o.NeedProcess:
		p.add("process", "required to start the container")
	}
	checkHostname(p, s)
	checkMounts(p, s)
	checkHooks(p, s.Hooks)
	checkForkless(p, s)
	if _, ok := s.Annotations[""]; ok {
		p.add("annotations", "a key is empty")
	}
	checkDelegation(p, s.Annotations)
	if s.Linux != nil {
		checkLinux(p, s, o)
	}
	return p.join()
}

// checkLinux checks the linux section, which the caller found present.
func checkLinux(p *problems, s *specs.Spec, o Options) {
	l := s.Linux
	checkNamespaces(p, s, o)
	checkIDMappings(p, s)
	checkTimeOffsets(p, s)
	checkSysctls(p, s)
	checkCgroupsPath(p, l.CgroupsPath, o)
	if l.Resources != nil {
		checkResources(p, l.Resources, "linux.resources")
	}
	checkDevices(p, l.Devices)
	checkNetDevices(p, s, o)
	checkListener(p, l.Seccomp)
	checkLabel(p, l.MountLabel, "linux.mountLabel")
	checkMemoryPolicy(p, l.MemoryPolicy)
	checkPersonality(p, l.Personality)
	checkPropagation(p, s)
	checkHidden(p, s, l.MaskedPaths, "linux.maskedPaths")
	checkHidden(p, s, l.ReadonlyPaths, "linux.readonlyPaths")
	checkIntelRdt(p, l.IntelRdt)
}
