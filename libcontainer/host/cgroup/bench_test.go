package cgroup

import (
	"errors"
	"os"
	"testing"

	"github.com/opencontainers/cgroups"
	v1 "github.com/opencontainers/cgroups/fs"
	"github.com/opencontainers/runtime-spec/specs-go"
)

func BenchmarkNew(b *testing.B) {
	for kind, path := range map[string]string{"id": "", "absolute": "/rung-bench"} {
		b.Run(kind, func(b *testing.B) {
			for b.Loop() {
				if _, err := New(Config{ID: "rung-bench", Path: path}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkLibraryNew(b *testing.B) {
	if Mode() == Unified {
		b.Skip("v1")
	}
	for b.Loop() {
		if _, err := v1.NewManager(&cgroups.Cgroup{Name: "rung-bench", Resources: &cgroups.Resources{}}, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMakeLimitDestroy(b *testing.B) {
	if os.Geteuid() != 0 {
		b.Skip("needs root")
	}
	for b.Loop() {
		g, err := New(Config{ID: "rung-test-bench", Resources: &specs.LinuxResources{Pids: &specs.LinuxPids{Limit: p[int64](9)}}})
		if err != nil {
			b.Fatal(err)
		}
		if err := errors.Join(g.Make(), g.Limit(), g.Destroy()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoadFrozen(b *testing.B) {
	g, err := New(Config{ID: "rung-bench"})
	if err != nil {
		b.Fatal(err)
	}
	paths := g.Paths()
	for b.Loop() {
		g, err := Load(paths)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := g.Frozen(); err != nil {
			b.Fatal(err)
		}
	}
}
