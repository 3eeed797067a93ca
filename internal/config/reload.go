package config

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
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
// LastReload has the error.
type Reloader struct {
	path    string
	log     *slog.Logger
	files   []string          // of the last attempt, even if the configuration was refused
	seen    [sha256.Size]byte // the hash of the files at the last attempt
	current atomic.Pointer[Config]
	last    atomic.Pointer[LastReload]
}

// NewReloader loads a file for the first time. It fails if the file is invalid.
func NewReloader(path string) (*Reloader, error) {
	r := &Reloader{path: path}
	c, err := Load(path)
	if err != nil {
		return nil, err
	}
	r.files = c.Files()
	r.seen = hashOf(r.files)
	r.current.Store(c)
	r.last.Store(&LastReload{At: time.Now()})
	return r, nil
}

// Config is the configuration of the last file that was accepted. Fields that need a restart are not in force before it:
// internal/daemon restart.go.
func (r *Reloader) Config() *Config { return r.current.Load() }

// LastReload is the result of the last attempt to read the configuration.
func (r *Reloader) LastReload() LastReload { return *r.last.Load() }

// Run reads the file again at every signal, and whenever the file or a file that it refers to changes. The function apply
// puts the new configuration into force, or returns the reason why it cannot. Run returns when ctx ends, or with an error if
// it cannot watch files.
//
// Run watches folders, not files: an editor replaces the file, and in the volume of a ConfigMap all files are symbolic
// links through ..data, which the kubelet replaces.
func (r *Reloader) Run(ctx context.Context, log *slog.Logger, signals <-chan os.Signal, apply func(*Config) error) error {
	r.log = log
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
		case <-w.Events:
			changed.Reset(quietTime)
		case err := <-w.Errors:
			r.log.Warn("error while watching the configuration", "error", err)
			changed.Reset(quietTime)
		case <-changed.C:
			if hashOf(r.files) != r.seen {
				r.reload(apply)
				r.watch(w)
			}
		}
	}
}

func (r *Reloader) reload(apply func(*Config) error) {
	c, err := r.load()
	r.seen = hashOf(r.files)
	if err == nil {
		err = apply(c)
	}
	r.last.Store(&LastReload{At: time.Now(), Err: err})
	if err != nil {
		r.log.Error("configuration refused, the old one stays in force", "file", r.path, "error", err)
		return
	}
	r.current.Store(c)
	r.log.Info("configuration reloaded", "file", r.path)
}

// load reads the configuration and records its files, even if it is refused, so that a correction in any of them is found.
func (r *Reloader) load() (*Config, error) {
	c, err := Load(r.path)
	var p *Problems
	switch {
	case err == nil:
		r.files = c.Files()
	case errors.As(err, &p):
		r.files = append([]string{r.path}, p.Files...)
	}
	return c, err
}

// watch adds the folders of all files, and of the targets of symbolic links.
func (r *Reloader) watch(w *fsnotify.Watcher) {
	watched := w.WatchList()
	for _, file := range r.files {
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
