package lagscaler_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const tour = "cmd/lagscaler/doc.go"

// notInTour are the packages that answer no question of a reader of the program.
var notInTour = map[string]string{
	"cmd/lagscaler":      "the tour itself, and its last section is about it",
	"cmd/lagscaler-demo": "lagscaler demo alone: internal/demo has the command",
	"internal/frozen":    "only tests use it",
	"internal/promtest":  "only tests use it",
	"internal/testcert":  "only tests use it",
	"internal/testlog":   "only tests use it",
	"internal/fixedseed": "only tests use it",
	"internal/mutate":    "it tests the tests: make mutate",
}

// tourRow matches a question, the package that answers it, and what to read there.
var tourRow = regexp.MustCompile(`(?m)^//\t(\S.*\?) +([a-z0-9/]+) +(\S.*)$`)

// tourFunctions matches a file of a row, and the functions, methods and types that the row names in it.
var tourFunctions = regexp.MustCompile(`([a-z_]+\.go): (\w+(?:, \w+)*)(?:;|$)`)

// Every package has a row in the tour, and every row names a package, files and functions that exist.
func TestTour(t *testing.T) {
	named := map[string]bool{}
	rows := tourRow.FindAllStringSubmatch(read(t, tour), -1)
	if n := strings.Count(read(t, tour), "? "); n != len(rows) {
		t.Errorf("%s has %d questions, and %d rows have the form QUESTION? PACKAGE FILES", tour, n, len(rows))
	}
	file := regexp.MustCompile(`[a-z0-9_./-]+\.(go|md)\b|docs/[a-z0-9-]+`)
	for _, row := range rows {
		question, dir, text := row[1], row[2], row[3]
		named[dir] = true
		for _, name := range append(file.FindAllString(text, -1), ".") {
			path := filepath.Join(dir, name)
			if strings.HasPrefix(name, "docs/") {
				path = name
			}
			if _, err := os.Stat(path); err != nil {
				t.Errorf("the tour answers %q with %s, which does not exist", question, path)
			}
		}
	}
	for _, row := range rows {
		for _, m := range tourFunctions.FindAllStringSubmatch(row[3], -1) {
			text := read(t, filepath.Join(row[2], m[1]))
			for _, name := range strings.Split(m[2], ", ") {
				if !regexp.MustCompile(`(?m)^(func|type) (\(.*?\) )?` + name + `\b`).MatchString(text) {
					t.Errorf("the tour answers %q with %s in %s, which is not declared there", row[1], name, m[1])
				}
			}
		}
	}
	for _, p := range listPackages(t) {
		dir := ownPath(p.ImportPath)
		_, excepted := notInTour[dir]
		if len(p.GoFiles) > 0 && named[dir] == excepted {
			t.Errorf("%s: must have a row in %s or be in notInTour", dir, tour)
		}
	}
}
