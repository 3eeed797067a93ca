// Package frozen holds the names that users rely on: metrics and labels, reasons, fields of the KafkaScaler,
// configuration keys, JSON keys, annotations, flags, saved memory, recordings.
//
// Each kind of name has a list in this folder, one name per line. A test beside the code that defines the names gives
// the present ones to [Hold]:
//
//	a name of the list is gone or has another name    the test fails
//	a name is new                                     nothing; `make freeze` adds it to the list before a release
//
// Saved memory and recordings are read for ever, so their keys stay even when nothing writes them any more.
package frozen

import (
	"encoding"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// addNames is the environment variable under which Hold adds new names to the lists. It never removes one.
const addNames = "LAGSCALER_FREEZE"

// Hold fails the test for every name of the list that is not among the present ones.
func Hold(t testing.TB, list string, present []string) {
	t.Helper()
	file := filepath.Join(root(t), "internal", "frozen", list+".txt")
	text, err := os.ReadFile(file)
	if err != nil && os.Getenv(addNames) == "" {
		t.Fatalf("frozen names: %v", err)
	}
	names := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(present) == 0 || len(text) == 0 && os.Getenv(addNames) == "" {
		t.Fatalf("frozen names: %s: nothing to compare", list)
	}
	for _, name := range names {
		if name != "" && !slices.Contains(present, name) {
			t.Errorf("%s: %q is frozen, and gone or renamed: users rely on it", list, name)
		}
	}
	if os.Getenv(addNames) == "" {
		return
	}
	names = append(names, present...)
	slices.Sort(names)
	names = slices.DeleteFunc(slices.Compact(names), func(name string) bool { return name == "" })
	if err := os.WriteFile(file, []byte(strings.Join(names, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

// root is the folder of go.mod.
func root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "internal", "frozen", "frozen.go")); err == nil {
			return dir
		}
		if parent := filepath.Dir(dir); parent != dir {
			dir = parent
			continue
		}
		t.Fatal("frozen names: no folder above the test holds internal/frozen")
	}
}

// Keys are the paths of the keys under which a value of type t is written: tag is json or yaml. A list or a map adds []
// to the path. A struct that writes itself as text, or in a form of its own, counts as one key.
//
//	struct{ A []struct{ B int `json:"b"` } `json:"a"` }    a[]  a[].b
func Keys(t reflect.Type, tag string) []string {
	var w walk
	w.tag = tag
	w.visit(t, "", nil)
	slices.Sort(w.paths)
	return slices.Compact(w.paths)
}

type walk struct {
	tag   string
	paths []string
}

func (w *walk) visit(t reflect.Type, path string, above []reflect.Type) {
	for {
		switch t.Kind() {
		case reflect.Pointer:
			t = t.Elem()
			continue
		case reflect.Slice, reflect.Array, reflect.Map:
			if t.Elem().Kind() != reflect.Uint8 {
				path += "[]"
			}
			t = t.Elem()
			continue
		}
		break
	}
	if path != "" {
		w.paths = append(w.paths, path)
	}
	if t.Kind() != reflect.Struct || writesItself(t) || slices.Contains(above, t) {
		return
	}
	above = append(slices.Clip(above), t)
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get(w.tag), ",")
		switch {
		case name == "-", !f.IsExported() && !f.Anonymous, w.tag == "yaml" && name == "":
		case name == "" && f.Anonymous || strings.Contains(options, "inline"):
			w.visitEmbedded(f.Type, path, above)
		default:
			if name == "" {
				name = f.Name
			}
			w.visit(f.Type, join(path, name), above)
		}
	}
}

func (w *walk) visitEmbedded(t reflect.Type, path string, above []reflect.Type) {
	before := len(w.paths)
	w.visit(t, path, above)
	if path != "" && before < len(w.paths) && w.paths[before] == path {
		w.paths = slices.Delete(w.paths, before, before+1)
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func writesItself(t reflect.Type) bool {
	for _, as := range []reflect.Type{
		reflect.TypeFor[encoding.TextMarshaler](), reflect.TypeFor[json.Marshaler](), reflect.TypeFor[time.Time](),
	} {
		if t == as || as.Kind() == reflect.Interface && (t.Implements(as) || reflect.PointerTo(t).Implements(as)) {
			return true
		}
	}
	return false
}
