package config

import (
	"cmp"
	"encoding"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// The library decodes scalars; the walk over the document is ours, because the library's own strict decoding
// (Decoder.KnownFields) names a line but no path, and stops at the first error of a type that reads itself.

// place is where a field stands in the file.
type place struct {
	line  int
	value string // as written, ${VAR} unexpanded; secrets hidden; empty for lists and mappings
}

// decoder fills a struct from a document and remembers where each field stands.
type decoder struct {
	lookup   func(name string) (value string, ok bool) // the environment
	places   map[string]place                          // by path
	problems []Problem
}

func (d *decoder) fail(path string, n *yaml.Node, format string, args ...any) {
	p := Problem{Path: path, Line: n.Line, Message: fmt.Sprintf(format, args...)}
	if at, ok := d.places[path]; ok {
		p.Value = at.value
	}
	d.problems = append(d.problems, p)
}

// decode reads one value into v, which can be set. What is not in the document keeps the value it has: the default.
func (d *decoder) decode(n *yaml.Node, v reflect.Value, path string) {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	d.places[path] = place{line: n.Line, value: shown(n, v)}
	if n.ShortTag() == "!!null" {
		d.fail(path, n, "has no value; give it one or remove the line")
		return
	}
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	if p, ok := v.Addr().Interface().(defaulter); ok {
		p.setDefaults()
	}
	text, reads := v.Addr().Interface().(encoding.TextUnmarshaler)
	switch {
	case reads:
		d.text(n, text, path)
	case v.Kind() == reflect.Struct:
		d.mapping(n, v, path)
	case v.Kind() == reflect.Slice:
		d.sequence(n, v, path)
	default:
		d.scalar(n, v, path)
	}
}

// shown is what an error message may say of a value.
func shown(n *yaml.Node, v reflect.Value) string {
	if n.Kind != yaml.ScalarNode {
		return ""
	}
	if v.Type() == reflect.TypeFor[Secret]() && variable.FindString(n.Value) != n.Value {
		return hidden
	}
	return n.Value
}

func (d *decoder) mapping(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.MappingNode {
		d.fail(path, n, "want a mapping with the fields %s", strings.Join(fieldNames(v.Type()), ", "))
		return
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		at := join(path, cmp.Or(key.Value, "?"))
		field, known := fieldByName(v, key.Value)
		line, twice := seen[key.Value]
		seen[key.Value] = key.Line
		switch {
		case !known:
			d.fail(at, key, "unknown field; here may stand %s", strings.Join(fieldNames(v.Type()), ", "))
		case twice:
			d.fail(at, key, "stands here again, after line %d", line)
		default:
			d.decode(value, field, at)
		}
	}
}

func (d *decoder) sequence(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.SequenceNode {
		d.fail(path, n, "want a list")
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
	for i, item := range n.Content {
		d.decode(item, v.Index(i), fmt.Sprintf("%s[%d]", path, i))
	}
}

func (d *decoder) text(n *yaml.Node, to encoding.TextUnmarshaler, path string) {
	if n = d.expand(n, path); n == nil {
		return
	}
	if err := to.UnmarshalText([]byte(n.Value)); err != nil {
		d.fail(path, n, "%s", err)
	}
}

// kinds says what a value of a kind looks like, for error messages.
var kinds = map[reflect.Kind]string{
	reflect.String: "text", reflect.Bool: "true or false", reflect.Int: "a whole number",
	reflect.Int32: "a whole number", reflect.Int64: "a whole number", reflect.Float64: "a number",
}

func (d *decoder) scalar(n *yaml.Node, v reflect.Value, path string) {
	if n = d.expand(n, path); n == nil {
		return
	}
	if v.Kind() == reflect.String {
		v.SetString(n.Value)
		return
	}
	// The library would cut 1.5 down to 1, and its message repeats the value, which may come out of the environment.
	whole := !v.CanInt() || n.ShortTag() == "!!int"
	if err := n.Decode(v.Addr().Interface()); err != nil || !whole {
		d.fail(path, n, "want %s", kinds[v.Kind()])
	}
}

// variable is a reference to the environment; a doubled dollar sign escapes it.
var variable = regexp.MustCompile(`\$?\$\{[^}]*\}`)

// expand replaces references to the environment in a scalar. It is nil, and the problem is noted, when that fails.
//
//	${HOME}     the variable's value; a problem when it is not set
//	$${HOME}    the text ${HOME}
func (d *decoder) expand(n *yaml.Node, path string) *yaml.Node {
	if n.Kind != yaml.ScalarNode {
		d.fail(path, n, "want a single value")
		return nil
	}
	failed := false
	text := variable.ReplaceAllStringFunc(n.Value, func(ref string) string {
		if strings.HasPrefix(ref, "$$") {
			return ref[1:]
		}
		name := ref[2 : len(ref)-1]
		value, ok := d.lookup(name)
		if !ok {
			d.fail(path, n, "the environment variable %s is not set", name)
			failed = true
		}
		return value
	})
	if failed {
		return nil
	}
	if text == n.Value {
		return n
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Value: text, Line: n.Line, Column: n.Column}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func fieldByName(v reflect.Value, name string) (reflect.Value, bool) {
	for i := range v.NumField() {
		if tag, ok := v.Type().Field(i).Tag.Lookup("yaml"); ok && tag == name {
			return v.Field(i), true
		}
	}
	return reflect.Value{}, false
}

func fieldNames(t reflect.Type) []string {
	var names []string
	for i := range t.NumField() {
		if tag, ok := t.Field(i).Tag.Lookup("yaml"); ok {
			names = append(names, tag)
		}
	}
	return names
}

// document parses the text as exactly one YAML document.
func document(text []byte) (*yaml.Node, error) {
	var doc, more yaml.Node
	dec := yaml.NewDecoder(strings.NewReader(string(text)))
	if err := dec.Decode(&doc); err != nil || len(doc.Content) == 0 || doc.Content[0].ShortTag() == "!!null" {
		return nil, syntax(err)
	}
	if dec.Decode(&more) == nil {
		return nil, Problem{Line: more.Line, Message: "a second YAML document; the configuration is one"}
	}
	return doc.Content[0], nil
}

var syntaxLine = regexp.MustCompile(`line (\d+): (.*)`)

// syntax turns an error of the YAML parser into a problem with its line.
func syntax(err error) Problem {
	if err == nil || errors.Is(err, io.EOF) {
		return Problem{Line: 1, Message: "the file is empty"}
	}
	p := Problem{Line: 1, Message: "not YAML: " + strings.TrimPrefix(err.Error(), "yaml: ")}
	if m := syntaxLine.FindStringSubmatch(err.Error()); m != nil {
		_, _ = fmt.Sscan(m[1], &p.Line)
		p.Message = "not YAML: " + m[2]
	}
	return p
}
