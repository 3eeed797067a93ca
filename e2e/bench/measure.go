package main

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"syscall"
	"time"
)

// cost is what one reading took.
type cost struct {
	wall, cpu time.Duration
	allocated uint64 // bytes
	requests  int
	received  int64
}

// result is all that was measured of one way.
type result struct {
	name        string
	costs       []cost
	connections int
	partitions  int
}

// measure lets every way read in turn, rounds times, after two readings that warm it up.
func measure(ctx context.Context, contestants []*way, rounds int) ([]result, error) {
	results := make([]result, len(contestants))
	for i, w := range contestants {
		results[i].name = w.name
		for range 2 {
			if _, err := w.read(ctx); err != nil {
				return nil, fmt.Errorf("%s: %w", w.name, err)
			}
		}
	}
	for round := range rounds {
		for turn := range contestants {
			i := (round + turn) % len(contestants) // nobody always follows the one that left the brokers most to clean up
			w := contestants[i]
			c, n, err := once(ctx, w)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", w.name, err)
			}
			results[i].costs = append(results[i].costs, c)
			results[i].partitions = n
		}
	}
	for i, w := range contestants {
		results[i].connections, _, _ = w.wire.totals()
	}
	return results, nil
}

func once(ctx context.Context, w *way) (cost, int, error) {
	runtime.GC() // no way pays for another's garbage
	_, requests, received := w.wire.totals()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	cpu, began := cpuTime(), time.Now()
	n, err := w.read(ctx)
	c := cost{wall: time.Since(began), cpu: cpuTime() - cpu}
	runtime.ReadMemStats(&after)
	c.allocated = after.TotalAlloc - before.TotalAlloc
	_, r, b := w.wire.totals()
	c.requests, c.received = r-requests, b-received
	return c, n, err
}

// cpuTime is what this process used so far, in user and kernel mode.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// spread is a median and what lies around it.
type spread[T int | int64 | uint64 | time.Duration] struct{ low, median, high T }

// over is the median of a number over all costs, between the first and the last tenth.
func over[T int | int64 | uint64 | time.Duration](costs []cost, of func(cost) T) spread[T] {
	all := make([]T, len(costs))
	for i, c := range costs {
		all[i] = of(c)
	}
	slices.Sort(all)
	return spread[T]{all[len(all)/10], all[len(all)/2], all[len(all)-1-len(all)/10]}
}
