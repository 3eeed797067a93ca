package config

import (
	"bytes"
	"encoding"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

const referenceHead = `# Configuration

The configuration is one YAML file: ` + "`lagscaler run --config lagscaler.yaml`" + `. The smallest useful file is:

` + "```yaml\nclusters:\n- name: main\n  brokers: [kafka-0:9092]\n```" + `

[lagscaler.example.yaml](lagscaler.example.yaml) shows every field.

- An unknown field, a duplicate field or an invalid value is an error. The program prints all errors at once, each with field, line and value, and exits with code 2. ` + "`lagscaler check`" + ` prints the same errors without starting the program.
- ` + "`${VAR}`" + ` in a value is replaced by the environment variable; a variable that is not set is an error. Write ` + "`$${VAR}`" + ` for the literal text.
- Relative file names are relative to the folder of the configuration file.
- Patterns are regular expressions (RE2) that must match the complete name.
- Examples of durations: 500ms, 30s, 1h30m.
- The program reads the file again when it changes, when a file that it names changes (a new password, an updated ConfigMap), and on SIGHUP. If the new file is invalid, the old configuration still applies, the log shows the reason, and ` + "`lagscaler_config_last_reload_successful`" + ` is 0.
- ` + "`clusters`" + ` may be a directory, with one cluster in each file: ` + "`clusters: clusters.d`" + `, and in ` + "`clusters.d/main.yaml`" + ` the fields of [clusters[]](#clusters), such as ` + "`name: main`" + `. File names in it are relative to its own folder. Each of these files is validated and read again alone: if one is invalid, its cluster stays as it was, all other clusters are followed, the log and the status page show the reason, and ` + "`lagscaler_cluster_config_last_reload_successful`" + ` of the file is 0. At the start, a cluster whose file is invalid is not read, and the program runs. ` + "`lagscaler check`" + ` prints the errors of all files, and so do commands that run once.
- These settings need a restart; until then the old values apply: ` + "`listen`, `healthListen`, `webConfigFile`, `externalScaler`, `customMetrics`, `interval`, `sampleInterval`, `metrics.compat`, `otlp`, `history`, `record`, `audit`, `memory`, `log.format`, `kubernetes`" + `.

<!-- Generated from internal/config by: go test ./internal/config -update -->
`

// TestReference compares docs/configuration.md with the structs and their comments.
func TestReference(t *testing.T) {
	var b strings.Builder
	b.WriteString(referenceHead)
	r := reference{comments: comments(t), out: &b}
	r.section("", reflect.ValueOf(Default()).Elem())
	golden(t, "../../docs/configuration.md", b.String())
}

// comments returns the doc comments of the structs. The key of a type is its name, the key of a field is Type.Field.
func comments(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	names, err := filepath.Glob("*.go")
	if err != nil || len(names) == 0 {
		t.Fatalf("%d files: %v", len(names), err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		collect(file.Decls, found)
	}
	return found
}

func collect(decls []ast.Decl, found map[string]string) {
	for _, decl := range decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok || gen.Tok != token.TYPE {
			continue
		}
		spec := gen.Specs[0].(*ast.TypeSpec)
		found[spec.Name.Name] = gen.Doc.Text()
		fields, ok := spec.Type.(*ast.StructType)
		if !ok {
			continue
		}
		for _, f := range fields.Fields.List {
			if len(f.Names) == 0 {
				continue // embedded
			}
			found[spec.Name.Name+"."+f.Names[0].Name] = f.Doc.Text()
		}
	}
}

type reference struct {
	comments map[string]string
	out      *strings.Builder
}

// section writes the table of a struct, then the tables of the structs in it.
func (r reference) section(path string, v reflect.Value) {
	title := path
	if path == "" {
		title = "The file"
	}
	doc := r.comments[v.Type().Name()]
	_, doc, _ = strings.Cut(strings.TrimSpace(doc), " ")
	doc = strings.TrimPrefix(doc, "is ")
	fmt.Fprintf(r.out, "\n## %s\n\n%s\n\n| field | default | |\n|---|---|---|\n", title, strings.ToUpper(doc[:1])+doc[1:])
	var inner []func()
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name, ok := f.Tag.Lookup("yaml")
		if !ok {
			continue
		}
		text := strings.Join(strings.Fields(r.comments[v.Type().Name()+"."+f.Name]), " ")
		fmt.Fprintf(r.out, "| `%s` | %s | %s |\n", name, shownDefault(v.Field(i)), text)
		if part, suffix, ok := parts(v.Field(i)); ok && f.Name != "Settings" { // these are fields of clusters[]
			inner = append(inner, func() { r.section(join(path, name)+suffix, part) })
		}
	}
	for _, f := range inner {
		f()
	}
}

// parts returns the struct of a field, with its defaults, and the suffix of the path: [] for a list.
func parts(v reflect.Value) (part reflect.Value, suffix string, ok bool) {
	t := v.Type()
	switch {
	case t.Kind() == reflect.Slice:
		t, suffix = t.Elem(), "[]"
	case t.Kind() == reflect.Pointer:
		t = t.Elem()
	case t.Kind() == reflect.Struct:
		return v, "", !leaf(t)
	}
	if t.Kind() != reflect.Struct || leaf(t) {
		return v, "", false
	}
	part = reflect.New(t)
	if d, ok := part.Interface().(defaulter); ok {
		d.setDefaults()
	}
	return part.Elem(), suffix, true
}

func leaf(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// shownDefault is the default of a field as a user would write it; empty if it has none.
func shownDefault(v reflect.Value) string {
	if v.IsZero() && v.Kind() != reflect.Bool {
		return ""
	}
	if v.Kind() == reflect.Struct && !leaf(v.Type()) {
		return ""
	}
	var b bytes.Buffer
	if m, ok := v.Interface().(encoding.TextMarshaler); ok {
		text, err := m.MarshalText()
		if err != nil {
			return err.Error()
		}
		b.Write(text)
	} else {
		fmt.Fprint(&b, v.Interface())
	}
	return "`" + b.String() + "`"
}

// TestExampleShowsEverySection: the example sets every section of the configuration.
func TestExampleShowsEverySection(t *testing.T) {
	t.Setenv("LAGSCALER_PASSWORD", "x")
	t.Setenv("PARTNERS_SECRET", "y")
	c, err := Load("../../docs/lagscaler.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{"Clusters", "Groups", "Owners", "Namespaces", "Scalers", "Metrics", "Record", "Memory", "Audit", "Bill", "Brakes", "Log", "Kubernetes"} {
		if reflect.ValueOf(*c).FieldByName(field).IsZero() {
			t.Errorf("the example has no %s", field)
		}
	}
}
