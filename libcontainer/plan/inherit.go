package plan

import "github.com/opencontainers/runtime-spec/specs-go"

// Inherit returns p with what it leaves open taken from the container's own
// process. The runtime-spec knows no process but that; runc does so, and its
// callers leave out what they do not want to change.
func Inherit(p, own *specs.Process) *specs.Process {
	if own == nil {
		return p
	}
	out := *p
	if out.Capabilities == nil {
		out.Capabilities = own.Capabilities
	}
	if out.ApparmorProfile == "" {
		out.ApparmorProfile = own.ApparmorProfile
	}
	if out.SelinuxLabel == "" {
		out.SelinuxLabel = own.SelinuxLabel
	}
	if len(out.Rlimits) == 0 {
		out.Rlimits = own.Rlimits
	}
	if out.User.Umask == nil {
		out.User.Umask = own.User.Umask
	}
	if out.OOMScoreAdj == nil {
		out.OOMScoreAdj = own.OOMScoreAdj
	}
	if out.Scheduler == nil {
		out.Scheduler = own.Scheduler
	}
	if out.IOPriority == nil {
		out.IOPriority = own.IOPriority
	}
	if out.ExecCPUAffinity == nil {
		out.ExecCPUAffinity = own.ExecCPUAffinity
	}
	return &out
}
