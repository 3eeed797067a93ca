package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A bundle is a package with all mutants of its functions: each is a copy of its function, and the function calls the copy whose
// number is in the environment. So the tests are compiled once for all mutants, not once for each.
//
//	func f(n int) bool { switch theMutant { case 7: return mutant7__f(n) }; return n > 0 }
//	func mutant7__f(n int) bool { return n >= 0 }
//
// A mistake outside of functions, in a table or a constant, has no copy: it is compiled alone.
type bundle struct {
	folder   string
	overlay  string
	mutants  map[int]mutant // by their number
	binaries map[string]string
}

// environment is the variable with the number of the mutant.
const environment = "LAGSCALER_MUTANT"

// place is where a function can be made to call a copy of itself.
type place struct {
	decl *ast.FuncDecl
	text []byte // of the file
	set  *token.FileSet
}

func (p place) offset(pos token.Pos) int { return p.set.Position(pos).Offset }

func (p place) has(m mutant) bool {
	return p.decl.Body != nil && p.offset(p.decl.Body.Lbrace) < m.start && m.end <= p.offset(p.decl.Body.Rbrace)
}

// insertion is text that comes at a place of a file.
type insertion struct {
	at   int
	text string
}

// names are the parameters, as arguments, and what gives a name to those without.
func (p place) names() (arguments string, named []insertion) {
	var all []string
	for _, field := range p.decl.Type.Params.List {
		if len(field.Names) == 0 {
			all = append(all, fmt.Sprint("parameter", len(all)))
			named = append(named, insertion{p.offset(field.Pos()), all[len(all)-1] + " "})
		}
		for _, id := range field.Names {
			name := id.Name
			if name == "_" {
				name = fmt.Sprint("parameter", len(all))
				named = append(named, insertion{p.offset(id.Pos()), name + "/*"}, insertion{p.offset(id.End()), "*/"})
			}
			all = append(all, name)
		}
		if _, ok := field.Type.(*ast.Ellipsis); ok {
			all[len(all)-1] += "..."
		}
	}
	return strings.Join(all, ", "), named
}

// receiver is the name of the receiver with a dot, and what gives it one. It is nothing for a function.
func (p place) receiver() (name string, named []insertion) {
	if p.decl.Recv == nil {
		return "", nil
	}
	field := p.decl.Recv.List[0]
	switch {
	case len(field.Names) == 0:
		return "receiver.", []insertion{{p.offset(field.Pos()), "receiver "}}
	case field.Names[0].Name == "_":
		return "receiver.", []insertion{{p.offset(field.Names[0].Pos()), "receiver/*"}, {p.offset(field.Names[0].End()), "*/"}}
	}
	return field.Names[0].Name + ".", nil
}

// types are the parameters of a generic function, so that the copy has the same.
func (p place) types() string {
	if p.decl.Type.TypeParams == nil {
		return ""
	}
	var all []string
	for _, field := range p.decl.Type.TypeParams.List {
		for _, id := range field.Names {
			all = append(all, id.Name)
		}
	}
	return "[" + strings.Join(all, ", ") + "]"
}

func copyName(number int, name string) string { return fmt.Sprintf("mutant%d__%s", number, name) }

// call is the statement with which the function calls a copy.
func (p place) call(numbers []int) (text string, named []insertion) {
	arguments, named := p.names()
	receiver, more := p.receiver()
	var b strings.Builder
	b.WriteString(" switch theMutant {")
	for _, n := range numbers {
		call := receiver + copyName(n, p.decl.Name.Name) + p.types() + "(" + arguments + ")"
		if p.decl.Type.Results != nil {
			fmt.Fprintf(&b, " case %d: return %s;", n, call)
		} else {
			fmt.Fprintf(&b, " case %d: %s; return;", n, call)
		}
	}
	b.WriteString(" };")
	return b.String(), append(named, more...)
}

// copy is the function with the mistake, under another name.
func (p place) copy(number int, m mutant) string {
	mutated := m.mutated(p.text)
	start, end := p.offset(p.decl.Pos()), p.offset(p.decl.End())+len(mutated)-len(p.text)
	name := p.offset(p.decl.Name.Pos())
	return string(mutated[start:name]) + copyName(number, p.decl.Name.Name) + string(mutated[name+len(p.decl.Name.Name):end])
}

// merged is the file with the copies of some mutants, each behind a line that says its number. left are those outside of functions.
func merged(file string, mutants map[int]mutant) (text []byte, left []int, err error) {
	text, err = os.ReadFile(file)
	if err != nil {
		return nil, nil, err
	}
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, file, text, parser.SkipObjectResolution)
	if err != nil {
		return nil, nil, err
	}
	placed := map[*ast.FuncDecl][]int{}
	var inserted []insertion
	var copies bytes.Buffer
	for _, n := range sortedKeys(mutants) {
		decl, ok := functionOf(mutants[n], tree, text, set)
		if !ok {
			left = append(left, n)
			continue
		}
		placed[decl] = append(placed[decl], n)
		fmt.Fprintf(&copies, "\n//line mutant%d.go:1\n%s\n", n, place{decl, text, set}.copy(n, mutants[n]))
	}
	for decl, numbers := range placed {
		p := place{decl, text, set}
		call, named := p.call(numbers)
		inserted = append(append(inserted, named...), insertion{p.offset(decl.Body.Lbrace) + 1, call})
	}
	slices.SortFunc(inserted, func(a, b insertion) int { return b.at - a.at }) // from the end, so that places stay
	for _, in := range inserted {
		text = slices.Concat(text[:in.at], []byte(in.text), text[in.at:])
	}
	return append(text, copies.Bytes()...), left, nil
}

// functionOf is the function with a mutant; ok is false for a mutant outside of functions, and in init, which nobody may call.
func functionOf(m mutant, tree *ast.File, text []byte, set *token.FileSet) (decl *ast.FuncDecl, ok bool) {
	for _, d := range tree.Decls {
		if decl, ok = d.(*ast.FuncDecl); ok && decl.Name.Name != "init" && (place{decl, text, set}).has(m) {
			return decl, true
		}
	}
	return nil, false
}

func sortedKeys[V any](m map[int]V) []int {
	var keys []int
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// newBundle is a package with those of its mutants that have copies. wrong are those that do not compile.
func newBundle(dir, folder string, mutants map[int]mutant) (b *bundle, wrong []int, err error) {
	b = &bundle{folder: folder, mutants: mutants, binaries: map[string]string{}}
	if b.overlay, err = filepath.Abs(filepath.Join(dir, strings.ReplaceAll(folder, "/", "_")+".json")); err != nil {
		return nil, nil, err
	}
	for {
		if err := b.write(dir); err != nil {
			return nil, nil, err
		}
		out, buildErr := exec.Command("go", "build", "-gcflags=-e", "-overlay", b.overlay, folder).CombinedOutput()
		if buildErr == nil {
			return b, wrong, nil
		}
		found := wrongMutants(string(out))
		if len(found) == 0 {
			return nil, nil, fmt.Errorf("compiling %s: %w\n%s", folder, buildErr, out)
		}
		for _, n := range found {
			delete(b.mutants, n)
		}
		wrong = append(wrong, found...)
	}
}

var inCopy = regexp.MustCompile(`(?m)mutant(\d+)\.go:\d+`)

// wrongMutants are those whose copies the compiler complains about.
func wrongMutants(out string) (all []int) {
	for _, found := range inCopy.FindAllStringSubmatch(out, -1) {
		if n, err := strconv.Atoi(found[1]); err == nil && !slices.Contains(all, n) {
			all = append(all, n)
		}
	}
	return all
}

// write writes the files with copies, and the overlay that puts them in the place of the originals. It forgets mutants outside of
// functions.
func (b *bundle) write(dir string) error {
	files := map[string]map[int]mutant{}
	for n, m := range b.mutants {
		if files[m.file] == nil {
			files[m.file] = map[int]mutant{}
		}
		files[m.file][n] = m
	}
	replace := map[string]string{}
	for file, mutants := range files {
		text, without, err := merged(file, mutants)
		if err != nil {
			return err
		}
		for _, n := range without {
			delete(b.mutants, n)
		}
		if err := b.replace(dir, file, text, replace); err != nil {
			return err
		}
	}
	out, err := exec.Command("go", "list", "-f", "{{.Name}}", b.folder).Output()
	if err != nil {
		return fmt.Errorf("listing %s: %w", b.folder, err)
	}
	chooses := fmt.Sprintf("package %s\n\nimport (\n\t\"os\"\n\t\"strconv\"\n)\n\nvar theMutant, _ = strconv.Atoi(os.Getenv(%q))\n", strings.TrimSpace(string(out)), environment)
	if err := b.replace(dir, filepath.Join(b.folder, "the_mutant.go"), []byte(chooses), replace); err != nil {
		return err
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	return errors.Join(err, os.WriteFile(b.overlay, text, 0o600))
}

func (b *bundle) replace(dir, file string, text []byte, replace map[string]string) error {
	original, err := filepath.Abs(file)
	if err != nil {
		return err
	}
	changed := filepath.Join(dir, strings.ReplaceAll(filepath.ToSlash(file), "/", "_"))
	replace[original] = changed
	return os.WriteFile(changed, text, 0o600)
}

// binary is the compiled test of a package, with all mutants. It is "" for a package without tests.
func (b *bundle) binary(dir, folder string) (string, error) {
	if file, ok := b.binaries[folder]; ok {
		return file, nil
	}
	file, err := filepath.Abs(filepath.Join(dir, strings.ReplaceAll(b.folder+"_"+folder, "/", "_")+".test"))
	if err != nil {
		return "", err
	}
	out, err := exec.Command("go", "test", "-c", "-vet=off", "-ldflags=-s -w", "-overlay", b.overlay, "-o", file, folder).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("compiling the tests of %s: %w\n%s", folder, err, out)
	}
	if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
		file = ""
	}
	b.binaries[folder] = file
	return file, nil
}
