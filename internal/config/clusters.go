package config

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
)

// Origin says where a cluster is configured: the path of its own file, or the object that it was discovered from. It is empty for a
// cluster of the configuration file itself.
func (c *Cluster) Origin() string { return c.origin }

// Part is the configuration of one cluster that does not stand in the configuration file: a file of the directory that `clusters` names,
// or an object that was discovered. A mistake in one part does not concern any other.
type Part struct {
	Origin  string
	Cluster Cluster // without a meaning if Err is set, except for the name, if it is known
	Err     error   // why it cannot be used

	files []string // the files that it refers to
}

// PartState is how the last attempt to use a part ended.
type PartState struct {
	Origin  string
	Cluster string // its name; empty if it was never known
	Err     error  // nil: it is in force
	InForce bool   // it is in force, or an older configuration of it is
}

// Unusable are clusters that cannot be opened, by their origin, although their configuration is valid: for example a file with
// certificates that holds none.
type Unusable map[string]error

// Error lists them, one per line.
func (u Unusable) Error() string {
	var lines []string
	for _, origin := range slices.Sorted(maps.Keys(u)) {
		lines = append(lines, fmt.Sprintf("%s: %v", origin, u[origin]))
	}
	return strings.Join(lines, "\n")
}

// clusterFiles are the files of a directory that have one cluster each, sorted: *.yaml and *.yml in it and in its folders, as ConfigMaps
// are mounted side by side. What begins with a dot is left out: editors and the kubelet keep their own files there.
func clusterFiles(dir string) ([]string, error) {
	var files []string
	visible := func(in string) ([]os.DirEntry, error) {
		all, err := os.ReadDir(in)
		return slices.DeleteFunc(all, func(e os.DirEntry) bool { return strings.HasPrefix(e.Name(), ".") }), err
	}
	entries, err := visible(dir)
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		info, failed := os.Stat(path) // through symbolic links, as which ConfigMaps have their files
		switch {
		case failed != nil:
			err = errors.Join(err, failed)
		case !info.IsDir():
			files = append(files, path)
		default:
			inner, failed := visible(path)
			err = errors.Join(err, failed)
			for _, e := range inner {
				files = append(files, filepath.Join(path, e.Name()))
			}
		}
	}
	files = slices.DeleteFunc(files, func(f string) bool { return filepath.Ext(f) != ".yaml" && filepath.Ext(f) != ".yml" })
	slices.Sort(files)
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading the directory: %w", err)
	case len(files) == 0:
		return nil, errors.New("the directory has no file *.yaml or *.yml with a cluster")
	}
	return files, nil
}

// clusterParts reads the files of the directory. An error means that it cannot be said which clusters there are.
func (c *Config) clusterParts() ([]Part, error) {
	if c.directory == "" {
		return nil, nil
	}
	files, err := clusterFiles(c.directory)
	if err != nil {
		return nil, &Problems{File: c.file(), All: []Problem{{Path: "clusters", Line: c.directoryLine, Value: c.directory, Message: err.Error()}}, Files: c.files}
	}
	parts := make([]Part, 0, len(files))
	for _, file := range files {
		p := Part{Origin: file, files: []string{file}}
		text, err := os.ReadFile(file)
		if p.Err = err; err == nil {
			p.parse(text, Env{Name: file, Dir: filepath.Dir(file), Lookup: os.LookupEnv, ReadFile: os.ReadFile}, c.Interval)
		}
		parts = append(parts, p)
	}
	return parts, nil
}

// file is the name of the configuration file.
func (c *Config) file() string {
	if len(c.files) == 0 {
		return ""
	}
	return c.files[0]
}

// parse decodes and validates the one cluster of a file. Its error is [*Problems].
func (p *Part) parse(text []byte, env Env, interval Duration) {
	const at = "cluster"
	root, err := document(text)
	if err != nil {
		var mistake Problem
		errors.As(err, &mistake)
		p.Err = &Problems{File: env.Name, All: []Problem{mistake}}
		return
	}
	d := &decoder{lookup: env.Lookup, fields: map[string]written{}}
	d.decode(root, reflect.ValueOf(&p.Cluster).Elem(), at)
	v := &validator{env: env, fields: d.fields, problems: d.problems, interval: interval}
	v.cluster(at, &p.Cluster, nil)
	p.files = append(p.files, v.files...)
	p.Cluster.origin = p.Origin
	if len(v.problems) > 0 {
		for i := range v.problems { // the file is the cluster
			v.problems[i].Path = strings.TrimPrefix(strings.TrimPrefix(v.problems[i].Path, at), ".")
		}
		problems := &Problems{File: env.Name, All: v.problems, Files: v.files}
		problems.sort()
		p.Err = problems
	}
}

// merger gives names to clusters.
type merger struct {
	base    *Config
	parts   []Part
	inForce map[string]Cluster // by origin
	taken   map[string]string  // names, and the origins that have them
	used    []*Cluster         // of each part
}

// merge adds the clusters of parts to those of a configuration file. A part that cannot be used keeps what is in force of it, if anything
// is. It returns the configuration and the state of every part, in the order of the parts.
//
//	a name that two have              has it
//	the configuration file and a part the configuration file
//	a part that is in force with it   that part: the mistake is in the one that came later
//	two that are new                  the first one
func merge(base *Config, parts []Part, inForce map[string]Cluster) (*Config, []PartState) {
	m := merger{base: base, parts: slices.Clone(parts), inForce: inForce, taken: map[string]string{}, used: make([]*Cluster, len(parts))}
	for _, c := range base.Clusters {
		m.taken[c.Name] = c.origin
	}
	m.sameNames()
	m.otherNames()
	merged, states := *base, make([]PartState, len(parts))
	merged.Clusters = slices.Clone(base.Clusters)
	for i, p := range m.parts {
		states[i] = PartState{Origin: p.Origin, Cluster: p.Cluster.Name, Err: p.Err, InForce: m.used[i] != nil}
		if c := m.used[i]; c != nil {
			states[i].Cluster = c.Name
			merged.Clusters = append(merged.Clusters, *c)
		}
	}
	return &merged, states
}

// sameNames uses the parts that keep the name that is in force: valid ones as they are now, others as they were.
func (m *merger) sameNames() {
	for i := range m.parts {
		switch p, old := &m.parts[i], m.old(i); {
		case old == nil:
		case p.Err != nil:
			m.use(i, old)
		case old.Name == p.Cluster.Name:
			m.use(i, &p.Cluster)
		}
	}
}

// otherNames uses the parts that are new, or have another name than before. One whose name is taken stays as it was.
func (m *merger) otherNames() {
	for i := range m.parts {
		p := &m.parts[i]
		if p.Err != nil || m.used[i] != nil || m.use(i, &p.Cluster) {
			continue
		}
		by := cmp.Or(m.taken[p.Cluster.Name], m.base.file())
		p.Err = &Problems{File: p.Origin, All: []Problem{{Path: "name", Value: p.Cluster.Name, Message: "is also the name of a cluster of " + by}}}
	}
	for i := range m.parts {
		if old := m.old(i); old != nil && m.used[i] == nil {
			m.use(i, old)
		}
	}
}

// old is what is in force of a part; nil: nothing.
func (m *merger) old(i int) *Cluster {
	if c, ok := m.inForce[m.parts[i].Origin]; ok {
		return &c
	}
	return nil
}

// use gives a part its cluster, if the name is free.
func (m *merger) use(i int, c *Cluster) bool {
	if _, taken := m.taken[c.Name]; taken {
		return false
	}
	m.taken[c.Name], m.used[i] = m.parts[i].Origin, c
	return true
}
