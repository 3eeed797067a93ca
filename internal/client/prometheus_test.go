package client

import (
	"fmt"
	"testing"
	"time"
)

// TestGapsGoOn: where Prometheus has no sample, traffic went on as it was.
func TestGapsGoOn(t *testing.T) {
	p := Prometheus{Step: time.Minute}
	trace, err := p.Trace(Series{{0.0, "1"}, {180.0, "4"}, {240.0, "5"}})
	if want := []float64{60, 60, 60, 240, 300}; err != nil || fmt.Sprint(trace.Counts) != fmt.Sprint(want) {
		t.Errorf("%v, %v; want %v", trace.Counts, err, want)
	}
}
