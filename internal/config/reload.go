package config

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"sync/atomic"
	"time"

	"github.com/fsnotify/fsnotify"
)

// quietTime is the time without a change after which files are read: an editor or the kubelet writes in several steps.
const quietTime = 200 * time.Millisecond

// LastReload is the result of the last attempt to read the configuration.
type LastReload struct {
	At  time.Time
	Err error // nil: the file was accepted; fields that need a restart apply only after it
}

// Reloader keeps the configuration up to date. If the file becomes invalid, the old configuration stays in force, and
// LastReload has the error. The same holds for each cluster that has a file of its own or was discovered, alone: Parts has its error.
type Reloader struct {
	path    string
	log     *slog.Logger
	files   []string          // of the last attempt, even if the configuration was refused
	seen    [sha256.Size]byte // the hash of the files at the last attempt
	current atomic.Pointer[Config]
	last    atomic.Pointer[LastReload]

	base       *Config            // the configuration file alone, as it is in force
	first      []Part             // that NewReloader read
	directory  string             // of the last attempt
	inForce    map[string]Cluster // of parts, by origin
	states     atomic.Pointer[[]PartState]
	discovered atomic.Pointer[func(*Config) []Part] // the last that were handed over
	handed     chan struct{}                        // there are others
}

// NewReloader loads a file for the first time. It fails if the file is invalid. A cluster whose own file is invalid is left out.
func NewReloader(path string) (*Reloader, error) {
	r := &Reloader{path: path, log: slog.New(slog.DiscardHandler), handed: make(chan struct{}, 1)}
	base, parts, err := r.read()
	if err != nil {
		return nil, err
	}
	r.first = parts
	r.accept(base, r.merge(base, parts))
	r.last.Store(&LastReload{At: time.Now()})
	return r, nil
}

// Config is the configuration of the last file that was accepted. Fields that need a restart are not in force before it:
// internal/daemon restart.go.
func (r *Reloader) Config() *Config { return r.current.Load() }

// LastReload is the result of the last attempt to read the configuration.
func (r *Reloader) LastReload() LastReload { return *r.last.Load() }

// Parts says of each cluster that has a file of its own, or was discovered, how the last attempt to read it ended.
func (r *Reloader) Parts() []PartState { return *r.states.Load() }

// Discovered hands over all clusters that were discovered, instead of those of the last call: their parts by what the configuration file says
// of them. Run puts them into force.
func (r *Reloader) Discovered(parts func(*Config) []Part) {
	r.discovered.Store(&parts)
	select {
	case r.handed <- struct{}{}:
	default:
	}
}

// Run reads the file again at every signal, and whenever the file or a file that it refers to changes. The function apply
// puts the new configuration into force, or returns the reason why it cannot: [Unusable] if only some clusters cannot be opened. Run returns
// when ctx ends, or with an error if it cannot watch files.
//
// Run watches folders, not files: an editor replaces the file, and in the volume of a ConfigMap all files are symbolic
// links through ..data, which the kubelet replaces.
func (r *Reloader) Run(ctx context.Context, log *slog.Logger, signals <-chan os.Signal, apply func(*Config) error) error {
	r.log = log
	r.say(nil)
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watching the configuration: %w", err)
	}
	defer func() { _ = w.Close() }()
	r.watch(w)
	changed := time.NewTimer(quietTime) // runs once at the start, to find changes before the watch
	defer changed.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-signals:
			r.reload(apply)
			r.watch(w)
		case <-r.handed:
			r.reload(apply)
			r.watch(w)
		case <-w.Events:
			changed.Reset(quietTime)
		case err := <-w.Errors:
			r.log.Warn("error while watching the configuration", "error", err)
			changed.Reset(quietTime)
		case <-changed.C:
			if r.hash() != r.seen {
				r.reload(apply)
			}
			r.watch(w)
		}
	}
}

// reload reads everything and puts what can be used of it into force.
func (r *Reloader) reload(apply func(*Config) error) {
	before := r.Parts()
	base, parts, err := r.read()
	if err == nil {
		err = r.put(base, slices.Clone(parts), apply)
	}
	if err != nil && !reflect.DeepEqual(r.merge(r.base, parts).Clusters, r.Config().Clusters) {
		// The file is refused, but the clusters that have files of their own go on.
		err = errors.Join(err, r.put(r.base, parts, apply))
	}
	r.last.Store(&LastReload{At: time.Now(), Err: err})
	r.say(before)
	if err != nil {
		r.log.Error("configuration refused, the old one stays in force", "file", r.path, "error", err)
		return
	}
	r.log.Info("configuration reloaded", "file", r.path)
}

// put merges and applies. Clusters that cannot be opened are put back to what is in force of them, and the others are tried without them.
func (r *Reloader) put(base *Config, parts []Part, apply func(*Config) error) error {
	for {
		c := r.merge(base, parts)
		err := apply(c)
		var failed Unusable
		if errors.As(err, &failed) && r.without(parts, failed) {
			continue
		}
		if err != nil {
			return err
		}
		r.accept(base, c)
		return nil
	}
}

// without marks parts that could not be opened. One that could not even be opened as it was is left out. It reports whether anything is
// different for the next try.
func (r *Reloader) without(parts []Part, failed Unusable) (changed bool) {
	for i := range parts {
		p := &parts[i]
		err, there := failed[p.Origin]
		switch _, old := r.inForce[p.Origin]; {
		case !there:
		case p.Err == nil:
			p.Err, changed = err, true
		case old:
			delete(r.inForce, p.Origin)
			changed = true
		}
	}
	return changed
}

// Open is the first apply: it puts what NewReloader read into force, without the clusters that cannot be opened.
func (r *Reloader) Open(apply func(*Config) error) error {
	r.inForce = nil
	return r.put(r.base, r.first, apply)
}

// say logs the parts whose state is another one than before.
func (r *Reloader) say(before []PartState) {
	was := map[string]string{}
	for _, s := range before {
		was[s.Origin] = fmt.Sprint(s.Err)
	}
	for _, s := range r.Parts() {
		switch {
		case s.Err == nil || was[s.Origin] == s.Err.Error():
		case s.InForce:
			r.log.Error("configuration of a cluster refused, its old one stays in force", "origin", s.Origin, "kafka_cluster", s.Cluster, "error", s.Err)
		default:
			r.log.Error("configuration of a cluster refused, it is not read", "origin", s.Origin, "kafka_cluster", s.Cluster, "error", s.Err)
		}
	}
}

// read reads the configuration file and all parts, and records their files, even if they are refused, so that a correction in any of them
// is found. If the file is refused, the parts are those of the file that is in force.
func (r *Reloader) read() (base *Config, parts []Part, err error) {
	base, err = loadFile(r.path, nil)
	var p *Problems
	switch {
	case err == nil:
		r.files = base.Files()
	case errors.As(err, &p):
		r.files = append([]string{r.path}, p.Files...)
	}
	of := base
	if err != nil {
		of = r.base
	}
	if of != nil {
		r.directory = of.directory
		var failed error
		var found []Part
		if discovered := r.discovered.Load(); discovered != nil {
			found = (*discovered)(of)
		}
		if parts, failed = of.clusterParts(); failed != nil {
			err = errors.Join(err, failed)
			parts = r.unread(found)
		}
		parts = append(parts, found...)
	}
	for _, p := range parts {
		r.files = append(r.files, p.files...)
	}
	r.seen = r.hash()
	return base, parts, err
}

// unread are the parts in force that have files, if the directory cannot be read: it is not known that any of them is gone.
func (r *Reloader) unread(discovered []Part) (parts []Part) {
	for _, s := range r.Parts() {
		c, ok := r.inForce[s.Origin]
		if ok && !slices.ContainsFunc(discovered, func(p Part) bool { return p.Origin == s.Origin }) {
			parts = append(parts, Part{Origin: s.Origin, Cluster: c, Err: s.Err})
		}
	}
	return parts
}

// merge adds the parts to the configuration file, and publishes their states.
func (r *Reloader) merge(base *Config, parts []Part) *Config {
	c, states := merge(base, parts, r.inForce)
	r.states.Store(&states)
	return c
}

// accept makes a configuration the one in force.
func (r *Reloader) accept(base, c *Config) {
	r.base, r.inForce = base, map[string]Cluster{}
	for _, k := range c.Clusters {
		if k.origin != "" {
			r.inForce[k.origin] = k
		}
	}
	r.current.Store(c)
}

// hash is that of all files, and of which files the directory has.
func (r *Reloader) hash() [sha256.Size]byte {
	files := slices.Clone(r.files)
	if r.directory != "" {
		found, _ := clusterFiles(r.directory) // an error shows when it is read
		files = append(files, found...)
	}
	return hashOf(files)
}

// watch adds the folders of all files, and of the targets of symbolic links; with a directory of clusters, that and its folders.
func (r *Reloader) watch(w *fsnotify.Watcher) {
	watched := w.WatchList()
	files := slices.Clone(r.files)
	if r.directory != "" {
		files = append(files, filepath.Join(r.directory, "*"))
		inner, _ := filepath.Glob(files[len(files)-1]) // the pattern is fine
		for _, path := range inner {
			if info, err := os.Stat(path); err == nil && info.IsDir() {
				files = append(files, filepath.Join(path, "*"))
			}
		}
	}
	for _, file := range files {
		dirs := []string{filepath.Dir(file)}
		if real, err := filepath.EvalSymlinks(file); err == nil {
			dirs = append(dirs, filepath.Dir(real))
		}
		for _, dir := range dirs {
			if slices.Contains(watched, dir) {
				continue
			}
			if err := w.Add(dir); err != nil {
				r.log.Warn("cannot watch a directory; send SIGHUP after a change in it", "directory", dir, "error", err)
			}
		}
	}
}

// hashOf is a hash of the contents of files. For a file that cannot be read it uses the error instead.
func hashOf(files []string) [sha256.Size]byte {
	h := sha256.New()
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			text = []byte(err.Error())
		}
		fmt.Fprintf(h, "%s %d\n%s", file, len(text), text)
	}
	return [sha256.Size]byte(h.Sum(nil))
}
