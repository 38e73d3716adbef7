// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package cgroup

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/godbus/dbus/v5"

	"github.com/oci-rung/rung/libcontainer/spec"
)

// annotationPrefix begins the annotations that are properties of the unit.
// Their values are written as GVariant text: 'kill', true, uint64 5.
const annotationPrefix = "org.systemd.property."

// annotatable returns the D-Bus type of a property that an annotation may set, or
// "". Annotations come from further away than the rest of a config: from
// whoever may write a pod. So it is those that limit the unit or say how it
// ends. A property that starts, stops or orders other units, runs a program,
// reboots the host or moves the unit is none of them.
func annotatable(name string) string {
	switch name {
	case "CPUQuotaPerSecUSec", "CPUQuotaPeriodUSec", "CPUWeight", "StartupCPUWeight",
		"IOWeight", "StartupIOWeight",
		"MemoryMin", "MemoryLow", "MemoryHigh", "MemoryMax", "MemorySwapMax", "MemoryZSwapMax",
		"MemoryPressureThresholdUSec",
		"RuntimeMaxUSec", "RuntimeRandomizedExtraUSec", "TasksMax", "TimeoutStopUSec",
		"BlockIOWeight", "CPUShares", "MemoryLimit": // v1
		return "t"
	case "ManagedOOMMemoryPressureLimit":
		return "u"
	case "KillSignal", "FinalKillSignal", "RestartKillSignal":
		return "i"
	case "DefaultDependencies", "IPAccounting", "SendSIGHUP", "SendSIGKILL", "MemoryZSwapWriteback":
		return "b"
	case "CollectMode", "Description", "ManagedOOMMemoryPressure", "ManagedOOMPreference", "ManagedOOMSwap",
		"MemoryPressureWatch", "OOMPolicy":
		return "s"
	case "Documentation":
		return "as"
	}
	return ""
}

// annotated returns the properties that annotations ask for.
func annotated(annotations map[string]string) (properties, error) {
	var list properties
	for _, key := range slices.Sorted(maps.Keys(annotations)) {
		name, ok := strings.CutPrefix(key, annotationPrefix)
		if !ok {
			continue
		}
		refuse := func(format string, args ...any) (properties, error) {
			return nil, &spec.FieldError{Path: "annotations[" + strconv.Quote(key) + "]", Err: fmt.Errorf(format, args...)}
		}
		// Compat(runc): unit files have seconds where the bus has microseconds.
		seconds := strings.HasSuffix(name, "Sec") && !strings.HasSuffix(name, "USec")
		if seconds {
			name = strings.TrimSuffix(name, "Sec") + "USec"
		}
		kind := annotatable(name)
		if kind == "" {
			return refuse("%s is not one of the properties that limit a unit or say how it ends; others are not taken from annotations", name)
		}
		if list.find(name) >= 0 {
			return refuse("%s is set by another annotation too", name)
		}
		value, err := parseVariant(annotations[key], kind, seconds)
		if err != nil {
			return refuse("%q: %w", annotations[key], err)
		}
		list.add(name, value)
	}
	return list, nil
}

// parseVariant reads GVariant text as a value of a D-Bus type. A number needs
// no type in front of it.
func parseVariant(text, kind string, seconds bool) (any, error) {
	v, err := dbus.ParseVariant(text, dbus.Signature{})
	if err != nil {
		return nil, fmt.Errorf("not a value in the form of GVariant text: %w", err)
	}
	value := v.Value()
	if seconds {
		if value, err = microseconds(value); err != nil {
			return nil, err
		}
	}
	if n, ok := integer(value); ok {
		switch {
		case kind == "t" && n.fits(math.MaxUint64, 0):
			return n.size, nil
		case kind == "u" && n.fits(math.MaxUint32, 0):
			return uint32(n.size), nil
		case kind == "i" && n.fits(math.MaxInt32, math.MaxInt32):
			return int32(n.signed()), nil
		}
	} else if dbus.SignatureOf(value).String() == kind {
		return value, nil
	}
	return nil, fmt.Errorf("not of type %s (%s)", kind, kindName(kind))
}

func kindName(kind string) string {
	switch kind {
	case "t":
		return "uint64"
	case "u":
		return "uint32"
	case "i":
		return "int32"
	case "b":
		return "boolean"
	case "s":
		return "string"
	}
	return "array of strings"
}

// whole is an integer of any of D-Bus's types.
type whole struct {
	size     uint64
	negative bool
}

func (n whole) fits(up, down uint64) bool {
	return !n.negative && n.size <= up || n.negative && n.size <= down
}

func (n whole) signed() int64 {
	if n.negative {
		return -int64(n.size)
	}
	return int64(n.size)
}

func integer(value any) (whole, bool) {
	signed := func(n int64) (whole, bool) {
		if n < 0 {
			return whole{size: uint64(-n), negative: true}, true
		}
		return whole{size: uint64(n)}, true
	}
	switch n := value.(type) {
	case byte:
		return whole{size: uint64(n)}, true
	case uint16:
		return whole{size: uint64(n)}, true
	case uint32:
		return whole{size: uint64(n)}, true
	case uint64:
		return whole{size: n}, true
	case int16:
		return signed(int64(n))
	case int32:
		return signed(int64(n))
	case int64:
		return signed(n)
	}
	return whole{}, false
}

// microseconds converts seconds, which may have a fraction.
func microseconds(value any) (any, error) {
	const perSecond = 1_000_000
	switch f, isFloat := value.(float64); {
	case isFloat && f >= 0 && f < math.MaxUint64/perSecond:
		return uint64(f * perSecond), nil
	case isFloat:
		return nil, fmt.Errorf("%v seconds: out of range", f)
	}
	n, ok := integer(value)
	if !ok || n.negative {
		return nil, fmt.Errorf("not a number of seconds")
	}
	if n.size == infinity {
		return n.size, nil
	}
	if n.size > math.MaxUint64/perSecond {
		return nil, fmt.Errorf("%d seconds: out of range", n.size)
	}
	return n.size * perSecond, nil
}
