package web

import (
	"sync"

	"github.com/lagscaler/lagscaler/internal/engine"
)

// digest is what needs a pass over all groups of a report: the rows and the problems. Each is made for the first page that needs it.
type digest struct {
	of       *engine.Report
	rows     func() []Row
	scaled   func() map[[2]string]*engine.ScalerReport
	problems func() []Problem
	billed   func() []billed
}

func newDigest(r *engine.Report) *digest {
	scaled := sync.OnceValue(func() map[[2]string]*engine.ScalerReport { return scaledGroups(r) })
	rows := sync.OnceValue(func() []Row { return rowsOf(r, scaled()) })
	return &digest{
		of: r, rows: rows, scaled: scaled, problems: sync.OnceValue(func() []Problem { return problemsOf(r, rows()) }),
		billed: sync.OnceValue(func() []billed { return billedOf(r) }),
	}
}

// digests holds the digest of the latest report, so that several pages of one report share it.
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
