package diagnose

import (
	"encoding/binary"
	"os"
	"testing"

	"github.com/oci-rung/rung/internal/linux"
	"golang.org/x/sys/unix"
)

func TestMachineNames(t *testing.T) {
	little, big := binary.LittleEndian, binary.BigEndian
	for _, tt := range []struct {
		h    header
		want string
	}{
		{header{machine: 3, class: class32, order: little}, "i386"},
		{header{machine: 62, class: class64, order: little}, "x86_64"},
		{header{machine: 62, class: class32, order: little}, "x32"},
		{header{machine: 40, class: class32, order: little}, "arm"},
		{header{machine: 183, class: class64, order: little}, "aarch64"},
		{header{machine: 183, class: class64, order: big}, "aarch64_be"},
		{header{machine: 243, class: class64, order: little}, "riscv64"},
		{header{machine: 243, class: class32, order: little}, "riscv32"},
		{header{machine: 21, class: class64, order: little}, "ppc64le"},
		{header{machine: 21, class: class64, order: big}, "ppc64"},
		{header{machine: 20, class: class32, order: big}, "ppc"},
		{header{machine: 22, class: class64, order: big}, "s390x"},
		{header{machine: 22, class: class32, order: big}, "s390"},
		{header{machine: 8, class: class64, order: little}, "mipsel"},
		{header{machine: 8, class: class32, order: big}, "mips"},
		{header{machine: 258, class: class64, order: little}, "loongarch64"},
		{header{machine: 2, class: class32, order: big}, "ELF machine 2"},
	} {
		if got := tt.h.name(); got != tt.want {
			t.Errorf("machine %d: got %q want %q", tt.h.machine, got, tt.want)
		}
	}
}

func TestForeign(t *testing.T) {
	machine, class, order := thisMachine()
	if machine == 0 {
		t.Skip("no number for this machine")
	}
	own := header{machine: machine, class: class, order: order}
	if got := own.foreign(); got != "" {
		t.Errorf("own machine: got %q", got)
	}
	other, name := uint16(machineARM64), "aarch64"
	if machine == other {
		other, name = machineX86, "x86_64"
	}
	h := header{machine: other, class: class64, order: binary.LittleEndian}
	if got, want := h.foreign(), "a program for "+name+", and this machine is "+own.name(); got != want {
		t.Errorf("got %q want %q", got, want)
	}
	h = header{machine: compatible(machine), class: class32, order: order}
	if got, want := h.foreign(), "a program for "+h.name()+", which this kernel does not run"; got != want {
		t.Errorf("got %q want %q", got, want)
	}
}

func TestEmulatorMissing(t *testing.T) {
	root := build(t, []entry{{name: "x", text: elf(func(h *header) { h.machine = 0xf00d }, "/ld")}})
	dir, err := linux.OpenPathDir(root)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	_, class, order := thisMachine()
	here := header{class: class, order: order}
	here.machine, _, _ = thisMachine()
	want := "exec /x: no such file or directory: a program for ELF machine 61453, and this machine is " + here.name() +
		", and the emulator registered for such programs is missing"
	if got := Exec(dir, "/x", unix.ENOENT).Error(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestRealProgram reads what a linker made, whose program headers and names
// are where linkers put them.
func TestRealProgram(t *testing.T) {
	root, err := linux.OpenPathDir("/")
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	l := look{root: root, cwd: "/", errno: unix.ENOENT}
	f, err := l.open("/bin/sh")
	if err != nil {
		t.Skip("no /bin/sh: ", err)
	}
	defer f.close()
	if err := f.head(); err != nil {
		t.Fatal(err)
	}
	h, ok := readHeader(f.block)
	if why := h.foreign(); !ok || why != "" {
		t.Errorf("got %v, %q", ok, why)
	}
	name := h.interpreter(f)
	if _, err := os.Stat(name); err != nil {
		t.Errorf("interpreter %q: %v", name, err)
	}
}

func TestInterpreterOf32Bit(t *testing.T) {
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		b := make([]byte, 6000)
		h := header{class: class32, order: order, segments: 5000, size: 32, count: 2}
		p := b[5032:] // the second header, behind the first block
		order.PutUint32(p, segmentInterpreter)
		order.PutUint32(p[4:], 5500)
		order.PutUint32(p[16:], 8)
		copy(b[5500:], "/lib/ld\x00more")
		dir, err := linux.OpenPathDir(build(t, []entry{{name: "x", text: string(b)}}))
		if err != nil {
			t.Fatal(err)
		}
		l := look{root: dir, cwd: "/"}
		f, err := l.open("/x")
		if err != nil {
			t.Fatal(err)
		}
		if err := f.head(); err != nil {
			t.Fatal(err)
		}
		if got, want := h.interpreter(f), "/lib/ld"; got != want {
			t.Errorf("%v: got %q want %q", order, got, want)
		}
		f.close()
		_ = dir.Close()
	}
}

func FuzzContent(f *testing.F) {
	f.Add([]byte(elf(nil, "/ld")))
	f.Add([]byte(elf(func(h *header) { h.class, h.size, h.segments = class32, 32, 52 }, "/ld")))
	f.Add([]byte(elf(func(h *header) { h.segments = 1<<64 - 1; h.count = 1<<16 - 1 }, "/ld")))
	f.Add([]byte(script))
	f.Add([]byte("#!"))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, content []byte) {
		if err := os.WriteFile(dir+"/x", content, 0o755); err != nil {
			t.Fatal(err)
		}
		root, err := linux.OpenPathDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer root.Close()
		for _, errno := range []unix.Errno{unix.ENOENT, unix.EACCES, unix.ENOEXEC, unix.ELOOP, unix.ELIBBAD, unix.ENOTDIR} {
			text := Exec(root, "/x", errno).Error()
			if len(text) > 8<<10 {
				t.Errorf("%v: a text of %d bytes", errno, len(text))
			}
		}
	})
}
