package lagscaler_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/rights"
)

// Claims of comments and documents that no other test compares with the code.

// forEachFile parses every Go file of the program; tests are left out.
func forEachFile(t *testing.T, do func(dir, name string, tree *ast.File)) {
	t.Helper()
	for _, p := range listPackages(t) {
		for _, name := range p.GoFiles {
			tree, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			do(ownPath(p.ImportPath), name, tree)
		}
	}
}

// A comment names only documents that exist. SCALING in capitals names one, too: docs/scaling.md must be written in full.
func TestCommentsNameExistingDocuments(t *testing.T) {
	documents := map[string]bool{}
	capitals := regexp.MustCompile(`\b[A-Z]{5,}\b`)
	err := filepath.WalkDir(".", func(path string, d os.DirEntry, err error) error {
		if filepath.Ext(path) == ".md" && err == nil {
			documents[filepath.Base(path)] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`[A-Za-z0-9_-]+\.md\b`)
	forEachFile(t, func(dir, name string, tree *ast.File) {
		for _, c := range tree.Comments {
			for _, document := range named.FindAllString(c.Text(), -1) {
				if !documents[document] {
					t.Errorf("%s/%s: a comment names %s, which does not exist", dir, name, document)
				}
			}
			for _, word := range capitals.FindAllString(c.Text(), -1) {
				if documents[strings.ToLower(word)+".md"] && !documents[word+".md"] {
					t.Errorf("%s/%s: a comment names the document %s: write docs/%s.md", dir, name, word, strings.ToLower(word))
				}
			}
		}
	})
}

// Every statistic of rebalances is shown or used by the program, not only by tests.
func TestStatisticsOfRebalancesAreRead(t *testing.T) {
	const declares = "rebalancemon/stats.go"
	var fields []string
	read := map[string]bool{}
	forEachFile(t, func(dir, name string, tree *ast.File) {
		ast.Inspect(tree, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok && dir+"/"+name == declares && spec.Name.Name == "Stats" {
				for _, f := range spec.Type.(*ast.StructType).Fields.List {
					for _, id := range f.Names {
						fields = append(fields, id.Name)
					}
				}
			}
			if s, ok := n.(*ast.SelectorExpr); ok && (dir != "rebalancemon" || name == "stats.go") {
				read[s.Sel.Name] = true
			}
			return true
		})
	})
	if len(fields) < 20 {
		t.Fatalf("%d fields of Stats in %s", len(fields), declares)
	}
	for _, f := range fields {
		if !read[f] {
			t.Errorf("nothing outside rebalancemon reads Stats.%s", f)
		}
	}
}

// scaler/kube/scales.go alone writes scale subresources, as its package comment says: for decisions, and for a target at
// zero whose scaler was deleted.
func TestOneFileWritesReplicas(t *testing.T) {
	var writers []string
	forEachFile(t, func(dir, name string, tree *ast.File) {
		ast.Inspect(tree, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			s, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			subresource := slices.ContainsFunc(call.Args, func(e ast.Expr) bool {
				l, ok := e.(*ast.BasicLit)
				return ok && l.Value == `"scale"`
			})
			writes := slices.Contains([]string{"Update", "Patch", "Apply", "Create"}, s.Sel.Name)
			if subresource && writes || slices.Contains([]string{"UpdateScale", "ApplyScale"}, s.Sel.Name) {
				writers = append(writers, dir+"/"+name)
			}
			return true
		})
	})
	if !slices.Equal(writers, []string{"scaler/kube/scales.go"}) {
		t.Errorf("scale subresources are written in %v, want one place in scaler/kube/scales.go", writers)
	}
}

// Texts of servers, which may repeat a secret or hold what another team may not know, stay with the errors of a cluster: no
// decision, and so no status, Event or recording, has one. lag.ReadError.Detail is the only field with such texts.
func TestDecisionsHaveNoTextsOfServers(t *testing.T) {
	read := 0
	forEachFile(t, func(dir, name string, tree *ast.File) {
		ast.Inspect(tree, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok || s.Sel.Name != "Detail" {
				return true
			}
			read++
			if dir == "rebalancemon" || dir == "scaler" || strings.HasPrefix(dir, "scaler/") || dir == "internal/record" {
				t.Errorf("%s/%s reads Detail", dir, name)
			}
			return true
		})
	})
	if read == 0 {
		t.Error("nothing reads Detail: has the field another name?")
	}
}

// Each row of the threat model names tests, which exist.
func TestThreatModelIsTested(t *testing.T) {
	_, model, _ := strings.Cut(read(t, "docs/security.md"), "## Threat model")
	model, _, _ = strings.Cut(model, "Not defended:")
	declared := declaredTests(t)
	named := regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z0-9]+)`")
	rows := 0
	for line := range strings.Lines(model) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 5 || strings.Contains(line, "---") || strings.TrimSpace(cells[0]) == "who" {
			continue
		}
		rows++
		tests := named.FindAllStringSubmatch(cells[4], -1)
		if len(tests) == 0 {
			t.Errorf("no test shows what stops%s", cells[0])
		}
		for _, test := range tests {
			if !declared[test[1]] {
				t.Errorf("docs/security.md names %s, which does not exist", test[1])
			}
		}
	}
	if rows < 10 {
		t.Errorf("the threat model has %d rows", rows)
	}
}

// Each row of the matrix of providers says how it is known: by tests that exist, those on real servers in e2e, or at a link.
func TestProvidersAreKnown(t *testing.T) {
	all, onServers := declaredTests(t), testsIn(t, "e2e")
	named := regexp.MustCompile("`(Test[A-Za-z0-9]+)`")
	rows, providers := 0, read(t, "docs/providers.md")
	var column int
	for line := range strings.Lines(providers) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if i := slices.IndexFunc(cells, func(c string) bool { return strings.TrimSpace(c) == "how it is known" }); i >= 0 {
			column = i
			continue
		}
		if column == 0 || len(cells) <= column || strings.Contains(line, "---") {
			continue
		}
		rows++
		for _, part := range strings.Split(cells[column], ";") {
			part = strings.TrimSpace(part)
			tests := named.FindAllStringSubmatch(part, -1)
			switch {
			case strings.HasPrefix(part, "tried: "), strings.HasPrefix(part, "played: "):
				if len(tests) == 0 {
					t.Errorf("%s: no test shows %q", cells[0], part)
				}
			case strings.HasPrefix(part, "[read](https://"):
			default:
				t.Errorf("%s: %q says neither tried, played nor read", cells[0], part)
			}
			for _, test := range tests {
				if !all[test[1]] || strings.HasPrefix(part, "tried") && !onServers[test[1]] {
					t.Errorf("%s: %s does not exist, or is not on a real server: %q", cells[0], test[1], part)
				}
			}
		}
	}
	if rows < 20 {
		t.Errorf("docs/providers.md has %d rows", rows)
	}
	for _, provider := range []string{"2.8", "3.0", "3.9", "4.3", "4.4", "MSK, provisioned", "MSK Serverless", "Confluent Cloud", "Event Hubs", "Redpanda", "Strimzi", "AutoMQ", "WarpStream"} {
		if !regexp.MustCompile(`(?m)^\| [^|]*` + regexp.QuoteMeta(provider)).MatchString(providers) {
			t.Errorf("docs/providers.md has no row of %s", provider)
		}
	}
	for version := range strings.FieldsSeq(makeVariable(t, "tools/kafka.mk", "KAFKA_OLD")) {
		if !strings.Contains(providers, "| Apache Kafka "+version+", with ZooKeeper |") {
			t.Errorf("docs/providers.md has no row of Apache Kafka %s, on which make old-kafkas runs tests", version)
		}
	}
	for _, m := range regexp.MustCompile("`make old-kafkas` runs ([^|;]*)").FindAllStringSubmatch(providers, -1) {
		for _, test := range named.FindAllStringSubmatch(m[1], -1) {
			if !slices.Contains(strings.Split(makeVariable(t, "tools/kafka.mk", "OLD_TESTS"), "|"), test[1]) {
				t.Errorf("make old-kafkas does not run %s", test[1])
			}
		}
	}
}

// makeVariable is the value of a variable in a part of the Makefile.
func makeVariable(t *testing.T, file, name string) string {
	t.Helper()
	m := regexp.MustCompile(`(?m)^` + name + ` := (.*)$`).FindStringSubmatch(read(t, file))
	if m == nil {
		t.Fatalf("%s has no variable %s", file, name)
	}
	return m[1]
}

// Each right that the program needs in Kafka has a row in the documentation, and each row a right.
func TestRightsInKafkaAreDocumented(t *testing.T) {
	_, table, _ := strings.Cut(read(t, "docs/security.md"), "## Permissions in Kafka")
	table, _, _ = strings.Cut(table, "```")
	documented := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^\| ([A-Z_]+) on (?:the )?([a-z]+)`).FindAllStringSubmatch(table, -1) {
		documented[m[1]+" "+strings.ToUpper(strings.TrimSuffix(m[2], "s"))] = true
	}
	for _, n := range rights.Needs {
		if key := string(n.Operation) + " " + string(n.Resource); !documented[key] {
			t.Errorf("docs/security.md has no row for %s", key)
		}
		delete(documented, string(n.Operation)+" "+string(n.Resource))
	}
	for key := range documented {
		t.Errorf("docs/security.md has a row for %s, which nothing needs", key)
	}
}

// declaredTests are the names of all tests and fuzz targets, those of e2e too.
func declaredTests(t *testing.T) map[string]bool {
	t.Helper()
	return testsIn(t, ".")
}

func testsIn(t *testing.T, root string) map[string]bool {
	t.Helper()
	declared := map[string]bool{}
	function := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)[A-Za-z0-9]+)\(\w+ \*testing\.[TF]\)`)
	err := filepath.WalkDir(root, func(path string, _ os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		for _, m := range function.FindAllStringSubmatch(read(t, path), -1) {
			declared[m[1]] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return declared
}

// The documents say after how many polls without an answer the values of a group count as unknown.
func TestDocumentsSayWhenAGroupIsStale(t *testing.T) {
	words := map[int]string{1: "one", 2: "two", 3: "three"}
	for file, sentence := range map[string]string{
		"docs/metrics.md":         "The gauges of a group are removed after # polls that could not read it",
		"docs/operations.md":      "the gauges of the groups are removed after # failed polls",
		"internal/metrics/doc.go": "its gauges disappear after # polls\n// (lag.StaleAfter)",
		"lag/status.go":           "not read for # polls",
	} {
		want := strings.Replace(sentence, "#", words[lag.StaleAfter], 1)
		if !strings.Contains(read(t, file), want) {
			t.Errorf("%s does not say %q", file, want)
		}
	}
}

// The first screen of the README counts the alerts.
func TestNumberOfAlerts(t *testing.T) {
	files, err := filepath.Glob("alerts/rules/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	alerts := map[string]bool{} // one may have several rules
	for _, name := range files {
		for _, m := range regexp.MustCompile(`(?m)^ +- alert: (\w+)$`).FindAllStringSubmatch(read(t, name), -1) {
			alerts[m[1]] = true
		}
	}
	if claim := fmt.Sprintf("**%d alerts** with runbooks", len(alerts)); !strings.Contains(read(t, "README.md"), claim) {
		t.Errorf("README.md does not say %q", claim)
	}
}

// What the page on scaling says of the price is what the benchmark found.
func TestWhatIsSaidOfThePrice(t *testing.T) {
	texts := map[string]string{}
	for _, name := range []string{"scaling.md", "scaling-benchmark.md"} {
		text, err := os.ReadFile(filepath.Join("docs", name))
		if err != nil {
			t.Fatal(err)
		}
		texts[name] = string(text)
	}
	found := func(pattern string) []any {
		m := regexp.MustCompile(pattern).FindStringSubmatch(texts["scaling-benchmark.md"])
		if m == nil {
			t.Fatalf("docs/scaling-benchmark.md does not say %q", pattern)
		}
		return []any{m[1], m[2]}
	}
	want := fmt.Sprintf("right on %s of %s rows", found(`Within on (\d+) of (\d+);`)...) +
		fmt.Sprintf(", of other rooms on %[2]s of %[1]s", found(`of (\d+) rows the consumers of \d+ are within, and the late records, too, of (\d+);`)...) +
		fmt.Sprintf(", and as a prediction of later days on %s of %s.", found(`it is within on (\d+) of (\d+) rows`)...)
	if !strings.Contains(texts["scaling.md"], want) {
		t.Errorf("docs/scaling.md does not say %q", want)
	}
}
