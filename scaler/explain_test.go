package scaler_test

import (
	"encoding/json"
	"math"
	"os"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/plan"
	"github.com/lagscaler/lagscaler/scaler/say"
)

// Every number of a line follows from the Decision, and a Decision that went through JSON says the same.
func TestLinesCanBeRecomputed(t *testing.T) {
	near := func(a, b float64) bool { return math.Abs(a-b) <= 1e-6*(1+math.Abs(a)+math.Abs(b)) }
	rapid.Check(t, func(t *rapid.T) {
		live(t, func(_ *world, in scaler.Input, r scaler.Result) {
			d := r.Decision
			if !r.Fresh {
				return
			}
			data, err := json.Marshal(d)
			if err != nil {
				t.Fatal(err)
			}
			var back scaler.Decision
			if err := json.Unmarshal(data, &back); err != nil {
				t.Fatal(err)
			}
			if say.Line(back) != say.Line(d) || !reflect.DeepEqual(say.Explain(back), say.Explain(d)) {
				t.Fatalf("through JSON:\n%s\n%s", say.Line(d), say.Line(back))
			}
			n, ok := d.Need()
			if !ok || !n.RateKnown || !n.Capacity.Known() {
				return
			}
			if !near(n.Base, n.Forecast/n.Utilization-n.Excluded) || !near(n.Required, n.Base+n.DrainRate) ||
				!near(n.Backlog, n.DrainRate*n.DrainSeconds) || !near(n.PeakRequired, max(n.Peak/n.DownUtilization, n.Room)-n.DownExcluded) {
				t.Fatalf("the sums do not add up: %+v", n)
			}
			if n.Plan != plan.Consumers(n.Required, n.PerConsumer) || n.RatePlan != plan.Consumers(n.Base, n.PerConsumer) ||
				n.DownPlan != plan.Consumers(n.PeakRequired, n.PerConsumer) {
				t.Fatalf("the plans are others': %+v", n)
			}
			if n.Up < n.Plan || n.ByRate < n.RatePlan || n.Down < n.DownPlan {
				t.Fatalf("less than planned: %+v", n)
			}
		})
	})
}

// TestExplain compares derivations with testdata/explain.txt; run with -update to record them again.
func TestExplain(t *testing.T) {
	w := newWorld()
	w.rate, w.source.ProcessingTime, w.assignor = 1000, 10*time.Millisecond, "range"
	w.spec.MaxReplicas = new(int32(20))
	if err := w.start(16); err != nil {
		t.Fatal(err)
	}
	got := ""
	show := func(title string) {
		d := *w.standing()
		got += "# " + title + "\n" + say.Line(d) + "\n\n" + say.Text(say.Explain(d)) + "\n"
	}
	w.run(10*time.Minute, nil)
	show("steady")
	w.silent, w.unknown = []int32{2, 3}, 20
	w.run(time.Minute, nil)
	show("two brokers silent")
	w.silent, w.unknown = nil, 0
	w.run(time.Minute, nil)
	w.rate = 1900
	w.run(90*time.Second, nil)
	show("limited")
	const file = "testdata/explain.txt"
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || got != string(want) {
		t.Errorf("%v\n--- got\n%s--- want\n%s", err, got, want)
	}
}
