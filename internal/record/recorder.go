package record

import (
	"context"
	"log/slog"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/scaler"
)

// Options say where a Recorder writes, and how much it keeps.
type Options struct {
	Path      string // the current file; full files are renamed to Path.1 (the newest) … Path.Keep (the oldest)
	MaxBytes  int64  // a file of this size is full
	Keep      int    // number of full files to keep
	Lagscaler string // the version of this program, for the Header
	By        string // this replica, for the Header

	// Configuration tells apart the configurations that are in force while facts happen; nil: it is not recorded.
	Configuration func() string
	Log           *slog.Logger
}

// Recorder writes polls to files on its own goroutine, so that a slow disk never delays a decision.
type Recorder struct {
	opts  Options
	queue chan entry
	lost  lost // since the last entry of the queue
}

// entry is one poll of one scaler, or a fact.
type entry struct {
	scaler string
	in     scaler.Input
	result scaler.Result

	fact          *engine.Fact
	configuration string

	lost lost // before this one
}

// lost is what was dropped.
type lost struct{ polls, facts int }

func (e *entry) now() time.Time {
	if e.fact != nil {
		return e.fact.At
	}
	return e.in.Now
}

// queueSize is the number of polls and facts that may wait for the disk.
const queueSize = 256

// New returns a Recorder. It writes nothing until Run.
func New(o Options) *Recorder { return &Recorder{opts: o, queue: make(chan entry, queueSize)} }

// Record queues a poll. If the queue is full it drops the poll and counts it. Call it and RecordFact from one goroutine only.
func (r *Recorder) Record(name string, in scaler.Input, result scaler.Result) {
	if !r.enqueue(entry{scaler: name, in: in, result: result}) {
		r.lost.polls++
	}
}

// RecordFact queues a fact of the audit trail, or drops and counts it.
func (r *Recorder) RecordFact(f engine.Fact) {
	e := entry{fact: &f}
	if r.opts.Configuration != nil {
		e.configuration = r.opts.Configuration()
	}
	if !r.enqueue(e) {
		r.lost.facts++
	}
}

func (r *Recorder) enqueue(e entry) bool {
	e.lost = r.lost
	select {
	case r.queue <- e:
		r.lost = lost{}
		return true
	default:
		return false
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
