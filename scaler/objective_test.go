package scaler_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/promise"
	"github.com/lagscaler/lagscaler/scaler/say"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// promised is a world with an objective, and a burst of three minutes each five hours.
func promised(t testing.TB, objective *float64) *world {
	w := newWorld()
	w.each, w.rate, w.source.ProcessingTime = 12, 300, 10*time.Millisecond
	w.spec.Objective, w.spec.TargetLag = objective, 20*time.Second
	if err := w.start(4); err != nil {
		t.Fatal(err)
	}
	return w
}

// hours lets hours pass, and shows each fresh decision.
func (w *world) hours(n int, show func(d scaler.Decision)) {
	for second := range n * 3600 {
		if w.rate = 300; second%18000 >= 17400 && second%18000 < 17580 {
			w.rate = 900
		}
		w.second()
		if second%10 == 0 {
			if r := w.poll(); r.Fresh && show != nil {
				show(r.Decision)
			}
		}
	}
}

// memoryOfADay is what a scaler has learned after 26 h of such bursts, as it is saved.
func memoryOfADay() []byte {
	if ofADay != nil {
		return ofADay
	}
	w := promised(new(testing.T), new(99.9))
	w.now = w.now.Add(-26 * time.Hour)
	w.hours(26, nil)
	ofADay = must(w.memory.Save())
	return ofADay
}

var ofADay []byte // nil: it was not needed yet

// After the first day, the room in force is one that the fleets that were played along show to keep the objective; the line and the
// derivation say which one, and name the runner-up. Without an objective nothing is kept, and the play has a price all the same.
func TestObjective(t *testing.T) {
	w := promised(t, new(99.9))
	var first, last scaler.Decision
	w.hours(30, func(d scaler.Decision) {
		if first.At.IsZero() && d.Verdict == scaler.Steady && d.Needs[0].Promise != nil {
			first = d
		}
		last = d
	})
	if line := say.Line(first); !strings.Contains(line, "until then room is the reserve for returning peaks") {
		t.Errorf("in the first day: %s", line)
	}
	n, _ := last.Need()
	c := n.Promise
	if c == nil || c.Learning || c.Room == (promise.Room{}) || c.Kept < 0.999 || !c.Reachable || c.RunnerUp == nil {
		t.Fatalf("%+v", c)
	}
	if line := say.Line(last); !strings.Contains(line, say.Promise(c)) {
		t.Errorf("the line does not name the room: %s", line)
	}
	if text := say.Text(say.Explain(last)); !strings.Contains(text, "runner-up") || !strings.Contains(text, "room costs") {
		t.Errorf("the derivation:\n%s", text)
	}
	data, err := w.memory.Save()
	if err != nil || len(data) > 16<<10 {
		t.Errorf("saved in %d bytes, %v", len(data), err)
	}
	twin := promised(t, nil)
	twin.hours(2, func(d scaler.Decision) { last = d })
	play := twin.memory.Play("main", "orders")
	if _, ok := play.Price(0.999); !ok || last.Needs[0].Promise != nil {
		t.Errorf("without an objective: a price %v, %+v", ok, last.Needs[0].Promise)
	}
}

// An objective changes nothing while nothing is known of it: in the first day all decisions are those without it.
func TestObjectiveOfTheFirstDay(t *testing.T) {
	with, without := promised(t, new(99.99)), promised(t, nil)
	var a, b []scaler.Decision
	with.hours(6, func(d scaler.Decision) { a = append(a, d) })
	without.hours(6, func(d scaler.Decision) { b = append(b, d) })
	if len(a) != len(b) {
		t.Fatalf("%d and %d decisions", len(a), len(b))
	}
	for i := range a {
		if !a[i].Same(b[i]) {
			t.Fatalf("with: %s\nwithout: %s", say.Line(a[i]), say.Line(b[i]))
		}
	}
}

func TestObjectiveThatCannotBe(t *testing.T) {
	source := []seen.SourceSpec{{Cluster: "main", Group: "orders"}}
	for name, c := range map[string]struct {
		spec scaler.Spec
		want []string
	}{
		"too low":           {scaler.Spec{Objective: new(50.0)}, []string{"objective: must be between 90 and 99.99 percent, not 50"}},
		"all":               {scaler.Spec{Objective: new(100.0)}, []string{"objective: must be between 90 and 99.99 percent, not 100"}},
		"zero is no none":   {scaler.Spec{Objective: new(0.0)}, []string{"objective: must be between"}},
		"no number":         {scaler.Spec{Objective: new(math.NaN())}, []string{"objective: must be between"}},
		"a budget alone":    {scaler.Spec{ObjectiveBudget: new(1.5)}, []string{"objectiveBudget: 1.5 has no effect without objective"}},
		"thresholds":        {scaler.Spec{Objective: new(99.0), Kind: scaler.Thresholds}, []string{"objective: has no effect with the policy thresholds"}},
		"both, all at once": {scaler.Spec{Objective: new(1.0), ObjectiveBudget: new(9.0)}, []string{"objective: must", "objectiveBudget: must be between 1 and 4, not 9"}},
		"good":              {scaler.Spec{Objective: new(99.9), ObjectiveBudget: new(1.3)}, nil},
	} {
		c.spec.Sources = source
		p, err := c.spec.Policy()
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q", name, err, want)
			}
		}
		if c.want == nil && (err != nil || p.Objective != 99.9 || p.ObjectiveBudget != 1.3) {
			t.Errorf("%s: %v, %+v", name, err, p)
		}
	}
	p, err := scaler.Spec{Objective: new(99.9), Sources: source}.Policy()
	if err != nil || p.ObjectiveBudget != promise.DefaultBudget {
		t.Errorf("the default budget: %v, %v", p.ObjectiveBudget, err)
	}
}
