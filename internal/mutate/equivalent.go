package main

import (
	_ "embed"
	"fmt"
	"strings"
)

//go:embed equivalent.txt
var equivalentText string

// equivalent is a mutant by its file and its line, before and after: line numbers move too often.
type equivalent struct{ file, was, is string }

// equivalents are the mutants that mean the same as the program, and why.
func equivalents() (map[equivalent]string, error) {
	all := map[equivalent]string{}
	for block := range strings.SplitSeq(strings.TrimSpace(equivalentText), "\n\n") {
		lines := strings.Split(block, "\n")
		if strings.HasPrefix(lines[0], "#") {
			continue
		}
		if len(lines) != 4 || !strings.HasPrefix(lines[1], "- ") || !strings.HasPrefix(lines[2], "+ ") {
			return nil, fmt.Errorf("equivalent.txt: must be a file, a line with -, a line with +, and a reason: %q", block)
		}
		all[equivalent{lines[0], lines[1][2:], lines[2][2:]}] = lines[3]
	}
	return all, nil
}
