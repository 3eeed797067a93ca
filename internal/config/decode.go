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

// This package walks over the document itself and uses the library only to decode scalars. The strict decoding of the
// library (Decoder.KnownFields) reports a line but no path, and stops at the first error of a TextUnmarshaler.

// written is a field as it is written in the file.
type written struct {
	line  int
	value string // before the expansion of ${VAR}; secrets hidden; empty for lists and mappings
}

// decoder fills a struct from a document and records the line and the text of every field.
type decoder struct {
	lookup   func(name string) (value string, ok bool) // the environment
	fields   map[string]written                        // by path
	problems []Problem

	directory string // of the files with one cluster each, if clusters is the name of one
}

// addProblem reports a mistake in a field.
func (d *decoder) addProblem(path string, n *yaml.Node, format string, args ...any) {
	p := Problem{Path: path, Line: n.Line, Message: fmt.Sprintf(format, args...)}
	if f, ok := d.fields[path]; ok {
		p.Value = f.value
	}
	d.problems = append(d.problems, p)
}

// decode decodes one value into v, which must be settable. Fields that the document lacks keep their value, the default.
func (d *decoder) decode(n *yaml.Node, v reflect.Value, path string) {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	d.fields[path] = written{line: n.Line, value: printable(n, v)}
	if n.ShortTag() == "!!null" {
		d.addProblem(path, n, "has no value; set one or remove the line")
		return
	}
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	if p, ok := v.Addr().Interface().(defaulter); ok {
		p.setDefaults()
	}
	text, isText := v.Addr().Interface().(encoding.TextUnmarshaler)
	switch {
	case isText:
		d.text(n, text, path)
	case v.Kind() == reflect.Struct:
		d.mapping(n, v, path)
	case v.Kind() == reflect.Slice:
		d.sequence(n, v, path)
	case v.Kind() == reflect.Map:
		d.texts(n, v, path)
	default:
		d.scalar(n, v, path)
	}
}

// printable is the text of a value for error messages. It hides a secret, also one in a URL, but shows a reference such as ${VAR}.
func printable(n *yaml.Node, v reflect.Value) string {
	if n.Kind != yaml.ScalarNode {
		return ""
	}
	if v.Type() == reflect.TypeFor[Secret]() && variable.FindString(n.Value) != n.Value {
		return hiddenSecret
	}
	if v.Type() == reflect.TypeFor[TokenURL]() {
		return TokenURL(n.Value).String()
	}
	return n.Value
}

func (d *decoder) mapping(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.MappingNode {
		d.addProblem(path, n, "must be a mapping with the fields %s", strings.Join(fieldNames(v.Type()), ", "))
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
			d.addProblem(at, key, "unknown field; the fields are %s", strings.Join(fieldNames(v.Type()), ", "))
		case twice:
			d.addProblem(at, key, "is set twice; the first is in line %d", line)
		default:
			d.decode(value, field, at)
		}
	}
}

func (d *decoder) sequence(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind == yaml.ScalarNode && path == "clusters" {
		if n = d.expand(n, path); n != nil {
			d.directory = n.Value
		}
		return
	}
	if n.Kind != yaml.SequenceNode {
		d.addProblem(path, n, "must be a list")
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
	for i, item := range n.Content {
		d.decode(item, v.Index(i), fmt.Sprintf("%s[%d]", path, i))
	}
}

// texts decodes a mapping from names that the user chooses to texts.
func (d *decoder) texts(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.MappingNode {
		d.addProblem(path, n, "must be a mapping from names to texts")
		return
	}
	v.Set(reflect.MakeMapWithSize(v.Type(), len(n.Content)/2))
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], reflect.New(v.Type().Elem()).Elem()
		at := join(path, cmp.Or(key.Value, "?"))
		if v.MapIndex(reflect.ValueOf(key.Value)).IsValid() {
			d.addProblem(at, key, "is set twice")
			continue
		}
		d.decode(n.Content[i+1], value, at)
		v.SetMapIndex(reflect.ValueOf(key.Value), value)
	}
}

func (d *decoder) text(n *yaml.Node, to encoding.TextUnmarshaler, path string) {
	if n = d.expand(n, path); n == nil {
		return
	}
	if err := to.UnmarshalText([]byte(n.Value)); err != nil {
		d.addProblem(path, n, "%s", err)
	}
}

// kindNames describe the values of a kind in error messages.
var kindNames = map[reflect.Kind]string{
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
	// The library would truncate 1.5 to 1. Its error is not used, because it has the value, which may come from the environment.
	whole := !v.CanInt() || n.ShortTag() == "!!int"
	if err := n.Decode(v.Addr().Interface()); err != nil || !whole {
		d.addProblem(path, n, "must be %s", kindNames[v.Kind()])
	}
}

// variable is a reference to an environment variable. A second dollar sign escapes it.
var variable = regexp.MustCompile(`\$?\$\{[^}]*\}`)

// expand replaces the references to environment variables in a scalar. It returns nil if it has reported a problem.
//
//	${HOME}     the value of the variable; a problem if it is not set
//	$${HOME}    the text ${HOME}
func (d *decoder) expand(n *yaml.Node, path string) *yaml.Node {
	if n.Kind != yaml.ScalarNode {
		d.addProblem(path, n, "must be a single value")
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
			d.addProblem(path, n, "the environment variable %s is not set", name)
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
		return nil, syntax(text, err)
	}
	if dec.Decode(&more) == nil {
		return nil, Problem{Line: more.Line, Message: "a second YAML document; only one is allowed"}
	}
	return doc.Content[0], nil
}

var (
	syntaxLine = regexp.MustCompile(`line (\d+): (.*)`)
	anchor     = regexp.MustCompile(`unknown anchor '(.*)' referenced`)
)

// syntax turns an error of the YAML parser into a problem with its line. It does not repeat the name of an anchor: a password that
// begins with * looks like one.
func syntax(text []byte, err error) Problem {
	if err == nil || errors.Is(err, io.EOF) {
		return Problem{Line: 1, Message: "the file is empty"}
	}
	if m := anchor.FindStringSubmatch(err.Error()); m != nil {
		before, _, _ := strings.Cut(string(text), "*"+m[1])
		return Problem{Line: 1 + strings.Count(before, "\n"), Message: "not YAML: a value that begins with * needs quotes"}
	}
	p := Problem{Line: 1, Message: "not YAML: " + strings.TrimPrefix(err.Error(), "yaml: ")}
	if m := syntaxLine.FindStringSubmatch(err.Error()); m != nil {
		_, _ = fmt.Sscan(m[1], &p.Line)
		p.Message = "not YAML: " + m[2]
	}
	return p
}
