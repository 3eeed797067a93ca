package scaler

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lagscaler/lagscaler/scaler/need"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// CONTRIBUTING, "Adding a rule to the scaler", says what a rule consists of. These tests fail when a part is missing, and
// say which part of which rule. They compare the table with the files that must agree with it: TestAddingARule enters a new
// rule into what was read of all of them, and leaves out one part after another.

// whole is everything that must agree about the rules.
type whole struct {
	rules     []rule
	reasons   []Reason // the constants of reason.go
	page      string   // docs/scaling.md
	runbook   string   // docs/runbooks/LagscalerHoldOverdue.md
	timelines string   // what they decide
	released  string   // internal/frozen/reasons.txt: the reasons of the last release
	changes   string   // CHANGELOG.md
	facts     []string // what the platform says: the fields of seen.Workload
	filled    []string // the fields that scaler/kube, scaler/kube/watch and the engine fill
	read      []string // the fields that scaler, or the engine, reads
	gather    []string // the fields of facts
	used      []string // the fields of facts that rules.go reads
	evidence  []string // the numbers that lines print: the fields of Evidence
	set       []string // the fields that combine.go sets
	printed   []string // the fields that words, pages and documents print
	decides   []string // the fields that package scaler reads
	staged    []string // the fields that the world of the timelines sets
	shown     []string // the fields that a test of scaler/kube shows with an object
}

func asItIs(t *testing.T) whole {
	t.Helper()
	files, err := filepath.Glob("testdata/*.timeline")
	if err != nil {
		t.Fatal(err)
	}
	w := whole{
		rules: slices.Clone(rules), page: text(t, "../docs/scaling.md"), runbook: text(t, "../docs/runbooks/LagscalerHoldOverdue.md"),
		released: text(t, "../internal/frozen/reasons.txt"), changes: text(t, "../CHANGELOG.md"),
		facts:  fields(reflect.TypeFor[seen.Workload]()),
		filled: assigned(t, "kube", "kube/watch", "../internal/engine"), read: selected(t, ".", "seen", "learn", "../internal/engine"),
		gather: fields(reflect.TypeFor[facts]()), used: selected(t, "rules.go", "trial.go"),
		reasons: constants(t, "reason.go"), evidence: fields(reflect.TypeFor[Evidence]()), set: assigned(t, "combine.go"),
		printed: selected(t, ".", "say", "../internal/web"),
		decides: selected(t, "."), staged: assigned(t, "world_test.go", "timeline_test.go"),
		shown: append(selected(t, "kube/*_test.go", "kube/watch/*_test.go"), assigned(t, "kube/*_test.go", "kube/watch/*_test.go")...),
	}
	for _, file := range files {
		_, decided, _ := strings.Cut(text(t, file), "\n-----\n")
		w.timelines += decided
	}
	return w
}

// missing says what is missing, one sentence each.
func (w whole) missing() []string {
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	for _, r := range w.reasons {
		if !w.has(r) && !slices.ContainsFunc(limits, func(l limitRule) bool { return l.reason == r }) {
			say("%s has no row in scaler/table.go", r)
		}
		if name := regexp.MustCompile(`\b` + string(r) + `\b`); !name.MatchString(w.released) && !name.MatchString(w.changes) {
			say("%s is new since the last release, and CHANGELOG.md does not name it", r)
		}
	}
	for i := range w.rules {
		w.missingOf(&w.rules[i], say)
	}
	w.missingFacts(say)
	return out
}

// missingOf says what is missing of one rule.
func (w whole) missingOf(r *rule, say func(format string, args ...any)) {
	if r.again {
		if r.doc != "" || r.words != nil || r.blocks != nothing || r.deadline != 0 || r.event != 0 || !w.has(r.reason) {
			say("%s, again: only reason and when; the rest stands in its other row", r.reason)
		}
		return
	}
	if !slices.Contains(w.reasons, r.reason) {
		say("%s has no constant in scaler/reason.go", r.reason)
	}
	if r.doc == "" {
		say("%s has no doc in its row of scaler/table.go", r.reason)
	}
	if r.words == nil {
		say("%s has no words in its row of scaler/table.go", r.reason)
	}
	if r.event == 0 {
		say("%s has no event in its row of scaler/table.go: warning or noEvent", r.reason)
	}
	if r.blocks != nothing && r.deadline == 0 {
		say("%s blocks something, but has no deadline in its row of scaler/table.go: usual, hour or never", r.reason)
	}
	if r.blocks == nothing && r.deadline != 0 {
		say("%s has a deadline, but blocks nothing", r.reason)
	}
	if _, section, ok := strings.Cut(w.page, "\n### "+string(r.reason)+"\n"); !ok {
		say("%s has no section in docs/scaling.md", r.reason)
	} else if section, _, _ = strings.Cut(section, "\n### "); !strings.Contains(section, "```text\n") {
		say("%s has no example in docs/scaling.md: an empty block of text", r.reason)
	}
	if _, overdue := deadlineOf(r); overdue && !regexp.MustCompile(`(?m)^\|[^|]*\b`+string(r.reason)+`\b[^|]*\|`).MatchString(w.runbook) {
		say("%s has a deadline, but no row in docs/runbooks/LagscalerHoldOverdue.md", r.reason)
	}
	if !regexp.MustCompile(`(?m)  (Hold (\d+ )?)?` + string(r.reason) + `\b`).MatchString(w.timelines) {
		say("%s is decided in no timeline of scaler/testdata", r.reason)
	}
}

// missingFacts says which fact is read and not used, or used and not read.
func (w whole) missingFacts(say func(format string, args ...any)) {
	for _, f := range w.facts {
		if !slices.Contains(w.filled, f) {
			say("scaler/kube/watch does not fill Workload.%s", f)
		}
		if !slices.Contains(w.shown, f) {
			say("no test of scaler/kube shows Workload.%s with an object: scalers_test.go", f)
		}
		if !slices.Contains(w.read, f) {
			say("nothing reads Workload.%s", f)
		}
		if slices.Contains(w.decides, f) && !slices.Contains(w.staged, f) {
			say("scaler/world_test.go does not set Workload.%s: it happens in no timeline", f)
		}
	}
	for _, f := range w.gather {
		if !slices.Contains(w.used, f) {
			say("no rule of scaler/rules.go reads facts.%s", f)
		}
	}
	for _, f := range w.evidence {
		if !slices.Contains(w.set, f) {
			say("evidence of scaler/combine.go does not set Evidence.%s", f)
		}
		if !slices.Contains(w.printed, f) {
			say("nothing prints Evidence.%s", f)
		}
	}
}

func (w whole) has(r Reason) bool {
	return slices.ContainsFunc(w.rules, func(o rule) bool { return o.reason == r && !o.again })
}

func TestNothingIsMissing(t *testing.T) {
	for _, m := range asItIs(t).missing() {
		t.Error(m)
	}
	for _, name := range written(t, "rules.go", "combine.go", "limits.go") {
		if slices.Contains(fields(reflect.TypeFor[facts]()), name) {
			t.Errorf("a rule writes facts.%s: facts are built once, by gather", name)
		}
	}
	if last := rules[len(rules)-1]; last.reason != Steady {
		t.Errorf("the last rule is %s; Steady always holds", last.reason)
	}
}

// ExampleRule is a rule whose fact is not read yet. With all its parts nothing is missing; without any one of them, that
// one is.
func TestAddingARule(t *testing.T) {
	read := asItIs(t)
	before := read.missing() // TestNothingIsMissing says it
	for _, half := range []struct {
		left string
		out  func(w *whole, r *rule)
		want string
	}{
		{"nothing", func(*whole, *rule) {}, ""},
		{"the constant", func(w *whole, _ *rule) { w.reasons = nil }, "ExampleRule has no constant in scaler/reason.go"},
		{"the row", func(_ *whole, r *rule) { r.reason = Steady }, "ExampleRule has no row in scaler/table.go"},
		{"the doc", func(_ *whole, r *rule) { r.doc = "" }, "ExampleRule has no doc in its row"},
		{"the words", func(_ *whole, r *rule) { r.words = nil }, "ExampleRule has no words in its row"},
		{"the deadline", func(_ *whole, r *rule) { r.deadline = 0 }, "ExampleRule blocks something, but has no deadline"},
		{"the event", func(_ *whole, r *rule) { r.event = 0 }, "ExampleRule has no event in its row"},
		{"the example", func(w *whole, _ *rule) { w.page = "\n### ExampleRule\nWhy.\n\n### Next\n```text\n" }, "ExampleRule has no example"},
		{"the section", func(w *whole, _ *rule) { w.page = "" }, "ExampleRule has no section in docs/scaling.md"},
		{"the runbook", func(w *whole, _ *rule) { w.runbook = "" }, "ExampleRule has a deadline, but no row in docs/runbooks"},
		{"the timeline", func(w *whole, _ *rule) { w.timelines = "" }, "ExampleRule is decided in no timeline"},
		{"the change", func(w *whole, _ *rule) { w.changes = "" }, "ExampleRule is new since the last release, and CHANGELOG.md does not name it"},
		{"the adapter", func(w *whole, _ *rule) { w.filled = nil }, "scaler/kube/watch does not fill Workload.ExampleFact"},
		{"its test", func(w *whole, _ *rule) { w.shown = nil }, "no test of scaler/kube shows Workload.ExampleFact with an object"},
		{"the fact", func(w *whole, _ *rule) { w.read = nil }, "nothing reads Workload.ExampleFact"},
		{"the world", func(w *whole, _ *rule) { w.staged = nil }, "scaler/world_test.go does not set Workload.ExampleFact"},
		{"the evidence", func(w *whole, _ *rule) { w.set = nil }, "evidence of scaler/combine.go does not set Evidence.ExampleFact"},
		{"the number in a line", func(w *whole, _ *rule) { w.printed = nil }, "nothing prints Evidence.ExampleFact"},
		{"the rule", func(w *whole, _ *rule) { w.used = nil }, "no rule of scaler/rules.go reads facts.exampleFact"},
	} {
		w, row := read, rule{
			reason: "ExampleRule", blocks: down, deadline: usual, event: noEvent, doc: "pods are being moved to other nodes",
			when:  gate(func(*facts) bool { return true }),
			words: func(*Decision, *need.Need) []string { return []string{"2 pods are being moved"} },
		}
		w.reasons = append(w.reasons, row.reason)
		w.page += "\n### ExampleRule\n```text\n```\n"
		w.runbook += "\n| RolloutInProgress, ExampleRule | nodes |\n"
		w.changes += "\n- `ExampleRule` blocks scaling down while pods are moved to other nodes.\n"
		w.timelines += "12:10:00  1 000/s  0  0 s  24/24/24  Hold 24 ExampleRule: 2 pods are being moved\n"
		w.facts, w.filled, w.read = append(w.facts, "ExampleFact"), append(w.filled, "ExampleFact"), append(w.read, "ExampleFact")
		w.gather, w.used = append(w.gather, "exampleFact"), append(w.used, "exampleFact")
		w.decides, w.staged, w.shown = append(w.decides, "ExampleFact"), append(w.staged, "ExampleFact"), append(w.shown, "ExampleFact")
		w.evidence, w.set, w.printed = append(w.evidence, "ExampleFact"), append(w.set, "ExampleFact"), append(w.printed, "ExampleFact")
		half.out(&w, &row)
		w.rules = append([]rule{row}, w.rules...)
		missing := slices.DeleteFunc(w.missing(), func(m string) bool { return slices.Contains(before, m) })
		if half.want == "" && len(missing) > 0 || half.want != "" && !slices.ContainsFunc(missing, func(m string) bool { return strings.HasPrefix(m, half.want) }) {
			t.Errorf("without %s: want %q, got %q", half.left, half.want, missing)
		}
	}
}

// CONTRIBUTING names files that exist, and every file that a part of a rule belongs in.
func TestRecipeNamesWhatExists(t *testing.T) {
	_, recipe, _ := strings.Cut(text(t, "../CONTRIBUTING.md"), "## Adding a rule to the scaler")
	recipe, _, _ = strings.Cut(recipe, "\n## ")
	files := regexp.MustCompile("`((?:scaler/|docs/|CHANGELOG)[^` ]+)`").FindAllStringSubmatch(recipe, -1)
	for _, name := range []string{
		"reason.go", "table.go", "rules.go", "words.go", "testdata", "scaling.md", "LagscalerHoldOverdue.md", "workload.go", "workloads.go",
		"pods.go", "watches.go", "scalers_test.go", "facts.go", "decision.go", "combine.go", "timeline_test.go", "world_test.go", "CHANGELOG.md",
	} {
		if !slices.ContainsFunc(files, func(f []string) bool { return filepath.Base(f[1]) == name }) {
			t.Errorf("the recipe does not name %s", name)
		}
	}
	for _, f := range files {
		if _, err := os.Stat(filepath.Join("..", f[1])); err != nil {
			t.Error(err)
		}
	}
}

func deadlineOf(r *rule) (any, bool) { return r.deadline, r.deadline > 0 }

func text(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func fields(of reflect.Type) (names []string) {
	for f := range of.Fields() {
		names = append(names, f.Name)
	}
	return names
}

// constants are the values of a file's constants of type Reason.
func constants(t *testing.T, file string) (reasons []Reason) {
	t.Helper()
	for _, f := range sources(t, file) {
		ast.Inspect(f, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			kind, named := spec.Type.(*ast.Ident)
			value, literal := spec.Values[0].(*ast.BasicLit)
			if named && literal && kind.Name == "Reason" {
				reasons = append(reasons, Reason(strings.Trim(value.Value, `"`)))
			}
			return true
		})
	}
	return reasons
}

// sources are the parsed Go files: of directories without their tests, and files that are named or match a pattern.
func sources(t *testing.T, paths ...string) (files []*ast.File) {
	t.Helper()
	for _, p := range paths {
		pattern, folder := p, filepath.Ext(p) != ".go"
		if folder {
			pattern = filepath.Join(p, "*.go")
		}
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(names), err)
		}
		for _, name := range names {
			if folder && strings.HasSuffix(name, "_test.go") {
				continue
			}
			f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, f)
		}
	}
	return files
}

// assigned are the names of all fields that the sources write, or set when they make a value: Type{Name: …}.
func assigned(t *testing.T, paths ...string) (names []string) {
	t.Helper()
	for _, f := range sources(t, paths...) {
		ast.Inspect(f, func(n ast.Node) bool {
			if kv, ok := n.(*ast.KeyValueExpr); ok {
				if key, ok := kv.Key.(*ast.Ident); ok {
					names = append(names, key.Name)
				}
			}
			return true
		})
	}
	return append(names, written(t, paths...)...)
}

// written are the names of all fields that the sources write: x.Name = …, or x.Name++.
func written(t *testing.T, paths ...string) (names []string) {
	t.Helper()
	for _, f := range sources(t, paths...) {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				for _, left := range n.Lhs {
					if s, ok := left.(*ast.SelectorExpr); ok {
						names = append(names, s.Sel.Name)
					}
				}
			case *ast.IncDecStmt:
				if s, ok := n.X.(*ast.SelectorExpr); ok {
					names = append(names, s.Sel.Name)
				}
			}
			return true
		})
	}
	return names
}

// selected are the names of all fields that the sources read: x.Name.
func selected(t *testing.T, paths ...string) (names []string) {
	t.Helper()
	for _, f := range sources(t, paths...) {
		written := map[ast.Node]bool{}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				for _, left := range n.Lhs {
					written[left] = true
				}
			case *ast.SelectorExpr:
				if !written[n] {
					names = append(names, n.Sel.Name)
				}
			}
			return true
		})
	}
	return names
}
