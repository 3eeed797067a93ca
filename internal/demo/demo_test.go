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
			if g, ok := groupOf(r); ok && slices.ContainsFunc(g.Rebalances.Events.All(), scaling) {
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

// Each scenario has a first scene, and its scenes are in order.
func TestScenes(t *testing.T) {
	for _, s := range Scenarios {
		if len(s.scenes) == 0 || s.scenes[0].from != 0 {
			t.Fatalf("%s has no first scene", s.Name)
		}
		for i, one := range s.scenes {
			if i > 0 && one.from <= s.scenes[i-1].from || s.repeat > 0 && one.from >= s.repeat {
				t.Errorf("%s: scene %d begins at %s", s.Name, i, one.from)
			}
			if got := s.Scene(one.from); got != one.text {
				t.Errorf("%s at %s: %q", s.Name, one.from, got)
			}
			if got := s.Scene(one.from + s.repeat); s.repeat > 0 && got != one.text {
				t.Errorf("%s at %s: %q", s.Name, one.from+s.repeat, got)
			}
		}
	}
}

// The brokers forget records, so that the memory of a demo does not grow for ever. Twin: with a long retention they keep them.
func TestBrokersForget(t *testing.T) {
	for name, c := range map[string]struct {
		retention time.Duration
		forgets   bool
	}{"short": {200 * time.Millisecond, true}, "long": {time.Hour, false}} {
		b, err := startBrokers(c.retention)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		produced := make(chan error, 1)
		go func() {
			produced <- produce(ctx, b.ListenAddrs(), production{topic: quietTopic, partitions: quietPartitions, rate: constant(2000)})
		}()
		forgot := false
		for end := time.Now().Add(time.Second); time.Now().Before(end) || c.forgets && !forgot && ctx.Err() == nil; {
			forgot = forgot || b.PartitionInfo(quietTopic, 0).LogStartOffset > 0
			time.Sleep(20 * time.Millisecond)
		}
		cancel()
		if err := <-produced; err != nil {
			t.Error(err)
		}
		b.Close()
		if forgot != c.forgets {
			t.Errorf("%s: the brokers have deleted records: %v", name, forgot)
		}
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

// The first lines and the help say how much shorter each time is: not all of them are divided by the same number.
func TestTimesAreNamed(t *testing.T) {
	const want = "a poll every 1 s, a decision every 3 s, a target lag of 5 s; all other time windows are divided by 20."
	for name, text := range map[string]string{
		"intro": Intro(Scenarios[0], Addresses{URL: "http://pages", Kafka: "broker:1"}, ""),
		"help":  Command(Program{}).Long,
	} {
		if !strings.Contains(text, want) || strings.Contains(text, "%!") {
			t.Errorf("%s: no %q in\n%s", name, want, text)
		}
	}
}
