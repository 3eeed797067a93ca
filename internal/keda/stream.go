package keda

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// object is a ScaledObject with its place in the input.
type object struct {
	place string // such as document 2, items[3]
	in    scaledObject
	node  *yaml.Node
	extra []string // paths of the fields that scaledObject does not have
}

// name is the name for comments and errors.
func (o object) name() string {
	if ns := o.in.Metadata.Namespace; ns != "" {
		return ns + "/" + o.in.Metadata.Name
	}
	return o.in.Metadata.Name
}

// input is what a text has.
type input struct {
	objects []object
	others  map[string][]string // objects of other kinds: kind -> names
	errs    []error
	fields  fields
}

// read reads every document of a text, and every item of its lists. A document that is broken does not hide the others.
func read(text []byte) *input {
	in := &input{others: map[string][]string{}, fields: fields{}}
	place := 0
	for _, marked := range documents(string(text)) {
		for _, d := range marked.values() {
			place++
			in.document(fmt.Sprintf("document %d", place), d)
		}
	}
	return in
}

// document reads one document. What follows its object without a marker is an error: the parser ends at it, in silence.
func (in *input) document(place string, d document) {
	var n, rest yaml.Node
	decoder := yaml.NewDecoder(strings.NewReader(d.text))
	if err := decoder.Decode(&n); err != nil {
		in.fail(place, d.line, err)
		return
	}
	if err := decoder.Decode(&rest); !errors.Is(err, io.EOF) {
		in.errs = append(in.errs, fmt.Errorf("%s: something follows its object: a line --- must be between two documents", place))
		return
	}
	if len(n.Content) > 0 && n.Content[0].ShortTag() != "!!null" {
		in.object(place, "", d.line, n.Content[0])
	}
}

// fail adds what the YAML parser says, with the lines of the stream.
func (in *input) fail(place string, line int, err error) {
	all := []string{strings.TrimPrefix(err.Error(), "yaml: ")}
	if several := (*yaml.TypeError)(nil); errors.As(err, &several) {
		all = several.Errors
	}
	for _, text := range all {
		text = lineNumber.ReplaceAllStringFunc(text, func(s string) string {
			n, _ := strconv.Atoi(s[len("line "):])
			return fmt.Sprintf("line %d", n+line-1)
		})
		in.errs = append(in.errs, fmt.Errorf("%s: reading YAML: %s", place, text))
	}
}

var lineNumber = regexp.MustCompile(`line \d+`)

// head is what every Kubernetes object has.
type head struct {
	APIVersion string      `yaml:"apiVersion"`
	Kind       string      `yaml:"kind"`
	Metadata   metadata    `yaml:"metadata"`
	Items      []yaml.Node `yaml:"items"`
}

// object reads an object. kind is the kind of one that does not say it, as in a ScaledObjectList.
//
//	List, ScaledObjectList     its items
//	ScaledObject               an object
//	any other kind             named, not converted
//	no object                  an error
func (in *input) object(place, kind string, line int, n *yaml.Node) {
	if n.Kind != yaml.MappingNode {
		in.errs = append(in.errs, fmt.Errorf("%s: is no Kubernetes object", place))
		return
	}
	var h head
	if err := n.Decode(&h); err != nil {
		in.fail(place, line, err)
		return
	}
	if h.Kind == "" {
		h.Kind = kind
	}
	switch h.Kind {
	case "":
		in.errs = append(in.errs, fmt.Errorf("%s: kind is missing", place))
	case "List", "ScaledObjectList":
		for i := range h.Items {
			in.object(fmt.Sprintf("%s, items[%d]", place, i), strings.TrimSuffix(h.Kind, "List"), line, &h.Items[i])
		}
	case "ScaledObject":
		in.scaledObject(place, line, n)
	default:
		in.others[h.Kind] = append(in.others[h.Kind], h.Metadata.Name)
	}
}

func (in *input) scaledObject(place string, line int, n *yaml.Node) {
	o := object{place: place, node: n}
	if err := n.Decode(&o.in); err != nil {
		in.fail(place, line, err)
		return
	}
	if v := o.in.APIVersion; v != "" && !strings.HasPrefix(v, "keda.sh/") {
		in.errs = append(in.errs, fmt.Errorf("%s: ScaledObject %s: apiVersion: %q is not keda.sh/v1alpha1", place, o.name(), v))
		return
	}
	o.extra = in.fields.unknown(n, reflect.TypeFor[scaledObject](), "")
	in.objects = append(in.objects, o)
}

// fields has the fields of every type by their name in YAML.
type fields map[reflect.Type]map[string]reflect.Type

func (f fields) of(t reflect.Type) map[string]reflect.Type {
	if f[t] == nil {
		f[t] = map[string]reflect.Type{}
		for i := range t.NumField() {
			f[t][t.Field(i).Tag.Get("yaml")] = t.Field(i).Type
		}
	}
	return f[t]
}

// unknown lists the paths of the fields of n that the type does not have, so that a field of a newer KEDA is named.
func (f fields) unknown(n *yaml.Node, t reflect.Type, at string) (paths []string) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case n.Kind == yaml.AliasNode:
		return f.unknown(n.Alias, t, at)
	case n.Kind == yaml.SequenceNode && t.Kind() == reflect.Struct: // <<: [*defaults, *others]
		for _, item := range n.Content {
			paths = append(paths, f.unknown(item, t, at)...)
		}
	case n.Kind == yaml.SequenceNode && t.Kind() == reflect.Slice:
		for i, item := range n.Content {
			paths = append(paths, f.unknown(item, t.Elem(), fmt.Sprintf("%s[%d]", at, i))...)
		}
	case n.Kind == yaml.MappingNode && t.Kind() == reflect.Struct:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].ShortTag() == "!!merge" { // <<: *defaults
				paths = append(paths, f.unknown(n.Content[i+1], t, at)...)
				continue
			}
			key := n.Content[i].Value
			path := strings.TrimPrefix(at+"."+key, ".")
			if field, ok := f.of(t)[key]; !ok {
				paths = append(paths, path)
			} else {
				paths = append(paths, f.unknown(n.Content[i+1], field, path)...)
			}
		}
	}
	return paths
}

// nothing is the error for an input of which nothing can be converted: it names what is there.
func (in *input) nothing() error {
	if others := in.otherKinds(); others != "" {
		return errors.New("the input has no ScaledObject (keda.sh/v1alpha1) to convert, only " + others)
	}
	return errors.New("the input has no ScaledObject (keda.sh/v1alpha1)")
}

// otherKinds names the objects that are not ScaledObjects, such as 2 TriggerAuthentication (kafka, mail). It names at most
// five of a kind.
func (in *input) otherKinds() string {
	var kinds []string
	for kind, names := range in.others {
		list := strings.Join(names[:min(5, len(names))], ", ")
		if len(names) > 5 {
			list += ", …"
		}
		kinds = append(kinds, fmt.Sprintf("%d %s (%s)", len(names), kind, list))
	}
	slices.Sort(kinds)
	return strings.Join(kinds, ", ")
}

// document is a YAML document of a stream, and the line of the stream at which it begins.
type document struct {
	text string
	line int
}

// documents splits a stream at its markers, so that a syntax error of one document does not hide those after it. A line that
// begins with a marker ends a document wherever it is, in a block of text too (YAML 1.2, 9.1.2). Parts that have only comments
// and directives are no documents.
func documents(stream string) (all []document) {
	d, content := document{line: 1}, false
	var text strings.Builder
	flush := func(next int) {
		if content {
			d.text = text.String()
			all = append(all, d)
		}
		d, content = document{line: next}, false
		text.Reset()
	}
	number := 0
	for line := range strings.Lines(stream) {
		number++
		bare := strings.TrimRight(line, " \t\r\n")
		if rest, ok := strings.CutPrefix(bare, "---"); ok && (rest == "" || rest[0] == ' ' || rest[0] == '\t') {
			flush(number)
			text.WriteString("   " + line[len("---"):])
			content = notComment(rest)
			continue
		}
		if bare == "..." {
			flush(number + 1)
			continue
		}
		text.WriteString(line)
		content = content || notComment(bare) && bare[0] != '%'
	}
	flush(number)
	return all
}

// values are the JSON objects of a document that has several, one after another: so kubectl and jq print them. Any other document
// is one.
func (d document) values() (all []document) {
	decoder := json.NewDecoder(strings.NewReader(d.text))
	for at := 0; ; at = int(decoder.InputOffset()) {
		var value json.RawMessage
		switch err := decoder.Decode(&value); {
		case errors.Is(err, io.EOF) && len(all) > 0:
			return all
		case err != nil || value[0] != '{':
			return []document{d}
		}
		before := int(decoder.InputOffset()) - len(value)
		all = append(all, document{string(value), d.line + strings.Count(d.text[:max(at, before)], "\n")})
	}
}

func notComment(line string) bool {
	line = strings.TrimLeft(line, " \t\ufeff")
	return line != "" && line[0] != '#'
}
