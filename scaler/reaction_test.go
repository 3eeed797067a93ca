package scaler_test

import (
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
)

// sizes plays rates for ten seconds each, from 300/s on with 4 consumers of 100/s, and returns the replicas after each poll.
func sizes(t *testing.T, rates ...float64) []int32 {
	t.Helper()
	w := newWorld()
	w.spec.Mode, w.rate, w.source.ProcessingTime = scaler.Act, 300, 10*time.Millisecond
	if err := w.start(4); err != nil {
		t.Fatal(err)
	}
	w.run(15*time.Minute, nil)
	var list []int32
	for _, rate := range rates {
		w.rate = rate
		for range 10 {
			w.second()
		}
		w.poll()
		list = append(list, w.wl.Spec)
	}
	return list
}

// While more arrives than the members can process, each poll may ask for more replicas, also while those of the poll before still
// start: they need 30 s here. What was asked for is not asked for again: when the arrivals stay, the replicas do, too.
func TestEachPollMayAskForMore(t *testing.T) {
	for _, c := range []struct {
		name  string
		rates []float64
		grows []bool // at that poll
	}{
		{"a jump that stays", []float64{1200, 1200, 1200, 1200, 1200, 1200}, []bool{true, false, false, false, false, false}},
		{"another jump while pods start", []float64{450, 450, 2600, 2600, 2600}, []bool{true, false, true, false, false}},
		{"a jump of which the first poll saw a part", []float64{500, 2600, 2600, 2600}, []bool{true, true, false, false}},
		{"a small one of which the first poll saw a part", []float64{500, 700, 700, 700, 700, 700}, []bool{true, true, false, false, false, false}},
		{"three in a row", []float64{600, 900, 1200, 1200, 1200, 1200}, []bool{true, true, true, false, false, false}},
		{"twin: the members can process it", []float64{330, 330, 330, 330}, []bool{false, false, false, false}},
	} {
		got, before := sizes(t, c.rates...), int32(4)
		for i, size := range got {
			if grows := size > before; grows != c.grows[i] || size < before {
				t.Errorf("%s: %v replicas for %v/s, poll %d", c.name, got, c.rates, i+1)
			}
			before = size
		}
	}
}
