package scaler_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/say"
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
		admits       int32 // by the coordinator
		most         int32
		limit        scaler.Reason
		says         string
	}{
		"the brokers' default":                {nil, nil, 0, 200, scaler.ShareGroupLimit, "may have 200 (the default of the brokers' group.share.max.size"},
		"what the KafkaScaler says":           {nil, new(int32(300)), 0, 300, scaler.ShareGroupLimit, "may have 300 (maxShareMembers)"},
		"less than the default":               {nil, new(int32(20)), 0, 20, scaler.ShareGroupLimit, "may have 20 (maxShareMembers)"},
		"maxReplicas":                         {new(int32(250)), nil, 0, 250, scaler.MaxReplicas, ""},
		"maxReplicas, and a lower limit":      {new(int32(250)), new(int32(100)), 0, 100, scaler.ShareGroupLimit, "may have 100 (maxShareMembers)"},
		"what the coordinator says":           {nil, nil, 50, 50, scaler.ShareGroupLimit, "may have 50 (group.share.max.size of its coordinator)"},
		"more than the default":               {nil, nil, 260, 260, scaler.ShareGroupLimit, "may have 260 (group.share.max.size of its coordinator)"},
		"the KafkaScaler knows better":        {nil, new(int32(90)), 50, 90, scaler.ShareGroupLimit, "may have 90 (maxShareMembers)"},
		"maxReplicas, and fewer are admitted": {new(int32(250)), nil, 100, 100, scaler.ShareGroupLimit, "may have 100 (group.share.max.size of its coordinator)"},
		"maxReplicas, and more are admitted":  {new(int32(60)), nil, 100, 60, scaler.MaxReplicas, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			w.share, w.each, w.rate, w.speed, w.source.ProcessingTime = true, 2, 20, 20, 50*time.Millisecond
			w.spec.MaxReplicas, w.admits = c.max, c.admits
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
			most, limited, said := int32(0), false, c.says == ""
			for range 60 {
				last := run(w, 10*time.Second)
				most, said = max(most, w.wl.Spec), said || strings.Contains(say.Line(last), c.says)
				for _, s := range last.Steps {
					limited = limited || s.Reason == c.limit
				}
			}
			if most != c.most || !limited || !said {
				t.Errorf("%d replicas, want %d; limited by %s: %v; says %q: %v", most, c.most, c.limit, limited, c.says, said)
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

// The limit takes no running replica away: members beyond it are refused by the broker, and those that run work.
func TestShareGroupLimitTakesNothingAway(t *testing.T) {
	w := newWorld()
	w.share, w.each, w.rate, w.speed, w.source.ProcessingTime, w.source.MaxShareMembers = true, 2, 700, 20, 50*time.Millisecond, 20
	if err := w.start(40); err != nil {
		t.Fatal(err)
	}
	for range 18 {
		if last := run(w, 10*time.Second); w.wl.Spec < 40 {
			t.Fatalf("%d replicas of 40 under full load: %s", w.wl.Spec, last.Verdict)
		}
	}
}
