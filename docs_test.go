package lagscaler_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"go.yaml.in/yaml/v3"

	"github.com/lagscaler/lagscaler/internal/config"
)

// documents are the Markdown files of the repository.
func documents(t *testing.T) (files []string) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == ".git" || d.Name() == "node_modules" || d.Name() == "testdata") {
			return fs.SkipDir
		}
		if filepath.Ext(path) == ".md" {
			files = append(files, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

var (
	yamlBlock = regexp.MustCompile("(?ms)^```ya?ml\n(.*?)^```$")
	heredoc   = regexp.MustCompile(`(?ms)<<'EOF'\n(.*?)^EOF$`)
)

// Every YAML in the documentation is one that its reader accepts: a KafkaScaler, values of the chart, or a configuration. Objects of
// other programs are well-formed.
func TestYAMLInTheDocumentation(t *testing.T) {
	kinds := map[string]int{}
	for _, file := range documents(t) {
		text := read(t, file)
		for _, m := range append(yamlBlock.FindAllStringSubmatch(text, -1), heredoc.FindAllStringSubmatch(text, -1)...) {
			kind, err := checkYAML(t, m[1])
			if err != nil {
				t.Errorf("%s: %v in\n%s", file, err, m[1])
			}
			kinds[kind]++
		}
	}
	for _, kind := range []string{"KafkaScaler", "values", "configuration", "object"} {
		if kinds[kind] == 0 {
			t.Errorf("no %s found: %v", kind, kinds)
		}
	}
}

// checkYAML says what a YAML is, and what is wrong with it.
func checkYAML(t *testing.T, text string) (kind string, err error) {
	t.Helper()
	dec := yaml.NewDecoder(strings.NewReader(text))
	for {
		var one map[string]any
		if err := dec.Decode(&one); errors.Is(err, io.EOF) {
			return kind, nil
		} else if err != nil {
			return kind, err
		}
		alone, err := yaml.Marshal(one)
		if err != nil {
			return kind, err
		}
		if kind, err = checkDocument(t, alone); err != nil {
			return kind, err
		}
	}
}

func checkDocument(t *testing.T, text []byte) (kind string, err error) {
	t.Helper()
	var keys map[string]any
	if err := yaml.Unmarshal(text, &keys); err != nil {
		return "", err
	}
	switch version, _ := keys["apiVersion"].(string); {
	case strings.HasPrefix(version, "lagscaler.io/"):
		file := filepath.Join(t.TempDir(), "scaler.yaml")
		if err := os.WriteFile(file, text, 0o600); err != nil {
			return "KafkaScaler", err
		}
		_, err := config.LoadScaler(file)
		return "KafkaScaler", err
	case version != "":
		if kind, _ := keys["kind"].(string); kind == "" {
			return "object", errors.New("no kind")
		}
		return "object", nil
	case within(keys, valuesKeys(t)):
		inner, _ := keys["config"].(map[string]any)
		return "values", checkConfig(inner)
	case within(keys, configKeys()):
		return "configuration", checkConfig(keys)
	}
	return "", errors.New("neither values of the chart nor a configuration: unknown top-level keys")
}

func within(keys map[string]any, known []string) bool {
	for key := range keys {
		if !slices.Contains(known, key) {
			return false
		}
	}
	return true
}

func valuesKeys(t *testing.T) []string {
	t.Helper()
	var values map[string]any
	if err := yaml.Unmarshal([]byte(read(t, "charts/lagscaler/values.yaml")), &values); err != nil {
		t.Fatal(err)
	}
	return slices.Collect(maps.Keys(values))
}

func configKeys() (keys []string) {
	for i := range reflect.TypeFor[config.Config]().NumField() {
		name, _, _ := strings.Cut(reflect.TypeFor[config.Config]().Field(i).Tag.Get("yaml"), ",")
		keys = append(keys, name)
	}
	return keys
}

// checkConfig parses a part of a configuration. Files and variables that it names exist.
func checkConfig(part map[string]any) error {
	whole := maps.Clone(part)
	if whole == nil {
		whole = map[string]any{}
	}
	if _, has := whole["clusters"]; !has {
		whole["clusters"] = []any{map[string]any{"name": "main", "brokers": []any{"kafka-0:9092"}}}
	}
	text, err := yaml.Marshal(whole)
	if err != nil {
		return err
	}
	_, err = config.Parse(text, config.Env{
		Name: "part", Dir: "/", Lookup: func(string) (string, bool) { return "x", true }, ReadFile: func(string) ([]byte, error) { return []byte("https://example.com/a-file"), nil },
	})
	return err
}

var (
	anchored = regexp.MustCompile(`\]\(([^)#:\s]*)#([^)\s]+)\)`)
	heading  = regexp.MustCompile(`(?m)^#{1,6} +(.+?)\s*$`)
	code     = regexp.MustCompile("(?ms)^```.*?^```$")
	named    = regexp.MustCompile(`<a id="([^"]+)">`)
	linkText = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
)

// A link to a section leads to a heading of that name. TestDocumentationLinks looks at the files.
func TestLinksToSections(t *testing.T) {
	sections, n := map[string]map[string]bool{}, 0
	for _, file := range documents(t) {
		sections[file] = headings(read(t, file))
	}
	for _, file := range documents(t) {
		for _, m := range anchored.FindAllStringSubmatch(code.ReplaceAllString(read(t, file), ""), -1) {
			to := file
			if m[1] != "" {
				to = filepath.Join(filepath.Dir(file), m[1])
			}
			n++
			if at, is := sections[to]; is && !at[m[2]] {
				t.Errorf("%s links to %s#%s: there is no such heading", file, to, m[2])
			}
		}
	}
	if n < 50 {
		t.Errorf("only %d links to sections found", n)
	}
}

// headings are the anchors of a page, as GitHub makes them.
func headings(text string) map[string]bool {
	found := map[string]bool{}
	for _, m := range heading.FindAllStringSubmatch(code.ReplaceAllString(text, ""), -1) {
		var b bytes.Buffer
		for _, r := range strings.ToLower(linkText.ReplaceAllString(m[1], "$1")) {
			switch {
			case r == ' ':
				b.WriteByte('-')
			case unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_':
				b.WriteRune(r)
			}
		}
		anchor := b.String()
		for i := 1; found[anchor]; i++ {
			anchor = b.String() + "-" + string(rune('0'+i))
		}
		found[anchor] = true
	}
	for _, m := range named.FindAllStringSubmatch(text, -1) {
		found[m[1]] = true
	}
	return found
}

// A runbook begins with the command that tells most, in a block that can be copied: the one that the text of the alert names, too.
func TestRunbooksBeginWithACommand(t *testing.T) {
	var rules struct {
		Groups []struct {
			Rules []struct {
				Alert       string
				Annotations struct{ Description string }
			}
		}
	}
	files, err := filepath.Glob("alerts/rules/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	words := strings.NewReplacer("'{{ $labels.target_namespace }}/{{ $labels.target }}'", "NAMESPACE/NAME", "'{{ $labels.group }}'", "GROUP",
		"lagscaler check --config lagscaler.yaml", "kubectl -n NAMESPACE exec deploy/lagscaler -- /usr/local/bin/lagscaler check --config /etc/lagscaler/config/lagscaler.yaml")
	n := 0
	for _, file := range files {
		if err := yaml.Unmarshal([]byte(read(t, file)), &rules); err != nil {
			t.Fatal(err)
		}
		for _, g := range rules.Groups {
			for _, r := range g.Rules {
				if r.Alert == "" {
					continue
				}
				n++
				_, first, named := strings.Cut(r.Annotations.Description, "First: ")
				want := "# " + r.Alert + "\n\n```sh\n" + strings.TrimSpace(words.Replace(first)) + "\n```\n\n## What it means\n"
				if got := read(t, "docs/runbooks/"+r.Alert+".md"); !named || !strings.HasPrefix(got, want) {
					t.Errorf("the runbook of %s does not begin with\n%s", r.Alert, want)
				}
			}
		}
	}
	if n < 20 {
		t.Errorf("only %d alerts found", n)
	}
}
