//go:build race

package worlds

import (
	"sync"

	"github.com/lagscaler/lagscaler/scaler"
)

// With the race detector a poll takes ten times as long. It looks for races, not for wrong verdicts: a few worlds are enough.
//
// What some of their polls saw is evaluated by two goroutines at once: packages that start none, and are tested without the
// detector, must not write to what they were given or to what they keep.
func init() {
	everyWorld, soakHours = 48, 1
	polls := 0
	evaluated = func(_ string, in scaler.Input, _ scaler.Result) {
		if polls++; polls%7 > 0 {
			return
		}
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() { scaler.Evaluate(in) })
		}
		both.Wait()
	}
}
