package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"

	"go.yaml.in/yaml/v3"
)

// LoadScaler reads a file with one scaler: a KafkaScaler resource, or an entry of the list scalers. It only reads the field
// spec, and does not check whether the clusters exist. The error is [*Problems] if the file has mistakes, or the error of
// reading it.
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
		return ScalerSpec{}, &Problems{File: env.Name, All: []Problem{{Path: "spec", Line: 1, Message: "is missing: the file must be a KafkaScaler"}}}
	}
	var s ScalerSpec
	d := &decoder{lookup: env.Lookup, fields: map[string]written{}}
	d.decode(node, reflect.ValueOf(&s).Elem(), "spec")
	v := &validator{env: env, fields: d.fields, problems: d.problems}
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

// child is the value of a key in a mapping; nil if the key is missing.
func child(n *yaml.Node, key string) *yaml.Node {
	for i := 0; n != nil && n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}
