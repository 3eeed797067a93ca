package record

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
)

// writer writes entries to files.
type writer struct {
	opts    Options
	create  func(path string) (io.WriteCloser, error)
	file    io.WriteCloser // nil: no file is open
	size    int64          // bytes written to the file
	unnamed bool           // the file has no poll yet and still has its temporary name, see name
	replace bool           // the next file replaces the one at Path instead of rotating it
	zip     *gzip.Writer
	lines   *json.Encoder
	last    map[string]*lastWritten // by scaler
	gap     bool                    // polls are missing: a scaler that is not in last may have had polls before
	failing bool                    // the last attempt failed and was logged
	retried bool                    // the file was begun by a retry after a failure
	retryAt time.Time               // no attempt before this time
	facts   facts
	began   bool // a file was begun before this one
}

// lastWritten is the last poll of a scaler that was written.
type lastWritten struct {
	at          time.Time
	learned     scaler.Memory
	currentFile bool // the poll and its memory are in the current file
}

// newWriter returns a writer without a file.
func newWriter(o Options) *writer {
	return &writer{opts: o, create: create, last: map[string]*lastWritten{}, facts: newFacts()}
}

func create(path string) (io.WriteCloser, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
}

// retryAfter is the time between attempts to write to a disk that failed.
const retryAfter = time.Minute

// record writes an entry. With flush, the entry can be read from the file at once.
func (w *writer) record(e entry, flush bool) {
	if e.lost != (lost{}) {
		w.opts.Log.Warn("polls were not recorded: the disk is too slow", "file", w.opts.Path, "polls", e.lost.polls, "facts", e.lost.facts)
		w.markGap()
		w.facts.lost += e.lost.facts
	}
	if w.file == nil && e.now().Before(w.retryAt) {
		w.facts.missed(&e)
		return
	}
	w.noteResult(w.write(e, flush), e.now())
}

func (w *writer) write(e entry, flush bool) error {
	if w.file == nil || w.size >= w.opts.MaxBytes {
		if err := w.startFile(); err != nil {
			w.facts.missed(&e)
			return err
		}
	}
	if e.fact != nil {
		if err := w.lines.Encode(w.facts.line(&e)); err != nil {
			return fmt.Errorf("recording a fact: %w", err)
		}
		return w.written(flush)
	}
	if m := w.memoryLine(e); m != nil {
		if err := w.lines.Encode(m); err != nil {
			return fmt.Errorf("recording a memory: %w", err)
		}
	}
	l := line{Scaler: e.scaler, Poll: pollOf(e.in)}
	if e.result.Fresh {
		d := decisionOf(e.result.Decision)
		l.Decision = &d
	}
	if err := w.lines.Encode(l); err != nil {
		return fmt.Errorf("recording a poll: %w", err)
	}
	w.last[e.scaler] = &lastWritten{at: e.in.Now, learned: e.result.Memory, currentFile: true}
	return w.written(flush)
}

// written completes a line that was written.
func (w *writer) written(flush bool) error {
	if flush || w.unnamed {
		if err := w.zip.Flush(); err != nil {
			return fmt.Errorf("recording a poll: %w", err)
		}
		w.facts.flushed()
	}
	if w.unnamed {
		return w.name()
	}
	return nil
}

// memoryLine is the line with the scaler's memory before the poll; nil if a replay has that memory already.
func (w *writer) memoryLine(e entry) *line {
	last := w.last[e.scaler]
	l := &line{Scaler: e.scaler, Memory: &e.in.Memory}
	switch {
	case e.in.Memory.Version == 0 || last == nil && !w.gap: // the first poll of the scaler, or of this process
		l.Start = Fresh
	case last == nil:
		l.Start = Cut
	case last.currentFile && sameMemory(last.learned, e.in.Memory):
		return nil
	default: // a new file; or the process became the leader and loaded the memory of the previous leader
		l.Start, l.After = Continues, last.at
	}
	return l
}

// sameMemory reports whether two memories share their slices. Evaluate never changes a memory in place, so shared slices
// have equal contents.
func sameMemory(a, b scaler.Memory) bool {
	return sameSlice(a.Startup, b.Startup) && sameSlice(a.Downs, b.Downs) && sameSlice(a.Sources, b.Sources)
}

func sameSlice[T any](a, b []T) bool { return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0]) }

// noteResult handles the result of an attempt to write. It logs only the first of consecutive failures.
func (w *writer) noteResult(err error, now time.Time) {
	if err == nil {
		w.failing = false
		return
	}
	if !w.failing {
		w.opts.Log.Warn("recording failed; trying again every minute", "file", w.opts.Path, "err", err)
	}
	w.failing, w.retryAt = true, now.Add(retryAfter)
	w.facts.failed()
	if w.file != nil {
		w.abandonFile()
	}
	w.markGap()
}

// abandonFile closes a file that could not be written. What the disk accepted of it stays at Path.
//
// A full disk fails again after every retry, and every retry begins a file. If each rotated the others, the good recordings
// would be gone after Keep retries. So a file has to be worth the one that a rotation deletes:
//
//	the file that failed                           at the next retry
//	has no poll                                    is removed; nothing is rotated
//	was begun by a retry, under a tenth of a file  is replaced
//	any other                                      is rotated
func (w *writer) abandonFile() {
	_ = w.file.Close() // the first error is logged already
	w.file = nil
	if w.unnamed {
		w.removeUnnamed()
		return
	}
	w.replace = w.retried && w.size < w.opts.MaxBytes/10
}

// markGap says that polls were not written: the next poll of every scaler does not continue the previous one.
func (w *writer) markGap() { w.last, w.gap = map[string]*lastWritten{}, true }

// startFile closes the current file and begins a new one under a temporary name.
func (w *writer) startFile() error {
	if err := w.closeFile(); err != nil {
		return err
	}
	f, err := w.create(w.temporaryPath())
	if err != nil {
		return fmt.Errorf("recording: %w", err)
	}
	w.file, w.size, w.unnamed, w.retried = f, 0, true, w.failing
	for _, l := range w.last {
		l.currentFile = false
	}
	w.zip = gzip.NewWriter(countingFile{w})
	w.lines = json.NewEncoder(w.zip)
	w.lines.SetEscapeHTML(false)
	if err := w.lines.Encode(Header{Version: Version, Lagscaler: w.opts.Lagscaler, By: w.opts.By, Continues: w.began}); err != nil {
		return fmt.Errorf("recording: %w", err)
	}
	w.began = true
	if known := w.facts.known(); known != nil {
		if err := w.lines.Encode(known); err != nil {
			return fmt.Errorf("recording what is in force: %w", err)
		}
	}
	return nil
}

func (w *writer) removeUnnamed() {
	_ = os.Remove(w.temporaryPath())
	w.unnamed = false
}

func (w *writer) temporaryPath() string { return w.opts.Path + ".new" }

// name gives the file its name, after the rotation of the files before it. It is called when the first poll is on disk, or at
// the end of the program. Until then a failure of the disk changes none of the other files.
func (w *writer) name() error {
	if !w.replace {
		if err := w.rotate(); err != nil {
			return err
		}
	}
	if err := os.Rename(w.temporaryPath(), w.opts.Path); err != nil {
		return fmt.Errorf("recording: %w", err)
	}
	w.unnamed, w.replace = false, false
	return nil
}

// countingFile writes to the file and counts the bytes.
type countingFile struct{ w *writer }

func (c countingFile) Write(p []byte) (int, error) {
	n, err := c.w.file.Write(p)
	c.w.size += int64(n)
	return n, err
}

// closeFile completes the current file. A file without a poll gets its name, too: a run without scalers has a recording.
func (w *writer) closeFile() error {
	if w.file == nil {
		return nil
	}
	err := errors.Join(w.zip.Close(), w.file.Close())
	w.file = nil
	if err == nil {
		w.facts.flushed()
	}
	if err != nil {
		if w.unnamed {
			w.removeUnnamed()
		}
		return fmt.Errorf("closing a recording: %w", err)
	}
	if w.unnamed {
		return w.name()
	}
	return nil
}

// rotate renames Path to Path.1, Path.1 to Path.2 and so on. The oldest file, Path.Keep, is overwritten.
func (w *writer) rotate() error {
	for i := w.opts.Keep - 1; i >= 0; i-- {
		err := os.Rename(rotatedPath(w.opts.Path, i), rotatedPath(w.opts.Path, i+1))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("rotating recordings: %w", err)
		}
	}
	return nil
}

// rotatedPath is the name of a file after i rotations.
func rotatedPath(path string, i int) string {
	if i == 0 {
		return path
	}
	return fmt.Sprintf("%s.%d", path, i)
}
