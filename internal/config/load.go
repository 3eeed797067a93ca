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

// Load reads a configuration file. The error is [*Problems] if the file has mistakes, or the error of reading it.
func Load(path string) (*Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	c, err := Parse(text, Env{Name: path, Dir: filepath.Dir(path), Lookup: os.LookupEnv, ReadFile: os.ReadFile})
	if err != nil {
		return nil, err
	}
	c.files = append([]string{path}, c.files...)
	return c, nil
}

// Parse decodes a configuration, fills in defaults, reads the files that it refers to, and validates it. Its error is
// [*Problems].
func Parse(text []byte, env Env) (*Config, error) {
	root, err := document(text)
	if err != nil {
		var p Problem
		errors.As(err, &p)
		return nil, &Problems{File: env.Name, All: []Problem{p}}
	}
	c := Default()
	d := &decoder{lookup: env.Lookup, fields: map[string]written{}}
	d.decode(root, reflect.ValueOf(c).Elem(), "")
	v := &validator{env: env, fields: d.fields, problems: d.problems}
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
