// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package rdt

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Stats is what the resctrl filesystem says of a group. The names in JSON are
// those that readers of `runc events` know.
type Stats struct {
	L3CacheInfo       *CacheInfo     `json:"l3_cache_info,omitempty"`
	L3CacheSchemaRoot string         `json:"l3_cache_schema_root,omitempty"`
	L3CacheSchema     string         `json:"l3_cache_schema,omitempty"`
	MemBwInfo         *BandwidthInfo `json:"mem_bw_info,omitempty"`
	MemBwSchemaRoot   string         `json:"mem_bw_schema_root,omitempty"`
	MemBwSchema       string         `json:"mem_bw_schema,omitempty"`
	MBMStats          []Bandwidth    `json:"mbm_stats,omitempty"`
	CMTStats          []Occupancy    `json:"cmt_stats,omitempty"`
}

// CacheInfo is what the L3 cache can do.
type CacheInfo struct {
	CbmMask    string `json:"cbm_mask,omitempty"`
	MinCbmBits uint64 `json:"min_cbm_bits,omitempty"`
	NumClosids uint64 `json:"num_closids,omitempty"`
}

// BandwidthInfo is what the control of memory bandwidth can do.
type BandwidthInfo struct {
	BandwidthGran uint64 `json:"bandwidth_gran,omitempty"`
	DelayLinear   uint64 `json:"delay_linear,omitempty"`
	MinBandwidth  uint64 `json:"min_bandwidth,omitempty"`
	NumClosids    uint64 `json:"num_closids,omitempty"`
}

// Bandwidth is what a group has moved, in bytes, in one domain of memory.
type Bandwidth struct {
	Total uint64 `json:"mbm_total_bytes,omitempty"`
	Local uint64 `json:"mbm_local_bytes,omitempty"`
}

// Occupancy is what a group has in one cache, in bytes.
type Occupancy struct {
	LLC uint64 `json:"llc_occupancy,omitempty"`
}

// ReadStats reads the figures of a container with these directories, which are
// those that Dirs returned when it was made. What this machine has not is left
// out.
func ReadStats(dirs []string) Stats {
	if len(dirs) == 0 {
		return Stats{}
	}
	table, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return Stats{}
	}
	root, ok := mountpoint(string(table))
	if !ok {
		return Stats{}
	}
	return readStats(root, dirs)
}

func readStats(root string, dirs []string) Stats {
	var s Stats
	group, monitor := dirs[0], dirs[len(dirs)-1]
	if dir := filepath.Join(root, "info", "L3"); isDir(dir) {
		s.L3CacheInfo = &CacheInfo{CbmMask: word(dir, "cbm_mask"), MinCbmBits: count(dir, "min_cbm_bits"), NumClosids: count(dir, "num_closids")}
		s.L3CacheSchemaRoot, s.L3CacheSchema = schemaLine(root, "L3:"), schemaLine(group, "L3:")
	}
	if dir := filepath.Join(root, "info", "MB"); isDir(dir) {
		s.MemBwInfo = &BandwidthInfo{
			BandwidthGran: count(dir, "bandwidth_gran"), DelayLinear: count(dir, "delay_linear"),
			MinBandwidth: count(dir, "min_bandwidth"), NumClosids: count(dir, "num_closids"),
		}
		s.MemBwSchemaRoot, s.MemBwSchema = schemaLine(root, "MB:"), schemaLine(group, "MB:")
	}
	features := strings.Fields(word(filepath.Join(root, "info", "L3_MON"), "mon_features"))
	domains, _ := filepath.Glob(filepath.Join(monitor, "mon_data", "mon_L3_*"))
	for _, dir := range domains {
		if slices.Contains(features, "mbm_total_bytes") || slices.Contains(features, "mbm_local_bytes") {
			s.MBMStats = append(s.MBMStats, Bandwidth{Total: count(dir, "mbm_total_bytes"), Local: count(dir, "mbm_local_bytes")})
		}
		if slices.Contains(features, "llc_occupancy") {
			s.CMTStats = append(s.CMTStats, Occupancy{LLC: count(dir, "llc_occupancy")})
		}
	}
	return s
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func word(dir, file string) string {
	text, _ := os.ReadFile(filepath.Join(dir, file))
	return strings.TrimSpace(string(text))
}

// count reads a number; where the hardware has none at the moment, the kernel
// has a word instead.
func count(dir, file string) uint64 {
	n, _ := strconv.ParseUint(word(dir, file), 10, 64)
	return n
}

// schemaLine finds the line of a resource in the schemata of a group.
func schemaLine(dir, prefix string) string {
	text, _ := os.ReadFile(filepath.Join(dir, schemata))
	for l := range strings.Lines(string(text)) {
		if l = strings.TrimSpace(l); strings.HasPrefix(l, prefix) {
			return l
		}
	}
	return ""
}
