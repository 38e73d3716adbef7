package structure

import (
	"bufio"
	"bytes"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// entryArchitectures are those with an entry that starts no Go runtime.
var entryArchitectures = []string{"amd64", "arm64"}

// goesOn is where the entry leaves init's world: any other call of the program
// starts the runtime here, with everything as the kernel left it.
var goesOn = regexp.MustCompile(`^_rt0_(amd64|arm64)_linux(\.abi0)?$`)

// walked is the code that init runs. Between them these packages have no
// other way to the kernel than Syscall6.
var walked = regexp.MustCompile(`^(_rung_start` +
	`|github\.com/oci-rung/rung/libcontainer/inside\..*` +
	`|github\.com/oci-rung/rung/internal/linux/raw\..*` +
	`|github\.com/oci-rung/rung/libcontainer/wire\.(RowAddr|\(\*Frame\)\.Size)` +
	`|syscall\.RawSyscall6` +
	`|internal/runtime/syscall/linux\.Syscall6` +
	`|runtime\.(memmove|memclrNoHeapPointers|duffzero|duffcopy))(\.abi0)?$`)

// leaves are what the runtime contributes without being started. They are not
// walked: each of them either cannot be called, or ends the process, which is
// what a broken invariant in init should do: the parent sees a connection that
// closes and a process that a signal ended, and says so.
var leaves = []struct{ pattern, reason string }{
	{`runtime\.morestack(_noctxt)?(\.abi0)?`,
		"behind every stack check; never taken: the check compares with the bound in g, which is 0, and init runs on the kernel's stack"},
	{`runtime\.panicBounds(\.abi0)?|runtime\.panic(Index|Slice\w*)(\.abi0)?`,
		"an index out of range: reads through the zero g and dies of SIGSEGV"},
	{`runtime\.panicunsafeslice(len|nilptr)`,
		"unsafe.Slice with an impossible length: likewise"},
	{`runtime\.proc(Pin|Unpin)`,
		"called only where the runtime does run (stage.threaded), around the making of a copy"},
	{`runtime\.(panicdivide|panicshift|panicdottype\w*)`,
		"arithmetic that cannot be: likewise"},
}

// forbidden are what a reader of a failure wants explained most.
var forbidden = []struct{ pattern, reason string }{
	{`runtime\.(newobject|mallocgc|makeslice\w*|growslice|concatstring\w*|slicebyteto\w*|stringtoslice\w*|convT\w*)`,
		"allocates: there is no heap. Use a field of the stage, or keep the value from escaping"},
	{`runtime\.gcWriteBarrier\d?|runtime\.(typed|bulk|wb)\w*`,
		"stores a Go pointer into static memory: keep addresses as raw.Ptr. Harmless where the runtime never started (its flag is 0), " +
			"but the forked copy of a started one, which runs the same code where there is no entry, could be in the middle of a collection"},
	{`runtime\.(mapaccess\w*|mapassign\w*|map\w*)`, "uses a map"},
	{`runtime\.(deferproc\w*|deferreturn|gopanic|gorecover)`, "defers or panics"},
	{`runtime\.(assert\w*|typeAssert|interfaceSwitch|ifaceeq|efaceeq)`, "uses an interface"},
}

// function is what the disassembly says of one function.
type function struct {
	size     int
	calls    []string // by name
	indirect []string // instructions that jump to a value
	mentions []string // addresses of functions, and of the collector's flag
}

var (
	textLine  = regexp.MustCompile(`^TEXT (.*)\(SB\) `)
	codeLine  = regexp.MustCompile(`^\s+\S+\s+(0x[0-9a-f]+)\s+([0-9a-f]+)\s+(.*?)\s*$`)
	symbol    = regexp.MustCompile(`([^\s,]+)\(SB\)`)
	jumpTable = regexp.MustCompile(`^JMP (0\(\w+\)\(\w+\*8\)|\(R27\))$`)
	branch    = regexp.MustCompile(`^(CALL|JMP|B|BL|BR|BLR) `)
)

// disassemble reads every function that init may run.
func disassemble(t *testing.T, binary string) map[string]*function {
	t.Helper()
	out := map[string]*function{}
	var f *function
	lines := bufio.NewScanner(bytes.NewReader(run(t, nil, "go", "tool", "objdump", "-s", walked.String(), binary)))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if m := textLine.FindStringSubmatch(lines.Text()); m != nil {
			f = &function{}
			out[m[1]] = f
			continue
		}
		m := codeLine.FindStringSubmatch(lines.Text())
		if m == nil || f == nil {
			continue
		}
		f.size += len(m[2]) / 2
		f.instruction(m[3])
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func (f *function) instruction(text string) {
	name := ""
	if m := symbol.FindStringSubmatch(text); m != nil {
		name = m[1]
	}
	if !branch.MatchString(text) {
		if name != "" {
			f.mentions = append(f.mentions, name)
		}
		return
	}
	target := text[strings.IndexByte(text, ' ')+1:]
	switch {
	case name != "":
		f.calls = append(f.calls, name)
	case strings.HasPrefix(target, "0x") || strings.HasSuffix(target, "(PC)"):
		// Inside the function, or into the middle of another, which only
		// duffzero and duffcopy have: those are named by objdump.
	case jumpTable.MatchString(text):
		// A switch: the compiler bounds the index, and every entry of the
		// table is a line of this function.
	default:
		f.indirect = append(f.indirect, text)
	}
}

// TestInitReachesNoRuntime walks the linked binary from its entry and wants to
// find nothing but init's own code and a few helpers that need no runtime.
func TestInitReachesNoRuntime(t *testing.T) {
	for _, arch := range entryArchitectures {
		t.Run(arch, func(t *testing.T) {
			code := disassemble(t, build(t, arch, true))
			reached, problems := walk(code)
			for _, p := range problems {
				t.Error(p)
			}
			// The walk has to have gone all the way, or it proves nothing.
			for _, want := range []string{
				modulePath + "/libcontainer/inside.(*stage).exec",
				modulePath + "/internal/linux/raw.Execve",
				"syscall.RawSyscall6",
			} {
				if !slices.Contains(reached, want) {
					t.Errorf("%s is not reached: the walk lost its way", want)
				}
			}
			size := 0
			for _, name := range reached {
				n := "leaf"
				if f := code[name]; f != nil {
					n = fmt.Sprint(f.size)
					size += f.size
				}
				t.Logf("%6s %s", n, strings.TrimPrefix(name, modulePath+"/"))
			}
			t.Logf("%d functions, %d bytes of code", len(reached), size)
		})
	}
}

// walk follows calls from the entry. It returns what it reached, sorted, and
// what is wrong with it.
func walk(code map[string]*function) (reached, problems []string) {
	from := map[string]string{"_rung_start": ""}
	queue := []string{"_rung_start"}
	for len(queue) > 0 {
		name := queue[0]
		queue = queue[1:]
		f := code[name]
		if f == nil {
			if why := judge(name); why != "" {
				problems = append(problems, fmt.Sprintf("%s\n\t%s", wayTo(name, from), why))
			}
			continue
		}
		for _, i := range f.indirect {
			problems = append(problems, fmt.Sprintf("%s\n\t%s: calls through a value; what that reaches cannot be known", wayTo(name, from), i))
		}
		for _, next := range append(f.calls, functionsIn(f.mentions, code)...) {
			if _, ok := from[next]; !ok && !goesOn.MatchString(next) {
				from[next] = name
				queue = append(queue, next)
			}
		}
	}
	reached = slices.Sorted(maps.Keys(from))
	slices.Sort(problems)
	return reached, problems
}

// functionsIn are the functions whose address is taken.
func functionsIn(mentions []string, code map[string]*function) []string {
	var out []string
	for _, m := range mentions {
		if code[m] != nil {
			out = append(out, m)
		}
		if m == "runtime.writeBarrier" {
			out = append(out, "runtime.gcWriteBarrier")
		}
	}
	return out
}

// judge says why a function that is not init's own may not be reached.
func judge(name string) string {
	full := func(pattern string) bool { return regexp.MustCompile("^(" + pattern + ")$").MatchString(name) }
	for _, l := range leaves {
		if full(l.pattern) {
			return ""
		}
	}
	for _, f := range forbidden {
		if full(f.pattern) {
			return f.reason
		}
	}
	return "is no part of init: it may need the Go runtime, which is not there"
}

func wayTo(name string, from map[string]string) string {
	way := name
	for at := from[name]; at != ""; at = from[at] {
		way = at + " → " + way
	}
	return strings.ReplaceAll(way, modulePath+"/", "")
}

// TestWalk proves that the walk finds what it looks for.
func TestWalk(t *testing.T) {
	entry := modulePath + "/libcontainer/inside.entry.abi0"
	deep := modulePath + "/internal/linux/raw.Deep"
	for _, test := range []struct {
		name string
		deep function
		want string
	}{
		{"clean", function{calls: []string{"runtime.panicBounds", "runtime.morestack_noctxt.abi0"}}, ""},
		{"allocation", function{calls: []string{"runtime.newobject"}}, "no heap"},
		{"write barrier by flag", function{mentions: []string{"runtime.writeBarrier"}}, "Go pointer"},
		{"library", function{calls: []string{"fmt.Errorf"}}, "no part of init"},
		{"function value", function{indirect: []string{"CALL (DX)"}}, "cannot be known"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, problems := walk(map[string]*function{
				"_rung_start": {calls: []string{"_rt0_amd64_linux", entry}},
				entry:         {mentions: []string{deep}},
				deep:          &test.deep,
			})
			got := strings.Join(problems, "\n")
			if test.want == "" && got != "" || !strings.Contains(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
	for text, want := range map[string]string{
		"CALL AX": "CALL AX", "CALL (DX)": "CALL (DX)", "JMP DX": "JMP DX", "CALL (R1)": "CALL (R1)",
		"JMP 0(BX)(DX*8)": "", "JMP 0x6fb211": "", "JMP 9(PC)": "",
	} {
		var f function
		f.instruction(text)
		if got := strings.Join(f.indirect, ""); got != want {
			t.Errorf("%s: indirect %q, want %q", text, got, want)
		}
	}
}
