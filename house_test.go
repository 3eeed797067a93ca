package lagscaler_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// The rules of the house. Run with -count=1: the test cache cannot see packages that a test only lists.

const module = "github.com/lagscaler/lagscaler/"

// pure packages do no I/O, read no clock, write no log and start no goroutine.
var pure = []string{
	"lag", "lag/rights", "lag/shard", "rebalancemon", "scaler", "scaler/seen", "scaler/asleep", "scaler/learn", "scaler/need", "scaler/say", "scaler/plan", "scaler/number", "scaler/packed", "scaler/promise",
	"scaler/sim", "scaler/brakes", "scaler/breaker", "scaler/bill", "scaler/standby", "scaler/timeline", "scaler/release", "internal/messages",
}

// mayImport says which of our own packages a package may import. One that is not listed fails the test:
// say where a new one stands before it is built.
var mayImport = map[string][]string{
	"lag":             {},
	"lag/shard":       {},
	"lag/parallel":    {},
	"rebalancemon":    {"lag"},
	"scaler/plan":     {},
	"scaler/number":   {},
	"scaler/promise":  {"scaler/packed"},
	"scaler/bill":     {"scaler/packed"},
	"scaler/standby":  {},
	"scaler/timeline": {"scaler/packed"},
	"scaler/packed":   {},
	"scaler/seen":     {"lag", "rebalancemon"},
	"scaler/asleep":   {"lag", "scaler/seen"},
	"scaler/breaker":  {"scaler/seen"},
	"scaler/learn":    {"lag", "scaler/seen", "scaler/asleep", "scaler/bill", "scaler/breaker", "scaler/packed", "scaler/promise", "scaler/standby", "scaler/timeline"},
	"scaler/need":     {"lag", "scaler/seen", "scaler/learn", "scaler/plan", "scaler/number", "scaler/promise"},
	"scaler":          {"lag", "rebalancemon", "scaler/seen", "scaler/asleep", "scaler/bill", "scaler/breaker", "scaler/learn", "scaler/need", "scaler/plan", "scaler/number", "scaler/promise", "scaler/standby", "scaler/timeline"},
	"scaler/brakes":   {"scaler", "scaler/seen", "scaler/number"},
	"scaler/say":      {"scaler", "scaler/learn", "scaler/need", "scaler/number", "scaler/promise"},
	"scaler/release":  {"scaler/learn", "scaler/number"},
	"scaler/sim":      {"lag", "rebalancemon", "scaler", "scaler/seen", "scaler/say", "scaler/promise"},
	"lag/lagtest":     {"lag"},
	"lag/rights":      {},
	"lag/kafkasource": {"lag", "lag/parallel", "lag/rights", "lag/kafkasource/groups", "lag/kafkasource/headers", "lag/kafkasource/topics", "lag/kafkasource/cluster", "lag/kafkasource/transport", "lag/kafkasource/wire"},
	"scaler/kube":     {"lag", "lag/shard", "scaler", "scaler/brakes", "scaler/breaker", "scaler/seen", "scaler/asleep", "scaler/kube/access", "scaler/kube/election", "scaler/kube/strimzi", "scaler/kube/watch", "scaler/kube/v1alpha1"},

	"scaler/kube/access":        {"scaler"},
	"scaler/kube/reach":         {},
	"scaler/kube/strimzi":       {"scaler/kube/access"},
	"scaler/kube/election":      {"scaler/kube/access"},
	"scaler/kube/custommetrics": {"scaler/kube/v1alpha1"},
	"scaler/kube/watch":         {"rebalancemon", "scaler", "scaler/seen", "scaler/kube/access", "scaler/kube/v1alpha1"},

	"lag/kafkasource/tape":      {"lag", "lag/kafkasource", "lag/kafkasource/wire"},
	"lag/kafkasource/wire":      {"lag"},
	"lag/kafkasource/framing":   {},                          // for brokers of tests
	"lag/kafkasource/pipes":     {"lag/kafkasource/framing"}, // for brokers of tests
	"lag/kafkasource/transport": {"lag", "lag/kafkasource/wire"},
	"lag/kafkasource/cluster":   {"lag", "lag/kafkasource/transport", "lag/kafkasource/wire"},
	"lag/kafkasource/topics":    {"lag", "lag/parallel", "lag/kafkasource/cluster", "lag/kafkasource/transport", "lag/kafkasource/wire"},
	"lag/kafkasource/headers":   {"lag", "lag/parallel", "lag/kafkasource/cluster", "lag/kafkasource/transport", "lag/kafkasource/wire"},
	"lag/kafkasource/groups":    {"lag", "lag/parallel", "lag/kafkasource/topics", "lag/kafkasource/cluster", "lag/kafkasource/transport", "lag/kafkasource/wire"},

	"scaler/kube/v1alpha1": {},
	"scaler/sim/traces":    {},
	"scaler/sim/worlds":    {}, // a test, of the engine and everything below it
	"scaler/sim/benchmark": {"scaler", "scaler/learn", "scaler/need", "scaler/promise", "scaler/sim", "scaler/sim/traces"},
	"alerts":               {},
	"dashboards":           {},
	"internal/promtest":    {},
	"internal/testcert":    {},
	"internal/fixedseed":   {},
	"internal/testlog":     {},
	"internal/frozen":      {},
	"internal/serve":       {},
	"internal/mutate":      {},
	"internal/web/events":  {"rebalancemon", "internal/engine"},
	"internal/web/recent":  {"internal/engine"},

	"internal/engine":  {"lag", "lag/parallel", "lag/shard", "rebalancemon", "scaler", "scaler/bill", "scaler/brakes", "scaler/seen", "scaler/asleep", "scaler/breaker", "scaler/learn", "scaler/say", "scaler/timeline"},
	"internal/metrics": {"lag", "lag/shard", "rebalancemon", "scaler", "scaler/seen", "scaler/learn", "internal/engine", "scaler/need"},
	"internal/api":     {"lag", "rebalancemon", "scaler", "internal/engine"},
	"internal/web":     {"lag", "rebalancemon", "scaler", "internal/engine", "internal/serve", "internal/web/events", "internal/web/recent", "internal/api", "internal/plot", "scaler/bill", "scaler/learn", "scaler/say", "scaler/number", "scaler/need", "scaler/promise", "scaler/release", "scaler/timeline", "internal/history"},
	"internal/config":  {"lag", "rebalancemon", "scaler", "scaler/brakes", "scaler/seen"},
	"internal/plot":    {"scaler/sim"},
	"internal/keda":    {"scaler", "scaler/seen"},
	"internal/propose": {"lag", "internal/config", "scaler/kube", "scaler/seen"},
	"internal/record":  {"lag", "internal/engine", "scaler", "scaler/seen", "scaler/asleep", "scaler/breaker", "scaler/say"},
	"internal/client":  {"scaler/sim"},
	"internal/tryout":  {"lag", "rebalancemon", "scaler", "scaler/brakes", "scaler/breaker", "scaler/seen", "scaler/sim", "internal/record"},

	"internal/otlp":    {},
	"internal/history": {"internal/client"},

	"internal/messages":         {"rebalancemon", "scaler", "scaler/seen", "scaler/number", "internal/engine"},
	"internal/messages/webhook": {"internal/engine", "internal/messages"},

	"internal/external": {"scaler", "scaler/seen", "internal/engine", "internal/serve"},

	"internal/audit":  {"internal/engine"},
	"internal/mcp":    {},
	"internal/output": {"internal/api"},
	"internal/daemon": {
		"lag", "lag/kafkasource", "lag/kafkasource/tape", "lag/rights", "lag/shard", "scaler", "scaler/kube", "scaler/kube/access", "scaler/kube/custommetrics", "scaler/kube/strimzi", "internal/config", "internal/audit", "internal/engine",
		"internal/external", "internal/history", "internal/messages", "internal/messages/webhook", "internal/metrics", "internal/otlp", "internal/serve", "internal/web", "internal/web/recent", "internal/record", "scaler/seen",
	},
}

// onlyImporter says which packages alone may import a library (its path or a prefix of it).
var onlyImporter = map[string][]string{
	"github.com/segmentio/kafka-go":          {"lag/kafkasource/transport", "internal/demo"},
	"github.com/aws/aws-sdk-go-v2":           {"lag/kafkasource/transport"},
	"golang.org/x/oauth2":                    {"lag/kafkasource/transport"},
	"golang.org/x/time":                      {"lag/kafkasource/transport"},
	"github.com/jcmturner/gokrb5":            {"lag/kafkasource/transport"},
	"k8s.io/":                                {"scaler/kube", "scaler/kube/access", "scaler/kube/custommetrics", "scaler/kube/election", "scaler/kube/reach", "scaler/kube/strimzi", "scaler/kube/watch", "scaler/kube/v1alpha1"},
	"github.com/prometheus/client_golang":    {"internal/metrics"},
	"github.com/grafana-tools/sdk":           {"dashboards"},
	"github.com/twmb/franz-go/pkg/kfake":     {"internal/demo"},
	"go.yaml.in/yaml/v3":                     {"internal/config", "internal/keda", "alerts", "internal/output"},
	"github.com/spf13/cobra":                 {"cmd/lagscaler", "cmd/lagscaler-demo", "internal/demo"},
	"github.com/modelcontextprotocol/go-sdk": {"internal/mcp", "cmd/lagscaler"},
	"github.com/oklog/run":                   {"internal/daemon"},
	"github.com/kedacore/keda":               {"internal/external"},
	"google.golang.org/grpc":                 {"internal/external", "internal/otlp"},
	"go.opentelemetry.io/":                   {"internal/otlp"},
	"github.com/prometheus/exporter-toolkit": {"internal/daemon"},
	"gopkg.in/natefinch/lumberjack.v2":       {"internal/audit"},

	"github.com/standard-webhooks/standard-webhooks": {"internal/messages/webhook"},
	"github.com/cenkalti/backoff":                    {"internal/messages/webhook"},
}

// impure are the standard packages whose import would bring I/O, logs or goroutines into a pure package.
var impure = []string{"os", "net", "log", "sync", "sync/atomic", "context", "database", "syscall", "os/exec", "os/signal", "net/http", "log/slog", "io/ioutil"}

type goPackage struct {
	ImportPath string
	Dir        string
	GoFiles    []string
	Imports    []string
}

// allPackages asks the go command once for all tests.
var allPackages = sync.OnceValues(func() ([]goPackage, error) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Dir,GoFiles,Imports", "./...").Output()
	if err != nil {
		return nil, err
	}
	var all []goPackage
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
})

func listPackages(t *testing.T) []goPackage {
	t.Helper()
	all, err := allPackages()
	if err != nil {
		t.Fatalf("listing packages: %v", err)
	}
	return all
}

// ownPath is the path of one of our packages in the module, as these lists name it; other paths stay as they are.
func ownPath(importPath string) string { return strings.TrimPrefix(importPath, module) }

func TestImports(t *testing.T) {
	for _, p := range listPackages(t) {
		name := ownPath(p.ImportPath)
		allowed, listed := mayImport[name]
		free := strings.HasPrefix(name, "cmd/") || name == "internal/demo"
		if !listed && !free && len(p.GoFiles) > 0 {
			t.Errorf("%s: not in mayImport: say where it stands", name)
		}
		for _, imp := range p.Imports {
			if own := ownPath(imp); own != imp && !free && !slices.Contains(allowed, own) {
				t.Errorf("%s imports %s: arrows point one way (lag <- rebalancemon <- scaler/seen <- learn <- need <- scaler <- say <- engine <- readers <- cmd)", name, own)
			}
			for library, importers := range onlyImporter {
				if strings.HasPrefix(imp, library) && !slices.Contains(importers, name) {
					t.Errorf("%s imports %s, which is for %v alone", name, imp, importers)
				}
			}
		}
	}
}

// The program of make demo is what somebody compiles who sees lagscaler for the first time, with an empty cache: nothing that connects to
// Kubernetes, collectors or assistants is in it.
func TestTheDemoCompilesLittle(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "./cmd/lagscaler-demo").Output()
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Fields(string(out))
	for _, path := range all {
		for _, heavy := range []string{"k8s.io/", "sigs.k8s.io/", "google.golang.org/grpc", "go.opentelemetry.io/", "github.com/modelcontextprotocol/", module + "scaler/kube", module + "internal/daemon"} {
			if strings.HasPrefix(path, heavy) {
				t.Errorf("the demo compiles %s", path)
			}
		}
	}
	if len(all) > 560 { // 39 small ones are Kerberos, which lag/kafkasource/transport knows
		t.Errorf("the demo compiles %d packages; it was 539", len(all))
	}
}

func TestPurePackages(t *testing.T) {
	for _, p := range listPackages(t) {
		if !slices.Contains(pure, ownPath(p.ImportPath)) {
			continue
		}
		for _, imp := range p.Imports {
			if slices.Contains(impure, imp) {
				t.Errorf("%s imports %s", ownPath(p.ImportPath), imp)
			}
		}
		for _, name := range p.GoFiles {
			file := filepath.Join(p.Dir, name)
			tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(tree, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.GoStmt:
					t.Errorf("%s/%s starts a goroutine", ownPath(p.ImportPath), name)
				case *ast.SelectorExpr:
					if pkg, ok := n.X.(*ast.Ident); ok && pkg.Name == "time" && slices.Contains([]string{"Now", "Since", "Until", "Sleep", "After", "NewTimer", "NewTicker"}, n.Sel.Name) {
						t.Errorf("%s/%s reads the clock: time.%s", ownPath(p.ImportPath), name, n.Sel.Name)
					}
				}
				return true
			})
		}
	}
}

// A comment of a function or a type that begins with a name begins with its own: after a renaming too.
func TestCommentsBeginWithTheName(t *testing.T) {
	name := regexp.MustCompile(`^[a-z][A-Za-z0-9]*\b`) // a sentence begins with a capital
	for _, p := range listPackages(t) {
		for _, file := range p.GoFiles {
			tree, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, file), nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			check := func(own string, doc *ast.CommentGroup) {
				if first := name.FindString(doc.Text()); first != "" && first != own {
					t.Errorf("%s/%s: the comment of %s begins with %s", ownPath(p.ImportPath), file, own, first)
				}
			}
			for _, d := range tree.Decls {
				switch d := d.(type) {
				case *ast.FuncDecl:
					check(d.Name.Name, d.Doc)
				case *ast.GenDecl:
					if spec, ok := d.Specs[0].(*ast.TypeSpec); d.Tok == token.TYPE && ok && !d.Lparen.IsValid() {
						check(spec.Name.Name, d.Doc)
					}
				}
			}
		}
	}
}

// Every direct dependency has a line that says what it saves, and every line a dependency.
func TestDependenciesAreExplained(t *testing.T) {
	documented := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(read(t, "docs/dependencies.md"), -1) {
		documented[m[1]] = true
	}
	direct := map[string]bool{}
	for _, file := range []string{"go.mod", "e2e/go.mod"} {
		for _, line := range strings.Split(read(t, file), "\n") {
			fields := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require "))
			if len(fields) < 2 || !strings.HasPrefix(fields[1], "v") || strings.Contains(line, "// indirect") || strings.Contains(line, "=>") {
				continue
			}
			direct[fields[0]] = true
			if name := fields[0]; !documented[name] && !strings.HasPrefix(name, strings.TrimSuffix(module, "/")) {
				t.Errorf("docs/dependencies.md does not say what %s saves (%s)", name, file)
			}
		}
	}
	for name := range documented {
		if !direct[name] {
			t.Errorf("docs/dependencies.md explains %s, which neither go.mod nor e2e/go.mod requires directly", name)
		}
	}
}

// Relative links in the documentation lead somewhere.
func TestDocumentationLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == ".git" || d.Name() == "node_modules") {
			return fs.SkipDir
		}
		if filepath.Ext(path) != ".md" {
			return nil
		}
		for _, m := range link.FindAllStringSubmatch(read(t, path), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), m[1])); err != nil {
				t.Errorf("%s links to %s, which is not there", path, m[1])
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// A package in which one file's unexported types are used by all others is one object with many methods: take it apart.
func TestNoFileIsUsedByAllOthers(t *testing.T) {
	for _, p := range listPackages(t) {
		names := slices.DeleteFunc(slices.Clone(p.GoFiles), func(name string) bool { return name == "doc.go" })
		if len(names) < 5 {
			continue
		}
		declares, uses := map[string][]string{}, map[string]map[string]bool{}
		for _, name := range names {
			// The unresolved names of a file are those that other files of its package declare, and its imports.
			tree, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			uses[name] = map[string]bool{}
			for _, id := range tree.Unresolved {
				uses[name][id.Name] = true
			}
			ast.Inspect(tree, func(n ast.Node) bool {
				if spec, ok := n.(*ast.TypeSpec); ok && !spec.Name.IsExported() {
					declares[name] = append(declares[name], spec.Name.Name)
				}
				return true
			})
		}
		for file, types := range declares {
			all := true
			for _, other := range names {
				all = all && (other == file || slices.ContainsFunc(types, func(name string) bool { return uses[other][name] }))
			}
			if all {
				t.Errorf("%s: every other file uses the types of %s: %v", ownPath(p.ImportPath), file, types)
			}
		}
	}
}

// A package with more than 15 files or 1,500 lines says in its doc.go why it has one task.
func TestLargePackagesSayWhy(t *testing.T) {
	why := regexp.MustCompile(`one task|not divided|larger than others`)
	for _, p := range listPackages(t) {
		lines := 0
		for _, name := range p.GoFiles {
			lines += strings.Count(read(t, filepath.Join(p.Dir, name)), "\n")
		}
		if len(p.GoFiles) <= 15 && lines <= 1500 {
			continue
		}
		if !slices.Contains(p.GoFiles, "doc.go") || !why.MatchString(read(t, filepath.Join(p.Dir, "doc.go"))) {
			t.Errorf("%s has %d files and %d lines: its doc.go must say why that is one task", ownPath(p.ImportPath), len(p.GoFiles), lines)
		}
	}
}
