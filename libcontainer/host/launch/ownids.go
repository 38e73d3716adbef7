// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package launch

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/internal/linux"
)

// helperPatience bounds how long newuidmap and newgidmap may take: they may
// have to ask a directory service about the user.
const helperPatience = 30 * time.Second

// idKind is what differs between the two maps of a user namespace.
type idKind struct {
	field   string // of the config
	file    string // in /proc/PID
	program string
	ranges  string // what the program reads
	word    string
}

var (
	userIDs  = idKind{"linux.uidMappings", "uid_map", "newuidmap", "/etc/subuid", "uid"}
	groupIDs = idKind{"linux.gidMappings", "gid_map", "newgidmap", "/etc/subgid", "gid"}
)

// writeMaps gives init's user namespace its ids: directly, where the parent may
// do that, else by the programs that may, as far as the administrator lets this
// user.
func (s *server) writeMaps() error {
	if err := s.writeMap(&groupIDs, s.plan.GIDMap, uint32(os.Getegid())); err != nil {
		return err
	}
	return s.writeMap(&userIDs, s.plan.UIDMap, uint32(os.Geteuid()))
}

func (s *server) writeMap(kind *idKind, list []specs.LinuxIDMapping, own uint32) error {
	if !s.plan.OwnIDs {
		return s.writeDirectly(kind, list)
	}
	if len(list) != 1 || list[0].Size != 1 || list[0].HostID != own {
		return s.writeByHelper(kind, list)
	}
	if kind == &groupIDs {
		// The kernel wants it: who could drop a group might get access that
		// being in the group denies (CVE-2014-8989).
		if err := s.proc.Write(s.pid, "setgroups", "deny"); err != nil {
			return fmt.Errorf("%s: %w", kind.field, err)
		}
	}
	return s.writeDirectly(kind, list)
}

func (s *server) writeDirectly(kind *idKind, list []specs.LinuxIDMapping) error {
	err := s.proc.Write(s.pid, kind.file, mapText(list))
	if err == nil {
		return nil
	}
	if errors.Is(err, linux.EPERM) {
		if mine, readErr := readMap(s.proc, os.Getpid(), kind.file); readErr == nil {
			for i, m := range list {
				if gaps := uncovered(hostRange(m), insideRanges(mine)); len(gaps) > 0 {
					return fmt.Errorf("%s[%d].hostID: %w: the user namespace of the caller has no %ss %s, it has %s",
						kind.field, i, err, kind.word, gaps[0], listRanges(insideRanges(mine)))
				}
			}
		}
	}
	if s.plan.OwnIDs && errors.Is(err, linux.EPERM) && restricted() {
		return fmt.Errorf("%s: %w; %s", kind.field, err, restrictedAdvice)
	}
	return fmt.Errorf("%s: %w", kind.field, err)
}

func mapText(list []specs.LinuxIDMapping) string {
	var b strings.Builder
	for _, m := range list {
		fmt.Fprintf(&b, "%d %d %d\n", m.ContainerID, m.HostID, m.Size)
	}
	return b.String()
}

// writeByHelper runs newuidmap or newgidmap on init.
func (s *server) writeByHelper(kind *idKind, list []specs.LinuxIDMapping) error {
	path := findProgram(kind.program)
	if path == "" {
		return fmt.Errorf("%s: %s: executable file not found in $PATH: without it a user may map one id, the own one (Debian: package uidmap)", kind.field, kind.program)
	}
	args := []string{kind.program, strconv.Itoa(s.pid)}
	for _, m := range list {
		args = append(args, number(m.ContainerID), number(m.HostID), number(m.Size))
	}
	said, err := runHelper(path, args)
	if err == nil {
		return nil
	}
	if said != "" {
		err = fmt.Errorf("%w: %s", err, said)
	}
	return fmt.Errorf("%s: %s: %w; %s", kind.field, path, err, kind.advice(list))
}

func number(n uint32) string { return strconv.FormatUint(uint64(n), 10) }

// findProgram looks for a program where the caller's PATH says, but never in
// the current directory.
func findProgram(name string) string {
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		path := filepath.Join(dir, name)
		if filepath.IsAbs(dir) && linux.Executable(path) {
			return path
		}
	}
	return ""
}

// runHelper runs a program to its end and returns what it had to complain of.
func runHelper(path string, args []string) (string, error) {
	null, err := linux.OpenFile("/dev/null")
	if err != nil {
		return "", err
	}
	defer null.Close()
	says, err := linux.MemoryFile("rung-helper", nil)
	if err != nil {
		return "", err
	}
	defer says.Close()
	p := linux.Program{Path: path, Args: args, Env: os.Environ(), Stdio: [3]linux.FD{null, says, says}}
	child, err := p.Start()
	if err != nil {
		return "", err
	}
	if err = linux.AwaitEnd(child.Pidfd, helperPatience); err != nil {
		_ = child.KillGroup() // as far as we may: it is set-user-id
		err = fmt.Errorf("not done after %v: %w", helperPatience, err)
		if linux.AwaitEnd(child.Pidfd, endPatience) != nil {
			return "", err
		}
	}
	status, waitErr := child.Wait()
	switch {
	case err != nil:
	case waitErr != nil:
		err = waitErr
	case status.Signaled():
		err = fmt.Errorf("killed by signal %d", status.Signal())
	case status.ExitStatus() != 0:
		err = fmt.Errorf("exit status %d", status.ExitStatus())
	}
	return linux.ReadBack(says), err
}
