package engine

import (
	"context"
	"math"
	"time"
)

// pace is when a cluster is polled, or sampled. Clusters that begin together are not polled together for ever: each has a moment of
// its own in the interval.
type pace struct {
	first    time.Duration // from the start to the first time
	then     time.Duration // from the start to the second time
	interval time.Duration // between any two after that
}

// golden is the golden ratio, less 1. Its multiples, without their whole part, spread over the interval however many there are: of n
// moments, two that follow each other are at least 0.38/n and less than 2/n of the interval apart.
const golden = 0.6180339887498949

// spread is the pace of the cluster that begins as the n-th of this process, from 0 on, with the others before it at their own:
//
//	n    first read     read again, and then in each interval
//	0    at once        after the interval
//	1    after 0.1 s    after 6.2 s
//	2    after 0.2 s    after 12.4 s
//	3    after 0.3 s    after 8.5 s          at an interval of 10 s
//
// The first time is early, so that a process that was restarted soon knows all clusters; the second one is half an interval
// later at least.
func spread(n int, interval time.Duration) pace {
	_, part := math.Modf(float64(n) * golden)
	p := pace{interval: interval, then: time.Duration(part * float64(interval))}
	_, early := math.Modf(float64(n) / 100)
	p.first = time.Duration(early * float64(interval))
	for p.then < p.first+interval/2 {
		p.then += interval
	}
	return p
}

// run calls do at these times, until ctx ends. A call that takes longer than the interval delays the next one; none is made up for.
func (p pace) run(ctx context.Context, do func()) {
	start := time.Now()
	if !pause(ctx, p.first) {
		return
	}
	do()
	if !pause(ctx, p.then-time.Since(start)) {
		return
	}
	ticker := time.NewTicker(p.interval)
	defer ticker.Stop()
	for {
		do()
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// pause waits for d; it returns false if ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
