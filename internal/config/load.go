package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
)

// Env is the world a configuration is read in.
type Env struct {
	Name     string                                    // of the file, for error messages
	Dir      string                                    // relative file names start here
	Lookup   func(name string) (value string, ok bool) // environment variables
	ReadFile func(name string) ([]byte, error)
}

// Load reads a configuration file. A file that is wrong gives [*Problems]; one that cannot be read, its error.
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

// Parse decodes, completes and validates a configuration. Its error is [*Problems].
func Parse(text []byte, env Env) (*Config, error) {
	root, err := document(text)
	if err != nil {
		var p Problem
		errors.As(err, &p)
		return nil, &Problems{File: env.Name, All: []Problem{p}}
	}
	c := Default()
	d := &decoder{lookup: env.Lookup, places: map[string]place{}}
	d.decode(root, reflect.ValueOf(c).Elem(), "")
	v := &validator{env: env, places: d.places, problems: d.problems}
	v.config(c)
	c.files = v.files
	if len(v.problems) > 0 {
		p := &Problems{File: env.Name, All: v.problems, Files: v.files}
		p.sort()
		return nil, p
	}
	return c, nil
}

// Brokers is the configuration of a command that was given bootstrap addresses and no file.
// Its error is [*Problems]: an address is not HOST:PORT.
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

// path is a file name as the program opens it.
func (e Env) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(e.Dir, name)
}

// secretFile is a file's text without the line break at its end.
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
