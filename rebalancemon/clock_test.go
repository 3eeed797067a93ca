package rebalancemon

import (
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/lag/lagtest"
)

// TestHourOfASetClock: the last hour has the same rebalances when the wall clock is set, and others when an hour has passed.
func TestHourOfASetClock(t *testing.T) {
	start := time.Now()
	for _, tt := range []struct {
		name   string
		now    time.Time
		counts int
	}{
		{"nothing happens", start.Add(30 * time.Minute), 3},
		{"the clock is set forward", lagtest.WallSet(start.Add(30*time.Minute), time.Hour), 3},
		{"the clock is set back", lagtest.WallSet(start.Add(30*time.Minute), -time.Hour), 3},
		{"an hour passes", start.Add(90 * time.Minute), 0},
	} {
		h := &hour{}
		for i := range 3 {
			h.at(start.Add(time.Duration(i)*5*time.Minute)).count++
		}
		if got, _ := h.sum(tt.now); got != tt.counts {
			t.Errorf("%s: %d rebalances in the last hour, want %d", tt.name, got, tt.counts)
		}
	}
}
