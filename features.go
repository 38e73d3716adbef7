package main

import (
	"encoding/json"

	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/opencontainers/runtime-spec/specs-go/features"
	"github.com/urfave/cli/v3"

	"github.com/oci-rung/rung/internal/linux"
	"github.com/oci-rung/rung/libcontainer/seccomp"
	"github.com/oci-rung/rung/libcontainer/spec"
)

func (c *call) featuresCommand() *cli.Command {
	return c.command(&cli.Command{
		Name:        "features",
		Usage:       "print what this runtime honours as JSON",
		Description: "The document is the one of the OCI runtime specification. About this host\nit says only which seccomp flags the kernel has.",
	}, arity{0, 0}, func(*cli.Command) error {
		encoder := json.NewEncoder(c.stdout)
		encoder.SetIndent("", "    ")
		return encoder.Encode(featuresDocument())
	})
}

// featuresDocument is made from the tables that the work is done by, so that it
// cannot promise what another package does not keep.
func featuresDocument() *features.Features {
	namespaces := []string{}
	for _, n := range spec.Namespaces() {
		namespaces = append(namespaces, string(n.Type))
	}
	return &features.Features{
		OCIVersionMin: spec.MinVersion,
		OCIVersionMax: spec.MaxVersion,
		Hooks:         []string{"prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"},
		MountOptions:  spec.MountOptionNames(),
		Linux: &features.Linux{
			Namespaces:   namespaces,
			Capabilities: spec.CapabilityNames(),
			Cgroup: &features.Cgroup{
				V1: answer(true), V2: answer(true), Rdma: answer(true),
				Systemd: answer(true), SystemdUser: answer(true),
			},
			Seccomp: &features.Seccomp{
				Enabled:    answer(true),
				Actions:    seccomp.Actions(),
				Operators:  seccomp.Operators(),
				Archs:      seccomp.Archs(),
				KnownFlags: seccomp.Flags(), SupportedFlags: supportedFlags(),
			},
			MemoryPolicy:    &features.MemoryPolicy{Modes: spec.MemoryModeNames(), Flags: spec.MemoryFlagNames()},
			Apparmor:        &features.Apparmor{Enabled: answer(true)},
			Selinux:         &features.Selinux{Enabled: answer(true)},
			IntelRdt:        &features.IntelRdt{Enabled: answer(true), Schemata: answer(true), Monitoring: answer(true)},
			MountExtensions: &features.MountExtensions{IDMap: &features.IDMap{Enabled: answer(true)}},
			NetDevices:      &features.NetDevices{Enabled: answer(true)},
		},
		Annotations: map[string]string{
			"io.github.oci-rung.version":            versionNumber(),
			"io.github.oci-rung.checkpoint.enabled": "true",
		},
		PotentiallyUnsafeConfigAnnotations: append(spec.DelegateAnnotations(), "org.criu.config", "org.systemd.property."),
	}
}

// answer is how the document says yes or no: without a value it would say that
// it does not know.
func answer(b bool) *bool { return &b }

// supportedFlags are the seccomp flags that this kernel has too. TSYNC needs
// nothing of it: the process that loads a filter has one thread.
func supportedFlags() []string {
	var out []string
	for _, name := range seccomp.Flags() {
		if bit := seccomp.FlagBit(specs.LinuxSeccompFlag(name)); bit == 0 || linux.SeccompFlag(bit) {
			out = append(out, name)
		}
	}
	return out
}
