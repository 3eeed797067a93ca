package client

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
)

// TestGapsGoOn: where Prometheus has no sample, traffic went on as it was.
func TestGapsGoOn(t *testing.T) {
	p := Prometheus{Step: time.Minute, Window: time.Hour}
	trace, err := p.Trace(Series{{0.0, "1"}, {180.0, "4"}, {240.0, "5"}})
	if want := []float64{60, 60, 60, 240, 300}; err != nil || fmt.Sprint(trace.Counts) != fmt.Sprint(want) {
		t.Errorf("%v, %v; want %v", trace.Counts, err, want)
	}
}

func TestSamplesOutsideTheWindow(t *testing.T) {
	p := Prometheus{Step: time.Minute, Window: time.Hour}
	for _, samples := range []Series{{{0.0, "1"}, {3601.0, "1"}}, {{0.0, "1"}, {1e18, "1"}}, {{60.0, "1"}, {0.0, "1"}}} {
		if trace, err := p.Trace(samples); err == nil || !strings.Contains(err.Error(), "within 1h0m0s") {
			t.Errorf("%v: %v, %v", samples, trace.Counts, err)
		}
	}
}

// Whatever Prometheus answers becomes a trace of rates, or an error that says which sample is wrong.
func FuzzTrace(f *testing.F) {
	f.Add(int64(60), []byte(`[[0,"1"],[180,"4"],[240,"5"]]`))
	f.Add(int64(60), []byte(`[[0,"1"],[1e18,"4"]]`))
	f.Add(int64(1), []byte(`[[-9e18,"1"],[9e18,"NaN"]]`))
	f.Add(int64(60), []byte(`[[180,"1"],[0,"1"],[null,7]]`))
	f.Fuzz(func(t *testing.T, step int64, answer []byte) {
		var samples Series
		if step < 1 || step > 86_400 || json.Unmarshal(answer, &samples) != nil {
			return
		}
		window := time.Duration(step) * 100 * time.Second
		trace, err := Prometheus{Step: time.Duration(step) * time.Second, Window: window}.Trace(samples)
		if err != nil {
			return
		}
		if n := len(trace.Counts); n < 2 || n > 101+len(samples) {
			t.Errorf("%d counts of %d samples", n, len(samples))
		}
		for _, n := range trace.Counts {
			if n < 0 || math.IsNaN(n) || math.IsInf(n, 0) {
				t.Errorf("counts %v", trace.Counts)
			}
		}
	})
}
