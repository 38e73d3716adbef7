//go:build tools

// Package crictl names the program that the module is there for.
package crictl

import _ "github.com/kubernetes-sigs/cri-tools/cmd/crictl"
