package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"gopkg.in/natefinch/lumberjack.v2"

	"github.com/lagscaler/lagscaler/internal/engine"
)

// Entry is a deed, which replica did it, and under which configuration.
type Entry struct {
	engine.Deed
	By            string `json:"by,omitempty"`            // the replica of lagscaler
	Configuration string `json:"configuration,omitempty"` // the first 12 digits of the SHA-256 of the configuration in force, as the status page shows it
}

// JSON is the line of an entry, with its line break.
func (e *Entry) JSON() ([]byte, error) {
	line, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("audit trail: %w", err)
	}
	return append(line, '\n'), nil
}

// Options say where a trail is kept.
type Options struct {
	Path          string // empty: the deeds are only logged
	MaxMiB, Keep  int
	By            string
	Configuration func() string
	Log           *slog.Logger
}

// Trail appends entries to a file. Note may be called by several goroutines.
type Trail struct {
	opts    Options
	entries chan Entry
}

// waiting is how many entries may wait for the disk. One has a derivation of some kilobytes, and a poll writes at most a few hundred
// targets.
const waiting = 4096

// New is a trail. Run writes it.
func New(o Options) *Trail { return &Trail{opts: o, entries: make(chan Entry, waiting)} }

// Note appends a deed. It does not block: if the disk is so slow that too many wait, the deed is lost, and the log says so. Writes are
// logged by the engine; changes of what is in force are logged here.
func (t *Trail) Note(d engine.Deed) {
	if d.Before != "" || d.Kind == engine.DeedFreeze {
		t.opts.Log.Info("in force", "kind", d.Kind, "scaler", d.Scaler, "before", d.Before, "after", d.After, "declared_by", d.DeclaredBy)
	}
	if t.opts.Path == "" {
		return
	}
	select {
	case t.entries <- Entry{Deed: d, By: t.opts.By, Configuration: t.opts.Configuration()}:
	default:
		t.opts.Log.Error("the audit trail has lost an entry: the disk is too slow", "path", t.opts.Path, "kind", d.Kind, "scaler", d.Scaler)
	}
}

// Run writes the entries until ctx ends, and then those that still wait. A file that cannot be written is logged once, until it
// works again: what is done does not depend on it.
func (t *Trail) Run(ctx context.Context) error {
	out := &lumberjack.Logger{Filename: t.opts.Path, MaxSize: t.opts.MaxMiB, MaxBackups: t.opts.Keep}
	failed, cut := false, endsWithin(t.opts.Path)
	write := func(e Entry) {
		line, err := e.JSON()
		if cut { // the line before is not whole: it must not take this one with it
			line = append([]byte{'\n'}, line...)
		}
		if err == nil {
			_, err = out.Write(line)
			cut = err != nil
		}
		switch {
		case err != nil && !failed:
			t.opts.Log.Error("writing the audit trail failed", "path", t.opts.Path, "err", err)
		case err == nil && failed:
			t.opts.Log.Info("the audit trail is written again", "path", t.opts.Path)
		}
		failed = err != nil
	}
	for {
		select {
		case e := <-t.entries:
			write(e)
		case <-ctx.Done():
			for {
				select {
				case e := <-t.entries:
					write(e)
				default:
					return out.Close()
				}
			}
		}
	}
}

// endsWithin reports whether the last line of a file was cut short.
func endsWithin(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false // there is none, or the first write says what is wrong
	}
	defer func() { _ = f.Close() }() // only read
	last := []byte{'\n'}
	if size, err := f.Seek(0, io.SeekEnd); err == nil && size > 0 {
		_, _ = f.ReadAt(last, size-1) // when this fails, an empty line is missing at the most
	}
	return last[0] != '\n'
}

// ErrNotTrail is wrapped by the error of a file that is no trail.
var ErrNotTrail = errors.New("not an audit trail")
