package record

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
)

// writer writes entries to files.
type writer struct {
	opts   Options
	file   *os.File // nil: none is open
	size   int64    // bytes on disk
	zip    *gzip.Writer
	lines  *json.Encoder
	trails map[string]*trail
	cut    bool      // polls are missing somewhere: who is not in trails may have been seen before
	wrong  bool      // the last attempt failed, which has been logged
	again  time.Time // no attempt before
}

// trail is what was last written of a scaler.
type trail struct {
	at      time.Time
	learned scaler.Memory
	here    bool // its memory is in the current file
}

// retryAfter is how long a disk is left alone after it failed.
const retryAfter = time.Minute

// take writes an entry; flush makes it readable at once.
func (w *writer) take(e entry, flush bool) {
	if e.lost > 0 {
		w.opts.Log.Warn("polls were not recorded: the disk is too slow", "file", w.opts.Path, "polls", e.lost)
		w.forget()
	}
	if w.file == nil && e.in.Now.Before(w.again) {
		return
	}
	w.keep(w.write(e, flush), e.in.Now)
}

func (w *writer) write(e entry, flush bool) error {
	if w.file == nil || w.size >= w.opts.MaxBytes {
		if err := w.begin(); err != nil {
			return err
		}
	}
	if m := w.memory(e); m != nil {
		if err := w.lines.Encode(m); err != nil {
			return fmt.Errorf("recording a memory: %w", err)
		}
	}
	l := line{Scaler: e.scaler, Poll: pollOf(e.in)}
	if e.decision.At.Equal(e.in.Now) {
		d := decisionOf(e.decision)
		l.Decision = &d
	}
	if err := w.lines.Encode(l); err != nil {
		return fmt.Errorf("recording a poll: %w", err)
	}
	w.trails[e.scaler] = &trail{at: e.in.Now, learned: e.learned, here: true}
	if flush {
		if err := w.zip.Flush(); err != nil {
			return fmt.Errorf("recording a poll: %w", err)
		}
	}
	return nil
}

// memory is the line before a poll that says what the scaler knew; nil when that follows from the polls before.
func (w *writer) memory(e entry) *line {
	t := w.trails[e.scaler]
	l := &line{Scaler: e.scaler, Memory: &e.in.Memory}
	switch {
	case e.in.Memory.Version == 0 || t == nil && !w.cut: // a scaler's first poll, or the process's
		l.Start = Fresh
	case t == nil:
		l.Start = Cut
	case t.here && same(t.learned, e.in.Memory):
		return nil
	default: // a new file; or the process became the leader and loaded what the last one learned
		l.Start, l.After = Continues, t.at
	}
	return l
}

// same reports whether two memories are one value: what is learned is never changed in place.
func same(a, b scaler.Memory) bool {
	return one(a.Startup, b.Startup) && one(a.Downs, b.Downs) && one(a.Sources, b.Sources)
}

func one[T any](a, b []T) bool { return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0]) }

// keep takes the outcome of an attempt: a failure is logged once.
func (w *writer) keep(err error, now time.Time) {
	if err == nil {
		w.wrong = false
		return
	}
	if !w.wrong {
		w.opts.Log.Warn("recording failed; trying again every minute", "file", w.opts.Path, "err", err)
	}
	w.wrong, w.again = true, now.Add(retryAfter)
	if w.file != nil {
		_ = w.file.Close() // the error above says what went wrong
		w.file = nil
	}
	w.forget()
}

// forget is for polls that were not written: what follows them is cut off from what came before.
func (w *writer) forget() { w.trails, w.cut = map[string]*trail{}, true }

// begin ends the current file, moves the old ones up, and opens a new one.
func (w *writer) begin() error {
	if err := errors.Join(w.end(), w.rotate()); err != nil {
		return err
	}
	f, err := os.OpenFile(w.opts.Path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("recording: %w", err)
	}
	w.file, w.size = f, 0
	for _, t := range w.trails {
		t.here = false
	}
	w.zip = gzip.NewWriter(counted{w})
	w.lines = json.NewEncoder(w.zip)
	w.lines.SetEscapeHTML(false)
	if err := errors.Join(w.lines.Encode(Header{Version: Version, Lagscaler: w.opts.Lagscaler}), w.zip.Flush()); err != nil {
		return fmt.Errorf("recording: %w", err)
	}
	return nil
}

// counted counts what reaches the file.
type counted struct{ w *writer }

func (c counted) Write(p []byte) (int, error) {
	n, err := c.w.file.Write(p)
	c.w.size += int64(n)
	return n, err
}

// end completes the current file.
func (w *writer) end() error {
	if w.file == nil {
		return nil
	}
	err := errors.Join(w.zip.Close(), w.file.Close())
	w.file = nil
	if err != nil {
		return fmt.Errorf("ending a recording: %w", err)
	}
	return nil
}

// rotate renames Path to Path.1, Path.1 to Path.2 and so on; what would come after Path.Keep is overwritten.
func (w *writer) rotate() error {
	for i := w.opts.Keep - 1; i >= 0; i-- {
		err := os.Rename(numbered(w.opts.Path, i), numbered(w.opts.Path, i+1))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("rotating recordings: %w", err)
		}
	}
	return nil
}

func numbered(path string, i int) string {
	if i == 0 {
		return path
	}
	return fmt.Sprintf("%s.%d", path, i)
}
