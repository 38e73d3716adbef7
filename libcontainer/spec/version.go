package spec

import "strings"

// MinVersion and MaxVersion are the ends of the range of runtime-spec versions
// that configs may name. Patch releases of the last minor version are inside.
const (
	MinVersion = "1.0.0"
	MaxVersion = "1.3.0"
)

// newestMinor is the minor version of MaxVersion.
const newestMinor = "3"

// checkVersion checks ociVersion. A version that is still in the making
// (1.0.2-dev, 1.2.1+dev: both are in the field, written by tools that vendor a
// snapshot of the spec) counts as the version it will become.
func checkVersion(p *problems, version string) {
	if version == "" {
		p.add("ociVersion", causeRequired)
		return
	}
	core, ok := versionCore(version)
	if !ok {
		p.addf("ociVersion", "%q is not a version in SemVer 2.0.0 form", version)
		return
	}
	if core[0] != "1" || len(core[1]) > len(newestMinor) || core[1] > newestMinor {
		p.addf("ociVersion", "%q is outside the versions this runtime knows, %s to 1.%s.x", version, MinVersion, newestMinor)
	}
}

// versionCore splits a SemVer version and returns its three numbers as text.
func versionCore(version string) (core [3]string, ok bool) {
	rest, build, hasBuild := strings.Cut(version, "+")
	if hasBuild && !versionLabels(build) {
		return core, false
	}
	rest, pre, hasPre := strings.Cut(rest, "-")
	if hasPre && !versionLabels(pre) {
		return core, false
	}
	numbers := strings.Split(rest, ".")
	if len(numbers) != len(core) {
		return core, false
	}
	for i, n := range numbers {
		if n == "" || digits(n) != len(n) || (n[0] == '0' && len(n) > 1) {
			return core, false
		}
		core[i] = n
	}
	return core, true
}

// versionLabels reports whether s is a dot-separated list of SemVer labels.
func versionLabels(s string) bool {
	for label := range strings.SplitSeq(s, ".") {
		if label == "" {
			return false
		}
		for i := 0; i < len(label); i++ {
			if c := label[i]; !isAlnum(c) && c != '-' {
				return false
			}
		}
	}
	return true
}

// isAlnum reports whether c is an ASCII letter or digit.
func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
