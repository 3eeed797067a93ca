package plot

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/scaler/sim"
)

func result() sim.Result {
	r := sim.Result{Trace: "<script>alert(1)</script>", Policy: "lagscaler", Protocol: sim.Eager, Partitions: 48, LatePercent: 0.125}
	for i := range int32(100) {
		r.Points = append(r.Points, sim.PlotPoint{Second: (i + 1) * 60, Rate: float64(i), Replicas: 1 + i/10, Age: i % 40, Rebalances: int(i) / 10})
	}
	r.Moves = []sim.Move{{Second: 600, From: 1, To: 2, Why: "ScaleUp 1 -> 2: because"}, {Second: 1200, From: 2, To: 1}}
	return r
}

func TestReportIsSelfContained(t *testing.T) {
	var b bytes.Buffer
	if err := Write(&b, Report{Title: "A trace", Target: 30 * time.Second, Results: []sim.Result{result()}}); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	for _, want := range []string{"ScaleUp 1 -&gt; 2: because", "0.125", "class=\"target\"", "2 -&gt; 1", "time lag, seconds"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not show %q", want)
		}
	}
	if m := regexp.MustCompile(`(?i)<script|<link|https?://|@import|url\(`).FindString(page); m != "" {
		t.Errorf("the page has %q: it must be self-contained, and escape the name of a trace", m)
	}
	if n := strings.Count(page, "<circle"); n != 2 {
		t.Errorf("%d changes, want 2", n)
	}
}

func TestLongTraceDrawsLargestChanges(t *testing.T) {
	r := result()
	for i := range int32(20_000) {
		step := int32(1)
		if i%10 == 0 {
			step = 5
		}
		r.Moves = append(r.Moves, sim.Move{Second: i, From: 10, To: 10 + step})
	}
	if n := len(changes(r, 20_000, 48)); n > maxChanges || n == 0 {
		t.Errorf("%d changes", n)
	}
}
