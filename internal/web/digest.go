package web

import (
	"sync"

	"github.com/lagscaler/lagscaler/internal/engine"
)

// digest is what takes a pass over every group of a report. It is made when the first page asks for it.
type digest struct {
	of       *engine.Report
	rows     func() []Row
	problems func() []Problem
}

func newDigest(r *engine.Report) *digest {
	rows := sync.OnceValue(func() []Row { return rowsOf(r) })
	return &digest{of: r, rows: rows, problems: sync.OnceValue(func() []Problem { return problemsOf(r, rows()) })}
}

// digests holds the digest of the latest report, so that many readers of one report add it up once.
type digests struct {
	mu   sync.Mutex
	last *digest

	counting sync.Mutex
	counted  *engine.Report
	known    tallies // of counted; never changed once it is here
}

func (d *digests) tallies(r *engine.Report) tallies {
	d.counting.Lock()
	defer d.counting.Unlock()
	if d.counted != r {
		d.counted, d.known = r, d.known.next(r)
	}
	return d.known
}

func (d *digests) at(r *engine.Report) *digest {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.last == nil || d.last.of != r {
		d.last = newDigest(r)
	}
	return d.last
}
