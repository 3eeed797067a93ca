package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"

	"go.yaml.in/yaml/v3"
)

// LoadScaler reads a file with one scaler: a KafkaScaler resource, or an entry of the list scalers. Only its spec counts,
// and clusters are not looked up. A file that is wrong gives [*Problems]; one that cannot be read, its error.
func LoadScaler(path string) (ScalerSpec, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return ScalerSpec{}, fmt.Errorf("reading the scaler: %w", err)
	}
	return parseScaler(text, Env{Name: path, Dir: filepath.Dir(path), Lookup: os.LookupEnv, ReadFile: os.ReadFile})
}

func parseScaler(text []byte, env Env) (ScalerSpec, error) {
	root, err := document(text)
	if err != nil {
		var p Problem
		errors.As(err, &p)
		return ScalerSpec{}, &Problems{File: env.Name, All: []Problem{p}}
	}
	node := child(root, "spec")
	if node == nil {
		return ScalerSpec{}, &Problems{File: env.Name, All: []Problem{{Path: "spec", Line: 1, Message: "is missing: want a KafkaScaler"}}}
	}
	var s ScalerSpec
	d := &decoder{lookup: env.Lookup, places: map[string]place{}}
	d.decode(node, reflect.ValueOf(&s).Elem(), "spec")
	v := &validator{env: env, places: d.places, problems: d.problems}
	var clusters []string
	for _, src := range s.Sources {
		clusters = append(clusters, src.Cluster)
	}
	v.spec("spec", &s, clusters)
	if len(v.problems) > 0 {
		p := &Problems{File: env.Name, All: v.problems}
		p.sort()
		return ScalerSpec{}, p
	}
	return s, nil
}

// child is the value of a key of a mapping; nil when there is none.
func child(n *yaml.Node, key string) *yaml.Node {
	for i := 0; n != nil && n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}
