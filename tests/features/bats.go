package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

var (
	batsTest = regexp.MustCompile(`^@test "(.*)" \{$`)
	// word is a name as jq filters have it: .name, name: or "name".
	word = regexp.MustCompile(`[A-Za-z][A-Za-z0-9]*`)
)

// findInBats adds what the tests of one file are about.
func findInBats(file string, all []field, tests found) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var comment, name string
	var body strings.Builder
	var marked []string
	for line := range strings.Lines(string(text)) {
		trimmed := strings.TrimSuffix(line, "\n")
		if match := batsTest.FindStringSubmatch(trimmed); match != nil {
			name, marked = match[1], covered(comment)
			body.Reset()
		}
		switch {
		case strings.HasPrefix(line, "#"):
			comment += line
		default:
			comment = ""
		}
		if name == "" {
			continue
		}
		body.WriteString(line)
		if trimmed != "}" {
			continue
		}
		t := test{container, filepath.Base(file) + ": " + name}
		if err := addMarked(file, marked, all, t, tests); err != nil {
			return err
		}
		names := mentions(body.String())
		for i := range all {
			if names.field(all[i].path) {
				tests.add(all[i].path, t)
			}
		}
		name = ""
	}
	return nil
}

// addMarked adds paths of "covers:". That of an object stands for all that is in
// it.
func addMarked(file string, paths []string, all []field, t test, tests found) error {
	for _, path := range paths {
		known := false
		for i := range all {
			if all[i].path == path || strings.HasPrefix(all[i].path, path+".") {
				tests.add(all[i].path, t)
				known = true
			}
		}
		if !known {
			return fmt.Errorf("%s: covers: %s is no field of the runtime-spec", file, path)
		}
	}
	return nil
}

// mentioned is every name that the jq filters in a text use for a member.
type mentioned map[string]bool

func mentions(text string) mentioned {
	names := make(mentioned)
	for _, at := range word.FindAllStringIndex(text, -1) {
		before, after := text[:at[0]], text[at[1]:]
		if strings.HasSuffix(before, ".") && !strings.HasPrefix(after, ".bats") ||
			strings.HasPrefix(after, ":") && !strings.HasPrefix(after, ": ") ||
			strings.HasSuffix(before, `"`) && strings.HasPrefix(after, `":`) {
			names[text[at[0]:at[1]]] = true
		}
	}
	return names
}

// field reports whether a field is named, and the object that has it.
func (m mentioned) field(path string) bool {
	names := strings.Split(path, ".")
	for _, name := range names[max(0, len(names)-2):] {
		if !m[name] {
			return false
		}
	}
	return true
}
