package main

import (
	"os"
	"path/filepath"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// mounts makes the sources below dir and returns Docker's own mounts, its three
// generated files and volumes of each kind people use.
func mounts(dir string) ([]specs.Mount, error) {
	list := []specs.Mount{
		{Destination: "/proc", Type: "proc", Source: "proc", Options: []string{"nosuid", "noexec", "nodev"}},
		{Destination: "/dev", Type: "tmpfs", Source: "tmpfs", Options: []string{"nosuid", "strictatime", "mode=755", "size=65536k"}},
		{Destination: "/dev/pts", Type: "devpts", Source: "devpts", Options: []string{"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}},
		{Destination: "/sys", Type: "sysfs", Source: "sysfs", Options: []string{"nosuid", "noexec", "nodev", "ro"}},
		{Destination: "/sys/fs/cgroup", Type: "cgroup", Source: "cgroup", Options: []string{"ro", "nosuid", "noexec", "nodev"}},
		{Destination: "/dev/mqueue", Type: "mqueue", Source: "mqueue", Options: []string{"nosuid", "noexec", "nodev"}},
		{Destination: "/dev/shm", Type: "tmpfs", Source: "shm", Options: []string{"nosuid", "noexec", "nodev", "mode=1777", "size=67108864"}},
		{Destination: "/run/secrets", Type: "tmpfs", Source: "tmpfs", Options: []string{"nosuid", "nodev", "noexec", "size=1m", "mode=700"}},
		{Destination: "/tmp", Type: "tmpfs", Source: "tmpfs", Options: []string{"nosuid", "nodev", "mode=1777"}},
	}
	for _, f := range []struct{ destination, text string }{
		{"/etc/resolv.conf", "nameserver 127.0.0.11\n"},
		{"/etc/hostname", "0123456789ab\n"},
		{"/etc/hosts", "127.0.0.1 localhost\n"},
	} {
		source := filepath.Join(dir, filepath.Base(f.destination))
		if err := writeFile(source, f.text); err != nil {
			return nil, err
		}
		list = append(list, bind(source, f.destination, "rbind", "rprivate"))
	}
	for _, v := range []struct {
		name    string
		options []string
	}{
		{"data", []string{"rbind", "rw", "rprivate"}},
		{"config", []string{"rbind", "ro", "rprivate"}},
		{"cache", []string{"rbind", "nosuid", "nodev", "rprivate"}},
		{"logs", []string{"rbind", "rw", "rslave"}},
		{"assets", []string{"rbind", "ro", "nosuid", "nodev", "noexec", "rprivate"}},
		{"plugins", []string{"rbind", "rro", "rprivate"}},
		{"spool", []string{"bind", "rw", "private"}},
	} {
		source := filepath.Join(dir, v.name)
		if err := writeFile(filepath.Join(source, "file"), v.name+"\n"); err != nil {
			return nil, err
		}
		list = append(list, bind(source, "/srv/"+v.name, v.options...))
	}
	settings := filepath.Join(dir, "settings.conf")
	if err := writeFile(settings, "key=value\n"); err != nil {
		return nil, err
	}
	return append(list, bind(settings, "/etc/app/settings.conf", "rbind", "ro", "rprivate")), nil
}

func bind(source, destination string, options ...string) specs.Mount {
	return specs.Mount{Destination: destination, Type: "bind", Source: source, Options: options}
}

func writeFile(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o644)
}
