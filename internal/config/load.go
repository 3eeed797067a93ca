package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
)

// Env gives access to environment variables and files. Tests replace them.
type Env struct {
	Name     string                                    // of the configuration file, for error messages
	Dir      string                                    // the folder of relative file names
	Lookup   func(name string) (value string, ok bool) // environment variables
	ReadFile func(name string) ([]byte, error)
}

// Load reads a configuration file, and the files with one cluster each, if it names a directory of them. The error is [*Problems] if a
// file has mistakes, several of them joined if several have, or the error of reading the file.
func Load(path string) (*Config, error) {
	base, err := loadFile(path, nil)
	if err != nil || base.directory == "" {
		return base, err
	}
	parts, err := base.clusterParts()
	if err != nil {
		return nil, err
	}
	c, states := merge(base, parts, nil)
	var wrong []error
	for i, s := range states {
		wrong = append(wrong, s.Err)
		c.files = append(c.files, parts[i].files...)
	}
	if err := errors.Join(wrong...); err != nil {
		return nil, err
	}
	var names []string
	for _, k := range c.Clusters {
		names = append(names, k.Name)
	}
	_, err = loadFile(path, names)
	return c, err
}

// loadFile reads the configuration file alone. The names are those of the clusters that have files of their own; nil: it is not known
// which there are, and what refers to a cluster may name any.
func loadFile(path string, names []string) (*Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	c, err := parseWith(text, Env{Name: path, Dir: filepath.Dir(path), Lookup: os.LookupEnv, ReadFile: os.ReadFile}, names)
	if err != nil {
		return nil, err
	}
	c.files = append([]string{path}, c.files...)
	return c, nil
}

// Parse decodes a configuration, fills in defaults, reads the files that it refers to, and validates it. Its error is
// [*Problems]. It does not read a directory of clusters.
func Parse(text []byte, env Env) (*Config, error) { return parseWith(text, env, nil) }

func parseWith(text []byte, env Env, names []string) (*Config, error) {
	root, err := document(text)
	if err != nil {
		var p Problem
		errors.As(err, &p)
		return nil, &Problems{File: env.Name, All: []Problem{p}}
	}
	c := Default()
	d := &decoder{lookup: env.Lookup, fields: map[string]written{}}
	d.decode(root, reflect.ValueOf(c).Elem(), "")
	v := &validator{env: env, fields: d.fields, problems: d.problems, names: names}
	if d.directory != "" {
		c.directory, c.directoryLine = env.path(d.directory), d.fields["clusters"].line
	}
	v.config(c)
	c.files = v.files
	if len(v.problems) > 0 {
		p := &Problems{File: env.Name, All: v.problems, Files: v.files}
		p.sort()
		return nil, p
	}
	return c, nil
}

// Brokers returns the configuration of a command with --brokers instead of a file: one cluster called default. Its error is
// [*Problems] if an address is not HOST:PORT.
func Brokers(addresses []string) (*Config, error) {
	c := Default()
	cluster := Cluster{Name: "default", Brokers: addresses}
	cluster.setDefaults()
	c.Clusters = []Cluster{cluster}
	v := &validator{env: Env{Name: "--brokers"}}
	v.brokers("brokers", addresses)
	if len(v.problems) > 0 {
		return nil, &Problems{File: v.env.Name, All: v.problems}
	}
	return c, nil
}

// path resolves a file name: a relative name starts at Dir.
func (e Env) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(e.Dir, name)
}

// secretFile returns the text of a file without the line break at its end. An empty file is an error.
func (e Env) secretFile(name string) (string, error) {
	text, err := e.ReadFile(name)
	if err != nil {
		return "", err
	}
	s := strings.TrimRight(string(text), "\r\n")
	if s == "" {
		return "", errors.New("the file is empty")
	}
	return s, nil
}
