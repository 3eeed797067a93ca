package web

import (
	"testing"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/need"
)

// compare simulates with a capacity that is known. The most that one consumer was seen to process is only a lower bound.
func TestCompareKnowsOnlyAKnownCapacity(t *testing.T) {
	for from, known := range map[learn.CapacityFrom]bool{learn.Declared: true, learn.Learned: true, learn.Observed: false, learn.NotKnown: false} {
		d := scaler.Decision{Needs: []need.Need{{PerConsumer: 12, Capacity: from}}}
		got := compareOf(&engine.ScalerReport{Outcome: scaler.Outcome{Decision: d}}).PerConsumer
		if (got != nil) != known {
			t.Errorf("%s: known %v, want %v", from, got != nil, known)
		}
	}
}
