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
	return &digest{
		of:       r,
		rows:     sync.OnceValue(func() []Row { return rowsOf(r) }),
		problems: sync.OnceValue(func() []Problem { return problemsOf(r) }),
	}
}

// digests holds the digest of the latest report, so that many readers of one report add it up once.
type digests struct {
	mu   sync.Mutex
	last *digest
}

func (d *digests) at(r *engine.Report) *digest {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.last == nil || d.last.of != r {
		d.last = newDigest(r)
	}
	return d.last
}
