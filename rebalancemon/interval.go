package rebalancemon

import (
	"slices"
	"time"
)

// intervalEstimator measures how often something happens.
type intervalEstimator struct {
	last time.Time
	gaps [8]time.Duration
	n    int
}

func (b *intervalEstimator) tick(at time.Time) {
	if gap := at.Sub(b.last); gap > 0 && !b.last.IsZero() {
		b.gaps[b.n%len(b.gaps)] = gap
		b.n++
	}
	if at.After(b.last) {
		b.last = at
	}
}

// every is the median of the last gaps, so that a single late or early one does not matter.
func (b *intervalEstimator) every() (d time.Duration, ok bool) {
	n := min(b.n, len(b.gaps))
	if n == 0 {
		return 0, false
	}
	sorted := b.gaps
	slices.Sort(sorted[:n])
	return sorted[(n-1)/2], true
}
