package topics

import (
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/lag/lagtest"
)

// The times of answers follow the time that passed: a step of the wall clock by an hour does not move them. Its twin is an hour
// that passes.
func TestTimesOfAnswersFollowNoStep(t *testing.T) {
	now := time.Now()
	for _, step := range []time.Duration{0, time.Hour, -time.Hour} {
		for _, passed := range []time.Duration{time.Minute, time.Hour} {
			if got := millis(lagtest.WallSet(now.Add(passed), step)) - millis(now); got != passed.Milliseconds() {
				t.Errorf("%v passed, the clock was set by %v: %d ms", passed, step, got)
			}
		}
	}
}
