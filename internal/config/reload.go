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

// settle is how long files must stay as they are before they are read: an editor or kubelet writes in several steps.
const settle = 200 * time.Millisecond

// Outcome is how the last reading of the configuration went.
type Outcome struct {
	At  time.Time
	Err error // nil: it is in force
}

// Reloader keeps a configuration up to date. A file that turns wrong changes nothing: the old one stays in force,
// and the outcome says so.
type Reloader struct {
	path    string
	log     *slog.Logger
	files   []string // read last, also by a configuration that was refused
	seen    [sha256.Size]byte
	current atomic.Pointer[Config]
	outcome atomic.Pointer[Outcome]
}

// NewReloader loads a file for the first time.
func NewReloader(path string) (*Reloader, error) {
	r := &Reloader{path: path}
	c, err := Load(path)
	if err != nil {
		return nil, err
	}
	r.files = c.Files()
	r.seen = fingerprint(r.files)
	r.current.Store(c)
	r.outcome.Store(&Outcome{At: time.Now()})
	return r, nil
}

// Config is the configuration in force.
func (r *Reloader) Config() *Config { return r.current.Load() }

// Outcome is how the last reading went.
func (r *Reloader) Outcome() Outcome { return *r.outcome.Load() }

// Run reads the file again whenever it, or a file it names, changes, and at every signal; apply puts the new
// configuration into force or says why it cannot. Run ends with its context, and with an error when files
// cannot be watched.
//
// Directories are watched, not files: an editor replaces a file, and a ConfigMap's volume swaps the symbolic link
// (..data) that every file in it goes through.
func (r *Reloader) Run(ctx context.Context, log *slog.Logger, signals <-chan os.Signal, apply func(*Config) error) error {
	r.log = log
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watching the configuration: %w", err)
	}
	defer func() { _ = w.Close() }()
	r.watch(w)
	changed := time.NewTimer(settle) // once at the start: what changed before the watch began is not missed
	defer changed.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-signals:
			r.reload(apply)
			r.watch(w)
		case <-w.Events:
			changed.Reset(settle)
		case err := <-w.Errors:
			r.log.Warn("watching the configuration failed once", "error", err)
			changed.Reset(settle)
		case <-changed.C:
			if fingerprint(r.files) != r.seen {
				r.reload(apply)
				r.watch(w)
			}
		}
	}
}

func (r *Reloader) reload(apply func(*Config) error) {
	c, err := r.load()
	r.seen = fingerprint(r.files)
	if err == nil {
		err = apply(c)
	}
	r.outcome.Store(&Outcome{At: time.Now(), Err: err})
	if err != nil {
		r.log.Error("configuration refused, the old one stays in force", "file", r.path, "error", err)
		return
	}
	r.current.Store(c)
	r.log.Info("configuration reloaded", "file", r.path)
}

// load reads the file and remembers which others it named: also of a refused one, so that mending any of them is noticed.
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

// watch follows the directories of all files, and of what their symbolic links lead to.
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
				r.log.Warn("a directory cannot be watched; changes in it need a SIGHUP", "directory", dir, "error", err)
			}
		}
	}
}

// fingerprint tells one content of the files from another. A file that cannot be read counts as its error.
func fingerprint(files []string) [sha256.Size]byte {
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
