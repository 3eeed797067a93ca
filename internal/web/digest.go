package web

import (
	"sync"
	"weak"

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

// digests holds the digest of the latest report, so that several pages of one report share it. It does not keep it from being collected:
// a page that was opened once would keep its report, which is 100 MB for a million group-partitions, until the next one is opened.
type digests struct {
	mu   sync.Mutex
	last weak.Pointer[digest]
}

func (d *digests) at(r *engine.Report) *digest {
	d.mu.Lock()
	defer d.mu.Unlock()
	last := d.last.Value()
	if last == nil || last.of != r {
		last = newDigest(r)
		d.last = weak.Make(last)
	}
	return last
}
