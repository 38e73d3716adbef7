package libcontainer

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/oci-rung/rung/internal/linux"
	"github.com/oci-rung/rung/libcontainer/host/criu"
	"github.com/oci-rung/rung/libcontainer/jsontext"
)

// Of the standard streams of a container, images have only the names of those
// that lead out of it. The caller of restore gives it others.

// descriptorsFile has the names: a list of three. Compat(runc): the same file,
// with the links of /proc/PID/fd, of which it gives new ends to pipes. What it
// could not checkpoint has the name here that CRIU knows it by.
const descriptorsFile = "descriptors.json"

const mostDescriptors = 64 << 10

// inheritable are the beginnings of names of what restore replaces.
var inheritable = [...]string{"pipe:[", "file[", "tty["}

func saveDescriptors(images linux.FD, names []string) error {
	text := jsontext.AppendList(nil, names)
	if err := linux.Unlinkat(images, descriptorsFile); err != nil && !errors.Is(err, linux.ENOENT) {
		return err
	}
	return linux.WriteNewFile(images, descriptorsFile, text, 0o600)
}

func loadDescriptors(images string) ([]string, error) {
	text, err := linux.ReadFile(filepath.Join(images, descriptorsFile), mostDescriptors)
	if err != nil {
		return nil, err
	}
	const depth = 1
	var names []string
	r := jsontext.NewReader(string(text), depth)
	for ok := r.Open('['); ok; ok = r.Next(']') {
		names = append(names, r.Text())
	}
	r.End()
	if r.Err() != nil {
		return nil, fmt.Errorf("%s: %w", descriptorsFile, r.Err())
	}
	return names, nil
}

// streams gives our streams to what was dumped under names.
func streams(names []string, ours [3]linux.FD) []criu.Inherit {
	var out []criu.Inherit
	for i := 0; i < len(names) && i < len(ours); i++ {
		replaced := slices.ContainsFunc(inheritable[:], func(p string) bool { return strings.HasPrefix(names[i], p) })
		twice := slices.ContainsFunc(out, func(o criu.Inherit) bool { return o.Key == names[i] })
		if replaced && !twice && ours[i] != linux.NoFD {
			out = append(out, criu.Inherit{Key: names[i], FD: ours[i]})
		}
	}
	return out
}

// describeStreams names what the standard streams of init are, and those of
// them that CRIU has to be told of.
func describeStreams(proc linux.Proc, pid int) (names, outside []string, err error) {
	mounts, err := linux.MountIDs(strconv.Itoa(pid))
	if err != nil {
		return nil, nil, err
	}
	for fd := range 3 {
		name, err := proc.Link(pid, "fd/"+strconv.Itoa(fd))
		if errors.Is(err, linux.ENOENT) {
			names = append(names, "") // the payload has closed it
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		if other := outsideName(proc, pid, fd, mounts); other != "" {
			name = other
			outside = append(outside, other)
		}
		names = append(names, name)
	}
	return names, outside, nil
}

// outsideName is CRIU's name of a file or terminal on none of the container's
// mounts; of all else "".
func outsideName(proc linux.Proc, pid, fd int, mounts []int) string {
	mount, st, err := proc.Descriptor(pid, fd)
	if err != nil || slices.Contains(mounts, mount) {
		return "" // what cannot be looked at CRIU will complain of
	}
	const ptyMajor, lastPtyMajor, ttyMajor = 136, 143, 4
	major := st.Rdev >> 8 & 0xfff
	switch kind := st.Mode & linux.ModeKind; {
	case kind == linux.ModeRegular:
		return fmt.Sprintf("file[%x:%x]", mount, st.Ino)
	case kind == linux.ModeChar && (major == ttyMajor || ptyMajor <= major && major <= lastPtyMajor):
		return fmt.Sprintf("tty[%x:%x]", st.Rdev, st.Dev)
	}
	return ""
}
