package demo

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/rebalancemon"
)

// TestBurst runs the beginning of the story: records flow, lag is seen, the fleet grows for a reason, and the rebalance
// that this costs is put down to scaling. Real brokers and consumers take real seconds.
func TestBurst(t *testing.T) {
	scenario, err := Find("burst")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var out bytes.Buffer
	lines := &Lines{Out: &out}
	summary, err := Run(ctx, Options{
		Scenario: scenario,
		Show: func(r *engine.Report) {
			lines.Show(r)
			scaling := func(e rebalancemon.Event) bool { return e.Cause == rebalancemon.Scaling }
			if g, ok := groupOf(r); ok && slices.ContainsFunc(g.Rebalances.Events, scaling) {
				cancel() // everything there is to see has been seen
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(summary.Ups) == 0 || summary.Scaling() == 0 || summary.PeakLag == 0 {
		t.Errorf("%s\n%s", summary, out.String())
	}
	if !strings.Contains(summary.String(), "ScaleUp 1 -> ") || !strings.Contains(out.String(), "by scaling") {
		t.Errorf("the story does not say why:\n%s\n%s", out.String(), summary)
	}
}

func TestFind(t *testing.T) {
	for _, s := range Scenarios {
		if got, err := Find(s.Name); err != nil || got.Name != s.Name {
			t.Errorf("%s: %q, %v", s.Name, got.Name, err)
		}
		arrivals, err := s.arrivals()
		if err != nil {
			t.Errorf("%s: %v", s.Name, err)
			continue
		}
		total := 0.0
		for second := range 90 {
			total += arrivals(time.Duration(second) * time.Second)
		}
		if total < 1000 {
			t.Errorf("%s: %.0f records in 90 s", s.Name, total)
		}
	}
	if _, err := Find("nothing"); err == nil || !strings.Contains(err.Error(), "partial-outage") {
		t.Errorf("an unknown scenario: %v", err)
	}
}

// A screen draws over its last picture, whose height it must know.
func TestScreenDrawsInPlace(t *testing.T) {
	var out bytes.Buffer
	s := Screen{Out: &out}
	s.draw("one\ntwo\n")
	out.Reset()
	s.draw("three\n")
	if got := out.String(); !strings.HasPrefix(got, "\x1b[2A") || !strings.Contains(got, "three\x1b[K\n") {
		t.Errorf("%q", got)
	}
}

func TestBars(t *testing.T) {
	past := []point{{in: 0}, {in: 4}, {in: 8}}
	if got := strings.TrimSpace(bars(past, func(m point) float64 { return m.in })); got != "▄█" {
		t.Errorf("%q", got)
	}
}
