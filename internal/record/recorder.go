package record

import (
	"context"
	"log/slog"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
)

// Options say where to record.
type Options struct {
	Path      string // the current file; full ones are Path.1, the newest, to Path.Keep
	MaxBytes  int64  // a new file is begun at this size
	Keep      int    // full files
	Lagscaler string // our own version
	Log       *slog.Logger
}

// Recorder writes what it is told on a goroutine of its own: nobody waits for a disk.
type Recorder struct {
	opts  Options
	queue chan entry
	lost  int // polls that found the queue full since the last that did not; the caller's
}

// entry is one poll of one scaler on its way to the disk.
type entry struct {
	scaler   string
	in       scaler.Input
	decision scaler.Decision
	learned  scaler.Memory
	lost     int // polls before it that are missing
}

// queued is how many polls may wait for the disk: values that the Report holds anyway.
const queued = 256

// New makes a recorder; nothing is written until Run.
func New(o Options) *Recorder { return &Recorder{opts: o, queue: make(chan entry, queued)} }

// Record takes a poll, or drops it when the disk is that far behind. It is for one goroutine.
func (r *Recorder) Record(name string, in scaler.Input, d scaler.Decision, learned scaler.Memory) {
	select {
	case r.queue <- entry{name, in, d, learned, r.lost}:
		r.lost = 0
	default:
		r.lost++
	}
}

// Run writes until ctx ends, and then what still waits. A file that cannot be written is tried again a minute later:
// recording is worth no outage.
func (r *Recorder) Run(ctx context.Context) error {
	w := &writer{opts: r.opts, trails: map[string]*trail{}}
	w.keep(w.begin(), time.Time{})
	for {
		select {
		case e := <-r.queue:
			w.take(e, len(r.queue) == 0)
		case <-ctx.Done():
			for len(r.queue) > 0 {
				w.take(<-r.queue, false)
			}
			w.keep(w.end(), time.Time{})
			return nil
		}
	}
}
