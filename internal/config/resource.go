package config

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"

	"go.yaml.in/yaml/v3"
)

// ScalerName is the name of a scaler, namespace/name, and the labels of its file. Both are empty where the file does not say them.
type ScalerName struct {
	Name   string
	Labels map[string]string
}

// LoadScalerName reads the name of the scaler of a file that [LoadScaler] reads.
func LoadScalerName(path string) (ScalerName, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return ScalerName{}, fmt.Errorf("reading the scaler: %w", err)
	}
	var file struct {
		Metadata struct {
			Namespace, Name string
			Labels          map[string]string
		}
		Namespace, Name string
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		return ScalerName{}, fmt.Errorf("reading the name of the scaler of %s: %w", path, err)
	}
	namespace, name := cmp.Or(file.Metadata.Namespace, file.Namespace), cmp.Or(file.Metadata.Name, file.Name)
	if name == "" {
		return ScalerName{Labels: file.Metadata.Labels}, nil
	}
	return ScalerName{namespace + "/" + name, file.Metadata.Labels}, nil
}

// LoadBrakes reads only the brakes of a file: a configuration, or values of the chart, in which they are under config. So neither the
// clusters nor the secrets that the configuration names have to be there. The error is [*Problems] if the brakes have mistakes, or the
// error of reading the file.
func LoadBrakes(path string) (*Brakes, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the brakes: %w", err)
	}
	root, err := document(text)
	if err != nil {
		var p Problem
		errors.As(err, &p)
		return nil, &Problems{File: path, All: []Problem{p}}
	}
	if values := child(root, "config"); values != nil {
		root = values
	}
	node := child(root, "brakes")
	if node == nil {
		return nil, &Problems{File: path, All: []Problem{{Path: "brakes", Line: 1, Message: "is missing: the file must be a configuration with brakes"}}}
	}
	var b Brakes
	d := &decoder{lookup: os.LookupEnv, fields: map[string]written{}}
	d.decode(node, reflect.ValueOf(&b).Elem(), "brakes")
	v := &validator{env: Env{Name: path}, fields: d.fields, problems: d.problems}
	v.brakes(&b)
	if len(v.problems) > 0 {
		p := &Problems{File: path, All: v.problems}
		p.sort()
		return nil, p
	}
	return &b, nil
}

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
