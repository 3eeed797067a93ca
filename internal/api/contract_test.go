package api

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"strings"
	"testing"
	"time"
)

const contractHead = `# The JSON of lag

` + "`lagscaler lag -o json`" + ` and ` + "`GET /api/v1/lag`" + ` return this JSON. It is a contract: names do not change, and new fields may be added.
An unknown value is null, never 0 or -1. Lists are sorted and never null. Offsets and lags are in records, times are in seconds.

<!-- Generated from internal/api by: go test ./internal/api -update -->
`

// TestContract holds docs/json.md against the structs and their comments.
func TestContract(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "lag.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	types := map[string]reflect.Type{}
	collect(reflect.TypeFor[Lag](), types)
	var b strings.Builder
	b.WriteString(contractHead)
	for _, decl := range file.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok || gen.Tok != token.TYPE {
			continue
		}
		spec := gen.Specs[0].(*ast.TypeSpec)
		table(&b, gen.Doc.Text(), types[spec.Name.Name], spec.Type.(*ast.StructType))
	}
	golden(t, "../../docs/json.md", []byte(b.String()))
}

// collect finds the structs that a type leads to.
func collect(t reflect.Type, found map[string]reflect.Type) {
	for t.Kind() == reflect.Slice || t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return
	}
	found[t.Name()] = t
	for i := range t.NumField() {
		collect(t.Field(i).Type, found)
	}
}

func table(b *strings.Builder, doc string, t reflect.Type, fields *ast.StructType) {
	_, doc, _ = strings.Cut(strings.Join(strings.Fields(doc), " "), " ")
	doc = strings.TrimPrefix(doc, "is ")
	fmt.Fprintf(b, "\n## %s\n\n%s%s\n\n| field | type | |\n|---|---|---|\n", t.Name(), strings.ToUpper(doc[:1]), doc[1:])
	for i, f := range fields.Fields.List {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", name, jsonType(t.Field(i)), strings.TrimSpace(f.Comment.Text()))
	}
}

func jsonType(f reflect.StructField) string {
	t, suffix := f.Type, ""
	switch {
	case t.Kind() == reflect.Pointer:
		t, suffix = t.Elem(), " or null"
	case strings.Contains(f.Tag.Get("json"), "omitempty"):
		suffix = ", absent when empty"
	}
	if t == reflect.TypeFor[time.Time]() {
		return "time" + suffix
	}
	switch t.Kind() {
	case reflect.Slice:
		return "list of " + t.Elem().Name() + suffix
	case reflect.Map:
		return "texts by name" + suffix
	case reflect.String:
		return "text" + suffix
	case reflect.Bool:
		return "true or false" + suffix
	default:
		return "number" + suffix
	}
}
