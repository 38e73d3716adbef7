package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// The bundles: what `spec` writes, and one of the size Docker writes.
var bundleNames = []string{"spec", "docker"}

// ociVersion is the newest that all of Debian 12's runtimes accept.
const ociVersion = "1.0.2"

// payloads are what the containers run: a program that ends at once, and one
// that stays.
var payloads = map[string][]string{
	"ends":  {"true"},
	"stays": {"sleep", "86400"},
}

// makeRootfs makes a root filesystem of Debian's static busybox.
func makeRootfs(dir string) error {
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		return fmt.Errorf("no busybox: install Debian's package busybox-static: %w", err)
	}
	binary, err := os.ReadFile(busybox)
	if err != nil {
		return err
	}
	for _, name := range []string{"bin", "dev", "etc", "proc", "sys", "tmp"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "bin/busybox"), binary, 0o755); err != nil {
		return err
	}
	for _, applet := range []string{"sh", "true", "sleep"} {
		if err := os.Symlink("busybox", filepath.Join(dir, "bin", applet)); err != nil {
			return err
		}
	}
	return nil
}

// bundles makes every bundle for every runtime, with each payload. Each runtime
// has its own, as the config.json names the cgroup.
func (b *bench) makeBundles() error {
	rootfs := filepath.Join(b.dir, "rootfs")
	if err := makeRootfs(rootfs); err != nil {
		return err
	}
	for _, name := range b.bundles {
		config, err := b.config(name, rootfs)
		if err != nil {
			return fmt.Errorf("bundle %s: %w", name, err)
		}
		for _, rt := range b.runtimes {
			for payload, args := range payloads {
				config["process"].(map[string]any)["args"] = args
				config["linux"].(map[string]any)["cgroupsPath"] = "/" + b.id(rt)
				text, err := json.MarshalIndent(config, "", "\t")
				if err != nil {
					return err
				}
				dir := b.bundle(rt, name, payload)
				if err := os.MkdirAll(dir, 0o755); err != nil {
					return err
				}
				if err := os.WriteFile(filepath.Join(dir, "config.json"), text, 0o644); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (b *bench) bundle(rt runtime, name, payload string) string {
	return filepath.Join(b.dir, "bundles", rt.name, name, payload)
}

// config returns the config.json of a bundle.
func (b *bench) config(name, rootfs string) (map[string]any, error) {
	dir := filepath.Join(b.dir, name)
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	var err error
	switch name {
	case "spec":
		_, err = b.launcher.ok(b.runtimes[0].path, "spec", "--bundle", dir)
	case "docker":
		_, err = b.launcher.ok(filepath.Join(b.work, "dockerbundle"), "-seccomp", b.seccomp, dir, rootfs)
	}
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(dir, "config.json"))
	if err != nil {
		return nil, err
	}
	var config map[string]any
	if err := json.Unmarshal(text, &config); err != nil {
		return nil, err
	}
	root, _ := config["root"].(map[string]any)
	process, _ := config["process"].(map[string]any)
	linux, _ := config["linux"].(map[string]any)
	if root == nil || process == nil || linux == nil {
		return nil, errors.New("config.json without root, process or linux")
	}
	config["ociVersion"] = ociVersion
	root["path"] = rootfs
	process["terminal"] = false
	return config, nil
}
