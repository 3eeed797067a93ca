package kafkasource_test

import (
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource"
)

// A topic that the group left gets records. Once the group has been stable without it for long enough, it stays apart when the
// last member goes. The twin is a group whose last member goes before that: whose consumers left first says nothing.
func TestATopicThatWasLeftStaysApartWhenTheLastMemberGoes(t *testing.T) {
	for name, c := range map[string]struct {
		rest time.Duration
		lag  int64
	}{"stable without it": {lag.OrphanAfter + time.Minute, 0}, "twin: it left a moment before": {time.Minute, 4999}} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, kafkasource.Config{})
			r.Create("orders", 1)
			r.Create("old", 1)
			r.Append("old", 0, 5000)
			r.Append("orders", 0, 10)
			r.Commit("shop", "old", 0, 1)
			r.Commit("shop", "orders", 0, 10)
			leave := r.Join("shop", "orders")
			var s *lag.Snapshot
			later := time.Duration(0)
			poll := func(state lag.State) *lag.GroupLag {
				t.Helper()
				for range 100 {
					o := r.observe()
					if group(t, o, "shop").State == state {
						o.At = o.At.Add(later)
						s = lag.Compute(o, s, []string{"shop"})
						g, _ := s.Group("shop")
						return g
					}
					time.Sleep(50 * time.Millisecond)
				}
				t.Fatalf("the group is not %s", state)
				return nil
			}
			poll(lag.Stable)
			later = c.rest
			poll(lag.Stable)
			leave()
			if n, complete := poll(lag.Empty).Total(); n != c.lag || !complete {
				t.Errorf("lag %d, complete %v, want %d", n, complete, c.lag)
			}
		})
	}
}
