package closedloop

import (
	"slices"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/scaler/sim"
	"github.com/lagscaler/lagscaler/scaler/sim/traces"
)

const (
	playedTrace = "nab_tweets_goog_5m"
	playedFrom  = 21 // samples
	played      = 60
	playedStep  = 10 * time.Second
	playedPeak  = 400 // records/s
	calmBefore  = 9   // samples of the first rate
)

// Traffic is what [Play] plays: five hours of a stream of tweets, thirty times as fast, after a minute and a half of calm. The counts
// are records by step.
func Traffic(t *testing.T) sim.Trace {
	t.Helper()
	f, err := traces.Files.Open(playedTrace + ".csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := sim.ReadTrace(playedTrace, f)
	if err != nil {
		t.Fatal(err)
	}
	counts := slices.Clone(all.Counts[playedFrom : playedFrom+played])
	counts = append(slices.Repeat(counts[:1], calmBefore), counts...)
	peak := slices.Max(counts)
	for i := range counts {
		counts[i] *= playedPeak * playedStep.Seconds() / peak
	}
	return sim.Trace{Name: playedTrace, Step: playedStep, Counts: counts}
}

// Play plays traffic to loops at once in real time, and returns when it began.
func Play(t *testing.T, trace sim.Trace, loops ...*Loop) time.Time {
	t.Helper()
	began := time.Now()
	for i, n := range trace.Counts {
		for _, s := range loops {
			s.Load.Set(int(n / trace.Step.Seconds()))
		}
		select {
		case <-time.After(time.Until(began.Add(time.Duration(i+1) * trace.Step))):
		case <-t.Context().Done():
			t.Fatal("the test ended")
		}
	}
	for _, s := range loops {
		if n := s.Load.Failed.Load(); n > 0 {
			t.Errorf("%s: %d records were not produced", s.NS, n)
		}
	}
	return began
}
