package spec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/libcontainer/jsontext"
)

// Decode parses the bytes of a config.json. Keys it does not know are ignored,
// as the runtime-spec demands. The error is a *FieldError that names the field
// and the line and column where reading stopped. Nothing is checked beyond the
// JSON types; that is Check's part.
func Decode(data []byte) (*specs.Spec, error) { return decode(data, "", readSpec) }

// DecodeProcess parses a file that holds a process object alone, as `exec
// --process` reads it. Paths in its errors begin with "process".
func DecodeProcess(data []byte) (*specs.Process, error) {
	return decode(data, "process", readProcess)
}

func decode[T any](data []byte, root string, read func(*jsontext.Reader, *T)) (*T, error) {
	if v, err := decodeFast(data, read); err == nil {
		return v, nil
	}
	// What is wrong is found once more, by a reader that has time: it knows
	// the whole document to be JSON before it looks at a type, so that the
	// error does not depend on what comes first.
	v := new(T)
	if err := json.Unmarshal(data, v); err != nil {
		return nil, decodeError(data, err, root)
	}
	return v, nil
}

func decodeFast[T any](data []byte, read func(*jsontext.Reader, *T)) (*T, error) {
	v, r := new(T), jsontext.NewReader(string(data), deepest)
	read(r, v)
	r.End()
	return v, r.Err()
}

// decodeError replaces encoding/json's words, which name Go types and count
// bytes, by the field's path and its place in the text.
func decodeError(data []byte, err error, root string) error {
	var (
		syntax   *json.SyntaxError
		mismatch *json.UnmarshalTypeError
	)
	switch {
	case errors.As(err, &syntax):
		path, _ := locate(data, syntax.Offset, root)
		line, column := lineColumn(data, syntax.Offset-1)
		return &FieldError{Path: path, Err: fmt.Errorf("line %d, column %d: %w", line, column, err)}
	case errors.As(err, &mismatch):
		path, start := locate(data, mismatch.Offset, root)
		line, column := lineColumn(data, start)
		return &FieldError{Path: path, Err: fmt.Errorf("line %d, column %d: want %s, got %s",
			line, column, wanted(mismatch.Type.Kind().String()), got(mismatch.Value))}
	}
	return &FieldError{Path: root, Err: err}
}

// wanted says in JSON's words what a Go kind is filled from.
func wanted(kind string) string {
	switch kind {
	case "struct", "map":
		return "an object"
	case "slice", "array":
		return "an array"
	case "string":
		return "a string"
	case "bool":
		return "true or false"
	}
	return "a number that fits " + kind
}

// got says what stood there instead, from encoding/json's description.
func got(value string) string {
	switch value {
	case "object", "array":
		return "an " + value
	case "bool":
		return "a boolean"
	case "string", "number":
		return "a " + value
	}
	return value
}

// frame is one open object or array on the way to a token.
type frame struct {
	array   bool
	index   int
	key     string
	haveKey bool
}

// next moves past a value.
func (f *frame) next() {
	if f.array {
		f.index++
	}
	f.haveKey = false
}

// locate walks the document again, up to the value that ends at or after
// offset, and returns that value's path and where it begins. Only errors pay
// for it, so decoding itself stays at full speed.
func locate(data []byte, offset int64, root string) (string, int64) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var stack []frame
	for {
		before := dec.InputOffset()
		token, err := dec.Token()
		if err != nil {
			return pathOf(stack, root), offset
		}
		delim, _ := token.(json.Delim)
		if delim == '}' || delim == ']' {
			stack = stack[:len(stack)-1]
			if len(stack) > 0 {
				stack[len(stack)-1].next()
			}
			continue
		}
		if len(stack) > 0 {
			if top := &stack[len(stack)-1]; !top.array && !top.haveKey {
				top.key, _ = token.(string)
				top.haveKey = true
				continue
			}
		}
		if dec.InputOffset() >= offset {
			return pathOf(stack, root), skipSeparators(data, before)
		}
		if delim != 0 {
			stack = append(stack, frame{array: delim == '['})
		} else if len(stack) > 0 {
			stack[len(stack)-1].next()
		}
	}
}

// pathOf renders the way through the open objects and arrays.
func pathOf(stack []frame, root string) string {
	var b strings.Builder
	b.WriteString(root)
	for _, f := range stack {
		switch {
		case f.array:
			b.WriteString("[" + strconv.Itoa(f.index) + "]")
		case !f.haveKey:
			return b.String()
		case f.key == "" || strings.ContainsAny(f.key, ".[]\"") || hasControl(f.key):
			b.WriteString("[" + strconv.Quote(f.key) + "]")
		default:
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			b.WriteString(f.key)
		}
	}
	return b.String()
}

// skipSeparators returns the offset of the value that follows offset.
func skipSeparators(data []byte, offset int64) int64 {
	for offset < int64(len(data)) && strings.IndexByte(" \t\r\n,:", data[offset]) >= 0 {
		offset++
	}
	return offset
}

// lineColumn counts lines and bytes from 1, as editors do.
func lineColumn(data []byte, offset int64) (line, column int) {
	offset = max(0, min(offset, int64(len(data))))
	head := data[:offset]
	line = 1 + bytes.Count(head, []byte{'\n'})
	return line, len(head) - bytes.LastIndexByte(head, '\n')
}
