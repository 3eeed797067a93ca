package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const module = `package p

type x struct{}

func (x) f(a int, _ string, rest ...int) (sum int) {
	for _, n := range rest {
		sum += n
	}
	return sum + a
}

func generic[T any](_ T, n int) int {
	return n * 2
}

func (_ *x) nothing() {
	count++
}

func used(n int) int {
	switch m := n; {
	case n > 5:
		m++
		return m
	}
	return n
}

var count, limit = 0, 7
`

const moduleTest = `package p

import "testing"

func TestF(t *testing.T) {
	if (x{}).f(1, "", 2, 3) != 6 || generic("", 4) != 8 {
		t.Fatal("wrong")
	}
	(&x{}).nothing()
	if count != 1 {
		t.Fatal("wrong")
	}
}
`

// runnerIn makes a module of these files, goes there, and prepares the mutants of p.go.
func runnerIn(t *testing.T, files map[string]string) ([]mutant, *runner) {
	t.Helper()
	dir := t.TempDir()
	t.Chdir(dir)
	files["go.mod"] = "module m\n\ngo 1.24\n"
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	mutants, err := mutantsOf("p.go")
	if err != nil {
		t.Fatal(err)
	}
	r, err := newRunner(mutants, options{alone: true, timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.close)
	return mutants, r
}

// All mutants of a package's functions are compiled together, and each is run by its number: functions and methods, with parameters
// that have no names, with type parameters, with and without results. One outside of functions is compiled alone.
func TestBundle(t *testing.T) {
	mutants, r := runnerIn(t, map[string]string{"p.go": module, "p_test.go": moduleTest})
	want := map[string]fate{
		"sum += n => _ = n":                killed,
		"return sum + a => return sum - a": killed,
		"return n * 2 => return n * 20":    killed,
		"count++ =>":                       killed,
		"m++ =>":                           survived, // no test calls it
		"var count, limit = 0, 7 => var count, limit = 1, 7":  killed,
		"var count, limit = 0, 7 => var count, limit = 0, 70": survived,
	}
	seen := map[string]bool{}
	for i, m := range mutants {
		got, by, err := r.try(i + 1)
		if err != nil {
			t.Fatal(err)
		}
		for begin, fate := range want {
			if strings.HasPrefix(m.was+" => "+m.is, begin) {
				if seen[begin] = true; got != fate {
					t.Errorf("%v: %s %s, want %s", m, got, by, fate)
				}
			}
		}
	}
	for begin := range want {
		if !seen[begin] {
			t.Errorf("no mutant %s among %v", begin, mutants)
		}
	}
	if together, all := len(r.bundles["./."].mutants), len(mutants); together != all-2 {
		t.Errorf("%d of %d mutants are compiled together; want all but those outside of functions", together, all)
	}
}

// A mutant that does not compile is found by its copy, and the others go on without it.
func TestAMutantThatDoesNotCompile(t *testing.T) {
	mutants, r := runnerIn(t, map[string]string{"p.go": "package p\n\nfunc f(n string) string {\n\treturn n + n\n}\n\nfunc g(n int) bool {\n\treturn n > 0\n}\n"})
	for i, m := range mutants {
		want := survived // there are no tests
		if strings.Contains(m.was, "n + n") {
			want = broken // strings are not subtracted
		}
		if got, _, err := r.try(i + 1); err != nil || got != want {
			t.Errorf("%v: %s, %v; want %s", m, got, err, want)
		}
	}
}
