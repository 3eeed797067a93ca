package scaler_test

import (
	"math"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/learn"
)

// Two partitions, on each of which all six members work. What a partition does is what three members do: the capacity of one
// is learned from all of them.
func TestShareGroupCapacityIsPooled(t *testing.T) {
	w := newWorld()
	w.share, w.each, w.noWrites, w.rate = true, 2, true, 1000
	if err := w.start(6); err != nil {
		t.Fatal(err)
	}
	run(w, 10*time.Minute)
	mu, from := w.memory.Sources[0].Capacity()
	if from != learn.Learned || math.Abs(mu-100) > 10 {
		t.Errorf("%.0f/s (%s), in truth 100/s", mu, from)
	}
}

// The same partitions and rates: a group that assigns each partition to one consumer cannot be helped, a share group can.
func TestShareGroupHasNoPartitionBound(t *testing.T) {
	for _, share := range []bool{true, false} {
		w := newWorld()
		w.share, w.each, w.rate, w.source.ProcessingTime = share, 2, 450, 10*time.Millisecond
		if err := w.start(2); err != nil {
			t.Fatal(err)
		}
		last := run(w, 10*time.Minute)
		n, _ := last.Need()
		if hot := n.Hot() || n.AllBound; hot == share {
			t.Errorf("share group %v: bound %v", share, n.Bound)
		}
		if most := w.wl.Spec; share != (most >= 5) || !share && most != 2 {
			t.Errorf("share group %v: %d replicas: %s", share, most, last.Verdict)
		}
	}
}

// A share group grows with what waits, up to what its brokers allow, and shrinks when it is done.
func TestShareGroupLimit(t *testing.T) {
	for name, c := range map[string]struct {
		max, members *int32
		most         int32
		limit        scaler.Reason
	}{
		"the brokers' default":           {nil, nil, 200, scaler.ShareGroupLimit},
		"what the KafkaScaler says":      {nil, new(int32(300)), 300, scaler.ShareGroupLimit},
		"less than the default":          {nil, new(int32(20)), 20, scaler.ShareGroupLimit},
		"maxReplicas":                    {new(int32(250)), nil, 250, scaler.MaxReplicas},
		"maxReplicas, and a lower limit": {new(int32(250)), new(int32(100)), 100, scaler.ShareGroupLimit},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			w.share, w.each, w.rate, w.speed, w.source.ProcessingTime = true, 2, 20, 20, 50*time.Millisecond
			w.spec.MaxReplicas = c.max
			if c.members != nil {
				w.source.MaxShareMembers = *c.members
			}
			if err := w.start(2); err != nil {
				t.Fatal(err)
			}
			run(w, 2*time.Minute)
			w.rate = 50_000
			run(w, 20*time.Second)
			w.rate = 20
			most, limited := int32(0), false
			for range 60 {
				last := run(w, 10*time.Second)
				most = max(most, w.wl.Spec)
				for _, s := range last.Steps {
					limited = limited || s.Reason == c.limit
				}
			}
			if most != c.most || !limited {
				t.Errorf("%d replicas, want %d; limited by %s: %v", most, c.most, c.limit, limited)
			}
			run(w, 3*time.Hour)
			if w.wl.Spec > 4 {
				t.Errorf("%d replicas when all is done", w.wl.Spec)
			}
		})
	}
}

// run lets time pass, with a poll each 10 s.
func run(w *world, d time.Duration) (last scaler.Decision) {
	for end := w.now.Add(d); w.now.Before(end); {
		for range 10 {
			w.second()
		}
		last = w.poll().Decision
	}
	return last
}
