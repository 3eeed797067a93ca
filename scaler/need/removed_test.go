package need

import (
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/plan"
)

// How many consumers of 100/s a step down leaves for a peak of 250/s, so that they also process what is unread until sessions end.
//
//	consumers    unread    tolerated    remain
//	12           5 min     20 s         4: three would need 12 min for it at 50/s
//	4            5 min     20 s         3: the fourth leaves little
//	12           10 s      20 s         3 by the peak alone: it waits for no longer than is tolerated
//	12           -         20 s         3: consumers leave the group when they end
func TestUnreadRate(t *testing.T) {
	for _, c := range []struct {
		consumers int32
		unread    time.Duration
		want      int32
	}{{12, 5 * time.Minute, 4}, {4, 5 * time.Minute, 3}, {12, 10 * time.Second, 3}, {12, 0, 3}} {
		e := estimator{
			Input: &Input{Consumers: c.consumers, Removed: Removed{Unread: c.unread}},
			need:  Need{Peak: 250, PerConsumer: 100, Capacity: learn.Declared},
		}
		rate, _ := e.unreadRate(20)
		if got := plan.Consumers(e.need.Peak+rate, 100); got != c.want {
			t.Errorf("%d consumers, unread for %v: %d remain (%v/s), want %d", c.consumers, c.unread, got, rate, c.want)
		}
		if left := 250 * float64(c.consumers-c.want) / float64(c.consumers); rate > 0 && left/2 > float64(c.want)*100-250 {
			t.Errorf("%d of %d consumers cannot process %v/s for %v in twice that time", c.want, c.consumers, left, c.unread)
		}
	}
}
