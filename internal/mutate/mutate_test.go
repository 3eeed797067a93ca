package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const program = `package p

import "fmt"

var limits = []limit{
	{a},
	{b},
}

func f(n int) bool {
	if n < 10 && ready {
		return true
	}
	switch {
	case n == 0:
		count++
		fmt.Println(min(n, 2.5))
	}
	total += n
	all = make([]int, 0, n+1)
	of = make(map[int]bool, 2*n)
	return n+1 > 1_000
}
`

// Each kind of mistake is made once at each place, and at no other.
func TestMutants(t *testing.T) {
	file := filepath.Join(t.TempDir(), "p.go")
	if err := os.WriteFile(file, []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	all, err := mutantsOf(file)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range all {
		got = append(got, m.was+" => "+m.is)
		if before, after := strings.Count(program, "\n"), strings.Count(string(m.mutated([]byte(program))), "\n"); before != after {
			t.Errorf("%v: %d lines became %d", m, before, after)
		}
	}
	want := []string{
		"{a}, =>",
		"{b}, =>",
		"if n < 10 && ready { => if !(n < 10 && ready) {",
		"if n < 10 && ready { => if n < 10 || ready {",
		"if n < 10 && ready { => if n <= 10 && ready {",
		"if n < 10 && ready { => if n < 100 && ready {",
		"return true => return false",
		"case n == 0: => case n != 0:",
		"case n == 0: => case n == 1:",
		"count++ =>",
		"fmt.Println(min(n, 2.5)) =>",
		"fmt.Println(min(n, 2.5)) => fmt.Println(max(n, 2.5))",
		"fmt.Println(min(n, 2.5)) => fmt.Println(min(n, 25))",
		"total += n => _ = n",
		"all = make([]int, 0, n+1) => _ = make([]int, 0, n+1)",
		"all = make([]int, 0, n+1) => all = make([]int, 1, n+1)",
		"of = make(map[int]bool, 2*n) => _ = make(map[int]bool, 2*n)",
		"return n+1 > 1_000 => return n+1 >= 1_000",
		"return n+1 > 1_000 => return n-1 > 1_000",
		"return n+1 > 1_000 => return n+2 > 1_000",
		"return n+1 > 1_000 => return n+1 > 10000",
	}
	for i := range got {
		got[i] = strings.TrimSpace(got[i])
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// A mutant that is listed as equivalent is one of its file, and has a reason.
func TestEquivalentMutants(t *testing.T) {
	listed, err := equivalents()
	if err != nil {
		t.Fatal(err)
	}
	for e, why := range listed {
		mutants, err := mutantsOf(filepath.Join("../..", e.file))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(mutants, func(m mutant) bool { return m.was == e.was && m.is == e.is }) {
			t.Errorf("%s has no such mutant any more:\n- %s\n+ %s", e.file, e.was, e.is)
		}
		if why == "" {
			t.Errorf("%s: no reason for\n+ %s", e.file, e.is)
		}
	}
}

func TestImporters(t *testing.T) {
	lag := goPackage{ImportPath: "m/lag"}
	tested := goPackage{ImportPath: "m/sim", XTestImports: []string{"m/lag"}}
	user := goPackage{ImportPath: "m/scaler", Imports: []string{"fmt", "m/lag"}}
	other := goPackage{ImportPath: "m/web", Imports: []string{"m/scaler"}}
	all := []goPackage{lag, tested, user, other}
	for i := range all {
		all[i].Module.Path = "m"
	}
	if got := importersOf(all, "./lag"); !slices.Equal(got, []string{"./sim", "./scaler"}) {
		t.Errorf("importers %v", got)
	}
}
