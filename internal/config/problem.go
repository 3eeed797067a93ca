package config

import (
	"fmt"
	"slices"
	"strings"
)

// Problem is one mistake in the configuration.
type Problem struct {
	Path    string // of the field, such as clusters[0].sasl.mechanism; empty if the file is not YAML
	Line    int    // 0 if the value is not from a file
	Value   string // as written in the file; secrets hidden
	Message string
}

// Error is the problem in one line: the line number, the field, its value, and what is wrong.
func (p Problem) Error() string {
	var b strings.Builder
	if p.Line > 0 {
		fmt.Fprintf(&b, "line %d: ", p.Line)
	}
	if p.Path != "" {
		b.WriteString(p.Path + ": ")
	}
	if p.Value != "" {
		fmt.Fprintf(&b, "%q: ", p.Value)
	}
	return b.String() + p.Message
}

// Problems are all mistakes in one configuration file, sorted by line.
type Problems struct {
	File  string
	All   []Problem
	Files []string // the files that it refers to: the Reloader watches them, because a correction may be in one of them
}

// Error lists all problems, one per line.
func (p *Problems) Error() string {
	lines := make([]string, 0, len(p.All)+1)
	switch len(p.All) {
	case 1:
		return fmt.Sprintf("%s: %s", p.File, p.All[0].Error())
	default:
		lines = append(lines, fmt.Sprintf("%s has %d problems:", p.File, len(p.All)))
	}
	for _, q := range p.All {
		lines = append(lines, "  "+q.Error())
	}
	return strings.Join(lines, "\n")
}

func (p *Problems) sort() {
	slices.SortStableFunc(p.All, func(a, b Problem) int { return a.Line - b.Line })
}
