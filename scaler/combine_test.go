package scaler_test

import (
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/say"
)

// Two groups on one target: the greatest need wins, and it goes down only when both agree.
func TestSeveralSources(t *testing.T) {
	a, b := newWorld(), newWorld()
	b.source.Group, b.topics = "refunds", []string{"refunds"}
	for _, w := range []*world{a, b} {
		w.source.ProcessingTime, w.noWrites = 10*time.Millisecond, true
		if err := w.start(24); err != nil {
			t.Fatal(err)
		}
	}
	var m scaler.Memory
	run := func(d time.Duration) scaler.Decision {
		var last scaler.Decision
		for second := range int(d.Seconds()) {
			a.second()
			b.second()
			if second%10 == 9 {
				a.readAgain()
				b.readAgain()
				in := a.input()
				in.Memory = m
				in.Sources = append(in.Sources, b.input().Sources...)
				r := scaler.Evaluate(in)
				last, m = r.Decision, r.Memory
			}
		}
		return last
	}
	tests := []struct {
		name    string
		a, b    float64
		set     func()
		verdict scaler.Reason
		wanted  int32
		group   string
	}{
		{"both need less", 300, 700, nil, scaler.ScaleDown, 10, "refunds"},
		{"one needs what runs", 300, 1700, nil, scaler.Steady, 24, "refunds"},
		{"one needs more", 3000, 700, nil, scaler.ScaleUp, 48, "orders"},
		{"one needs less, the other is not read", 300, 700, func() { b.unread = true }, scaler.Fallback, 24, "refunds"},
	}
	for _, tt := range tests {
		a.rate, b.rate = tt.a, tt.b
		if tt.set != nil {
			tt.set()
		}
		d := run(20 * time.Minute)
		n, _ := d.Need()
		if d.Verdict != tt.verdict || d.Wanted != tt.wanted || n.Group != tt.group {
			t.Errorf("%s: %s by %s", tt.name, say.Line(d), n.Group)
		}
	}
	if len(m.Sources) != 2 || m.Sources[0].Group != "orders" {
		t.Errorf("remembered: %+v", m.Sources)
	}
}

// In advise, somebody else's writes are their business: they neither gate nor count as a fight.
func TestAdviseIgnoresOthers(t *testing.T) {
	for _, mode := range []scaler.Mode{scaler.Advise, scaler.Act} {
		w := newWorld()
		w.source.ProcessingTime, w.spec.Mode, w.noWrites, w.rate = 10*time.Millisecond, mode, true, 500
		if err := w.start(24); err != nil {
			t.Fatal(err)
		}
		w.run(20*time.Minute, nil)
		w.scale(23)
		w.run(2*time.Minute, nil)
		want := map[scaler.Mode]scaler.Reason{scaler.Advise: scaler.ScaleDown, scaler.Act: scaler.ExternalChange}[mode]
		if d := w.standing(); d.Verdict != want {
			t.Errorf("%s: %s", mode, say.Line(*d))
		}
	}
}
