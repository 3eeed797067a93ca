package lagscaler_test

import (
	"bytes"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// concurrent are the imports that start goroutines, or share memory between them.
var concurrent = []string{"sync", "sync/atomic", "golang.org/x/sync/errgroup", "testing/synctest"}

// The packages that make check tests without the race detector start no goroutine, nor do their tests, and every pure package is
// one of them. A recorder of httptest starts none, a server does.
func TestWhatIsTestedWithoutRaceDetector(t *testing.T) {
	list := listed(t, "ONE_GOROUTINE")
	for _, p := range pure {
		if !slices.Contains(list, p) && p != "rebalancemon" { // its test of the truth reads an embedded cluster
			t.Errorf("%s is pure, and not in ONE_GOROUTINE of the Makefile", p)
		}
	}
	for _, p := range list {
		files, err := filepath.Glob(filepath.Join(p, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v, %d files", p, err, len(files))
		}
		for _, file := range files {
			for _, problem := range goroutinesOf(t, file, nil) {
				t.Errorf("%s %s: test its package with the race detector", file, problem)
			}
		}
	}
}

// listed are the words of a variable of the Makefile.
func listed(t *testing.T, variable string) []string {
	t.Helper()
	makefile, err := os.ReadFile("Makefile")
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`(?m)^` + variable + ` := ((?:.*\\\n)*.*)$`).FindSubmatch(makefile)
	if line == nil {
		t.Fatalf("the Makefile has no %s", variable)
	}
	return strings.Fields(strings.ReplaceAll(string(line[1]), "\\\n", " "))
}

// What make check leaves out because it takes long, make long runs: the tests that ask for LAGSCALER_LONG.
func TestWhatIsLeftOutIsRunByMakeLong(t *testing.T) {
	lists(t, ".", asksForLong, "LONGER", "LONGER_TESTS")
}

// The tests on real servers that make test plays on one version of Kafka, make versions plays on every version.
func TestWhatRunsOnOneVersionIsRunByMakeVersions(t *testing.T) {
	lists(t, "e2e", picksVersion, "HEAVY", "HEAVY_TESTS")
}

// The tests on real servers that make test leaves out, or tells less of, make stories runs.
func TestStoriesAreRunByMakeStories(t *testing.T) {
	lists(t, "e2e", asksForStories, "TOLD", "STORIES")
}

// asksForStories reports whether a function asks package long whether it runs.
func asksForStories(f *ast.FuncDecl) (asks bool) {
	ast.Inspect(f, func(n ast.Node) bool {
		if called, ok := n.(*ast.SelectorExpr); ok {
			of, _ := called.X.(*ast.Ident)
			asks = asks || of != nil && of.Name == "long" && (called.Sel.Name == "Story" || called.Sel.Name == "All")
		}
		return true
	})
	return asks
}

// lists fails unless two variables of the Makefile list the functions of a kind in tests below a folder: their packages, and their names.
func lists(t *testing.T, below string, kind func(*ast.FuncDecl) bool, packagesIn, testsIn string) {
	t.Helper()
	var packages, tests []string
	err := filepath.WalkDir(below, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		folder, err := filepath.Rel(below, filepath.Dir(path))
		if err != nil {
			return err
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && kind(f) {
				packages, tests = append(packages, filepath.ToSlash(folder)), append(tests, f.Name.Name)
			}
		}
		return nil
	})
	if err != nil || len(tests) == 0 {
		t.Fatalf("%d tests: %v", len(tests), err)
	}
	for variable, want := range map[string][]string{packagesIn: packages, testsIn: tests} {
		got := listed(t, variable)
		slices.Sort(got)
		slices.Sort(want)
		if want = slices.Compact(want); !slices.Equal(got, want) {
			t.Errorf("%s of the Makefile has %q, want %q", variable, got, want)
		}
	}
}

// picksVersion reports whether a function takes one version of Kafka, or all, by kafka.Heavy or kafka.EachHeavy.
func picksVersion(f *ast.FuncDecl) (picks bool) {
	ast.Inspect(f, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		name, _ := call.Fun.(*ast.Ident)
		if called, ok := call.Fun.(*ast.SelectorExpr); ok {
			name = called.Sel
		}
		picks = picks || name != nil && (name.Name == "Heavy" || name.Name == "EachHeavy")
		return true
	})
	return picks
}

// asksForLong reports whether a function reads LAGSCALER_LONG, by its name or by the constant longVariable.
func asksForLong(f *ast.FuncDecl) (asks bool) {
	ast.Inspect(f, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) != 1 {
			return true
		}
		if called, ok := call.Fun.(*ast.SelectorExpr); !ok || called.Sel.Name != "Getenv" {
			return true
		}
		switch of := call.Args[0].(type) {
		case *ast.Ident:
			asks = asks || of.Name == "longVariable"
		case *ast.BasicLit:
			asks = asks || of.Value == `"LAGSCALER_LONG"`
		}
		return true
	})
	return asks
}

// Properties whose seed changes from run to run let a change fail that has nothing to do with it.
func TestPropertiesHaveASeed(t *testing.T) {
	seeded, drawing := map[string]bool{}, map[string]string{}
	err := filepath.WalkDir(".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, i := range file.Imports {
			switch dir := filepath.Dir(path); strings.Trim(i.Path.Value, `"`) {
			case "pgregory.net/rapid":
				drawing[dir] = path
			case "github.com/lagscaler/lagscaler/internal/fixedseed":
				seeded[dir] = true
			}
		}
		return nil
	})
	if err != nil || len(drawing) == 0 {
		t.Fatalf("%d packages with properties: %v", len(drawing), err)
	}
	for dir, path := range drawing {
		if !seeded[dir] {
			t.Errorf("%s has properties, and its package does not import internal/fixedseed", path)
		}
	}
}

func TestGoroutinesAreFound(t *testing.T) {
	for source, want := range map[string]string{
		"func f() { go f() }":                                                   "starts a goroutine",
		`import "sync"` + "\nvar m sync.Mutex":                                  "imports sync",
		`import s "sync/atomic"` + "\nvar n s.Int64":                            "imports sync/atomic",
		`import "net/http/httptest"` + "\nfunc f() { httptest.NewServer(nil) }": "starts a server",
		`import "net/http/httptest"` + "\nfunc f() { httptest.NewRecorder() }":  "",
	} {
		if got := strings.Join(goroutinesOf(t, "a.go", "package a\n"+source), ", "); got != want {
			t.Errorf("%s: %q, want %q", source, got, want)
		}
	}
}

// goroutinesOf says what in a file starts goroutines; source nil reads it.
func goroutinesOf(t *testing.T, file string, source any) (problems []string) {
	t.Helper()
	tree, err := parser.ParseFile(token.NewFileSet(), file, source, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, imp := range tree.Imports {
		if path := strings.Trim(imp.Path.Value, `"`); slices.Contains(concurrent, path) {
			problems = append(problems, "imports "+path)
		}
	}
	ast.Inspect(tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			problems = append(problems, "starts a goroutine")
		case *ast.SelectorExpr:
			if strings.HasPrefix(n.Sel.Name, "NewServer") || n.Sel.Name == "NewTLSServer" || n.Sel.Name == "NewUnstartedServer" {
				problems = append(problems, "starts a server")
			}
		}
		return true
	})
	return problems
}

// Files of tools that are not run at each edit, such as that of a release, are YAML: a mistake would be found on the day of the release.
func TestFilesOfToolsAreYAML(t *testing.T) {
	files := []string{".goreleaser.yaml", ".golangci.yml"}
	for _, pattern := range []string{".ci/*.y*ml", ".github/ISSUE_TEMPLATE/*.yml", "charts/lagscaler/*.yaml", "charts/lagscaler/tests/*.yaml", "charts/lagscaler/ci/*.yaml"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for decoder := yaml.NewDecoder(bytes.NewReader(text)); !errors.Is(err, io.EOF); {
			var document any
			if err = decoder.Decode(&document); err != nil && !errors.Is(err, io.EOF) {
				t.Fatalf("%s: %v", file, err)
			}
		}
	}
}
