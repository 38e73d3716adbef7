package spec

import (
	"path"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// checkHooks checks the six kinds of hooks.
func checkHooks(p *problems, h *specs.Hooks) {
	if h == nil {
		return
	}
	//nolint:staticcheck // prestart is deprecated, and still written by callers
	checkHookList(p, h.Prestart, "hooks.prestart")
	checkHookList(p, h.CreateRuntime, "hooks.createRuntime")
	checkHookList(p, h.CreateContainer, "hooks.createContainer")
	checkHookList(p, h.StartContainer, "hooks.startContainer")
	checkHookList(p, h.Poststart, "hooks.poststart")
	checkHookList(p, h.Poststop, "hooks.poststop")
}

func checkHookList(p *problems, hooks []specs.Hook, list string) {
	for i, hook := range hooks {
		switch {
		case hook.Path == "":
			p.add(element(list, i)+".path", causeRequired)
		case hasNUL(hook.Path):
			p.add(element(list, i)+".path", causeNUL)
		case !path.IsAbs(hook.Path):
			p.add(element(list, i)+".path", causeAbsolute)
		}
		for j, arg := range hook.Args {
			if hasNUL(arg) {
				p.add(element(element(list, i)+".args", j), causeNUL)
			}
		}
		for j, variable := range hook.Env {
			if hasNUL(variable) {
				p.add(element(element(list, i)+".env", j), causeNUL)
			}
		}
		if hook.Timeout != nil && *hook.Timeout <= 0 {
			p.addf(element(list, i)+".timeout", "%d seconds: must be greater than 0", *hook.Timeout)
		}
	}
}
