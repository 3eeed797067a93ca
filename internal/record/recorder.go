package record

import (
	"context"
	"log/slog"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
)

// Options say where a Recorder writes, and how much it keeps.
type Options struct {
	Path      string // the current file; full files are renamed to Path.1 (the newest) … Path.Keep (the oldest)
	MaxBytes  int64  // a file of this size is full
	Keep      int    // number of full files to keep
	Lagscaler string // the version of this program, for the Header
	Log       *slog.Logger
}

// Recorder writes polls to files on its own goroutine, so that a slow disk never delays a decision.
type Recorder struct {
	opts  Options
	queue chan entry
	lost  int // polls dropped since the last poll that entered the queue; only Record uses it
}

// entry is one poll of one scaler.
type entry struct {
	scaler string
	in     scaler.Input
	result scaler.Result
	lost   int // polls dropped before this one
}

// queueSize is the number of polls that may wait for the disk.
const queueSize = 256

// New returns a Recorder. It writes nothing until Run.
func New(o Options) *Recorder { return &Recorder{opts: o, queue: make(chan entry, queueSize)} }

// Record queues a poll. If the queue is full it drops the poll and counts it. Call it from one goroutine only.
func (r *Recorder) Record(name string, in scaler.Input, result scaler.Result) {
	select {
	case r.queue <- entry{name, in, result, r.lost}:
		r.lost = 0
	default:
		r.lost++
	}
}

// Run writes queued polls until ctx ends, then writes the rest of the queue and closes the file. It never fails: if a file
// cannot be written, Run logs this and tries again a minute later, because the daemon must work without a recording.
func (r *Recorder) Run(ctx context.Context) error {
	w := newWriter(r.opts)
	w.noteResult(w.startFile(), time.Time{})
	for {
		select {
		case e := <-r.queue:
			w.record(e, len(r.queue) == 0)
		case <-ctx.Done():
			for len(r.queue) > 0 {
				w.record(<-r.queue, false)
			}
			w.noteResult(w.closeFile(), time.Time{})
			return nil
		}
	}
}
