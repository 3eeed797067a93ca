package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// fate is what became of a mutant.
type fate string

const (
	killed   fate = "killed"
	survived fate = "SURVIVED"
	broken   fate = "did not compile"
)

// runner runs tests on mutants.
type runner struct {
	options
	dir       string              // of overlays and compiled tests
	mutants   []mutant            // a mutant's number is its place here, from 1 on
	importers map[string][]string // of a package, by its folder
	bundles   map[string]*bundle  // by the folder of the package
	wrong     map[int]bool        // mutants that do not compile
	pass      map[string]bool     // tests that pass without a mistake
}

func newRunner(mutants []mutant, o options) (*runner, error) {
	packages, err := listPackages()
	if err != nil {
		return nil, err
	}
	only, err := regexp.Compile(o.importers)
	if err != nil {
		return nil, fmt.Errorf("-importers: %w", err)
	}
	r := &runner{
		options: o, mutants: mutants, importers: map[string][]string{}, bundles: map[string]*bundle{}, wrong: map[int]bool{}, pass: map[string]bool{},
	}
	for _, m := range mutants {
		if folder := m.folder(); !o.alone && r.importers[folder] == nil {
			r.importers[folder] = slices.DeleteFunc(importersOf(packages, folder), func(f string) bool { return !only.MatchString(f) })
		}
	}
	if r.dir, err = os.MkdirTemp("", "mutate"); err != nil {
		return nil, err
	}
	return r, os.WriteFile(r.limited(), []byte(memoryLimit), 0o600)
}

// memoryLimit runs a program that may have 8 GiB of addresses: a mistake may be a loop that appends for ever. Where the shell cannot
// limit it, only the timeout does.
const memoryLimit = "ulimit -v 8388608 2>/dev/null\nexec \"$@\"\n"

// limited is the script that runs a program within the limit of memory.
func (r *runner) limited() string { return filepath.Join(r.dir, "limited.sh") }

func (r *runner) close() { _ = os.RemoveAll(r.dir) } // a folder of the temporary ones

type goPackage struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
	Module                             struct{ Path string }
}

func (p *goPackage) folder() string { return "." + strings.TrimPrefix(p.ImportPath, p.Module.Path) }

func listPackages() ([]goPackage, error) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports,TestImports,XTestImports,Module", "./...").Output()
	if err != nil {
		return nil, fmt.Errorf("listing packages: %w", err)
	}
	var all []goPackage
	for decoder := json.NewDecoder(bytes.NewReader(out)); decoder.More(); {
		var p goPackage
		if err := decoder.Decode(&p); err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

// importersOf are the packages that import the one in a folder, in their tests too.
func importersOf(packages []goPackage, folder string) (folders []string) {
	for _, p := range packages {
		path := p.Module.Path + strings.TrimPrefix(folder, ".")
		if p.ImportPath != path && slices.Contains(slices.Concat(p.Imports, p.TestImports, p.XTestImports), path) {
			folders = append(folders, p.folder())
		}
	}
	return folders
}

// tests are those of one package that are run, all or those that a regular expression names.
type tests struct{ folder, only string }

func (t tests) String() string { return strings.TrimSpace(t.folder + " " + t.only) }

// tests are what is run for the mutants of a package, one after the other.
func (r *runner) tests(folder string) (all []tests) {
	if r.first != "" {
		all = append(all, tests{folder, r.first})
	}
	all = append(all, tests{folder, ""})
	for _, f := range r.importers[folder] {
		all = append(all, tests{f, ""})
	}
	return all
}

// try runs the tests of the mutant's package, and if it survives those of the importers. by is the package whose tests killed it.
func (r *runner) try(number int) (f fate, by string, err error) {
	m := r.mutants[number-1]
	b, err := r.bundle(m.folder())
	switch {
	case err != nil:
		return "", "", err
	case r.wrong[number]:
		return broken, "", nil
	}
	_, bundled := b.mutants[number]
	for _, ts := range r.tests(m.folder()) {
		if err := r.passes(b, ts); err != nil {
			return "", "", err
		}
		var out string
		if bundled {
			out, err = r.run(b, ts, number)
		} else {
			out, err = r.compileAndRun(m, ts)
		}
		switch {
		case err == nil:
		case strings.Contains(out, "[build failed]") || strings.Contains(out, "[setup failed]"):
			return broken, "", nil
		default:
			return killed, "by " + ts.String(), nil
		}
	}
	return survived, "", nil
}

// bundle has the mutants of a package.
func (r *runner) bundle(folder string) (*bundle, error) {
	if b, ok := r.bundles[folder]; ok {
		return b, nil
	}
	mutants := map[int]mutant{}
	for i, m := range r.mutants {
		if m.folder() == folder {
			mutants[i+1] = m
		}
	}
	b, wrong, err := newBundle(r.dir, folder, mutants)
	for _, n := range wrong {
		r.wrong[n] = true
	}
	r.bundles[folder] = b
	return b, err
}

// passes is an error when tests fail without a mistake: they would kill every mutant.
func (r *runner) passes(b *bundle, ts tests) error {
	key := b.folder + " " + ts.String()
	if r.pass[key] {
		return nil
	}
	if out, err := r.run(b, ts, 0); err != nil {
		return fmt.Errorf("tests of %s fail without a mistake: %w\n%s", ts, err, out)
	}
	r.pass[key] = true
	return nil
}

// run runs tests that were compiled with all mutants, with one of them, until one fails.
func (r *runner) run(b *bundle, ts tests, number int) (out string, err error) {
	binary, err := b.binary(r.dir, ts.folder)
	if binary == "" || err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), r.timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", r.limited(), binary, "-test.failfast", "-test.run", ts.only, "-test.timeout", r.timeout.String())
	cmd.Dir, cmd.Env = ts.folder, append(os.Environ(), environment+"="+strconv.Itoa(number))
	text, err := cmd.CombinedOutput()
	return string(text), err
}

// overlay writes the mutant, and the file that puts it in the place of the original.
func (r *runner) overlay(m mutant) (name string, err error) {
	text, err := os.ReadFile(m.file)
	if err != nil {
		return "", err
	}
	original, err := filepath.Abs(m.file)
	if err != nil {
		return "", err
	}
	changed, overlay := filepath.Join(r.dir, "mutant.go"), filepath.Join(r.dir, "overlay.json")
	replace, err := json.Marshal(map[string]any{"Replace": map[string]string{original: changed}})
	if err != nil {
		return "", err
	}
	return overlay, errors.Join(os.WriteFile(changed, m.mutated(text), 0o600), os.WriteFile(overlay, replace, 0o600))
}

// compileAndRun runs tests with a mutant that has no copy, until one fails.
func (r *runner) compileAndRun(m mutant, ts tests) (out string, err error) {
	overlay, err := r.overlay(m)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), r.timeout)
	defer cancel()
	text, err := exec.CommandContext(ctx, "go", "test", "-vet=off", "-failfast", "-exec", "sh "+r.limited(), "-run", ts.only, "-timeout", r.timeout.String(), "-overlay", overlay, ts.folder).CombinedOutput()
	return string(text), err
}
