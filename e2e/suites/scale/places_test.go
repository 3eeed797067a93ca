package scale

import (
	"fmt"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/closedloop"
	"github.com/lagscaler/lagscaler/e2e/servers/kube"
	"github.com/lagscaler/lagscaler/e2e/servers/long"
	"github.com/lagscaler/lagscaler/scaler/learn"
)

// Consumers of one group run in two Kubernetes clusters, each with its own lagscaler. Together they have what the traffic needs; when one of
// them is gone, the other one takes all; and when it is back, each has its share again.
func TestTwoPlaces(t *testing.T) {
	long.Story(t, "eight worlds of scaler/sim/worlds have two places")
	t.Parallel()
	const rate, needed, share = 300, 12, 6 // 300/s / 92 % are more than six consumers of 50/s, and the next useful count of twelve partitions is 12
	place := "  place: {share: 50}\n"
	here := open(t, setup{Rate: rate, Replicas: 3, Spec: place})
	there := &scenario{closedloop.Open(t, setup{Kube: kube.Start(t, kube.Config{}), Joins: here.Loop, Replicas: 3, Spec: place}), t}
	first, second := here.start(), there.start()
	sizes := func(a, b int32) func() error {
		return func() error {
			if x, y := here.Size(), there.Size(); x != a || y != b {
				return fmt.Errorf("%d replicas here and %d there, want %d and %d", x, y, a, b)
			}
			return nil
		}
	}
	await(t, "each place to have its share", sizes(share, share))
	before := here.awaitCalm(first)
	there.awaitCalm(second)
	watched := [2]func() []kube.Size{here.WatchSize(), there.WatchSize()}
	time.Sleep(10 * time.Second) // more than three decisions of each
	for i, watch := range watched {
		if got := watch(); len(got) != 1 {
			t.Errorf("place %d: sizes %v, though nothing changed", i, got)
		}
	}

	second.Kill()
	there.KillAllConsumers()
	gone := time.Now()
	await(t, "this place to have all", func() error {
		if n := here.Size(); n != needed {
			return fmt.Errorf("%d replicas here, want %d", n, needed)
		}
		return nil
	})
	took := time.Since(gone)
	t.Logf("the other place is gone: all is here after %v", took.Round(time.Second))
	if least := learn.TakeOverAfter / pace; took < least {
		t.Errorf("after %v this place took over, sooner than %v", took, least)
	}
	got := here.awaitDecision(first, "the line to say so", func(got scalerReport) bool { return got.Decision.Why.Alone })
	t.Log(got.Line)

	there.Kubectl(t, "delete", "pod", "--namespace="+there.NS, "--all", "--wait=false")
	there.Daemon.Identity = "back"
	there.start()
	await(t, "each place to have its share again", sizes(share, share))
	here.awaitCalm(first)
	here.checkLate(before, 0.5)
}
