package election

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/client-go/tools/leaderelection"

	"github.com/lagscaler/lagscaler/scaler/kube/access"
)

func TestMain(m *testing.M) {
	access.LogTo(slog.New(slog.DiscardHandler))
	m.Run()
}

// longestRetry is the longest time between two tries of client-go's election: wait.JitterUntil adds up to JitterFactor
// times the period. A candidate sees the last renewal up to one such time late, and tries up to one such time after the
// lease has expired.
const longestRetry = time.Duration((1 + leaderelection.JitterFactor) * float64(retryPeriod))

// candidate is one of two replicas on the same API server.
func candidate(c *fake.Clientset, identity string) *Election {
	return New(access.NewAPI(access.Clients{Kubernetes: c}, slog.New(slog.DiscardHandler)), "lagscaler", "lagscaler", identity)
}

// settle lets everything happen that follows at once.
func settle() {
	time.Sleep(time.Second)
	synctest.Wait()
}

// No write may follow the moment at which a successor could begin, and none may be in progress then.
func TestTheLeaseIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := fake.NewClientset()
		var cut atomic.Bool // the first replica off the server
		server.PrependReactor("update", "leases", func(a clienttesting.Action) (bool, runtime.Object, error) {
			if u, ok := a.(clienttesting.UpdateAction); ok && cut.Load() && holder(u.GetObject()) != "second" {
				return true, nil, errors.New("connection refused")
			}
			return false, nil, nil
		})
		first, second := candidate(server, "first"), candidate(server, "second")
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() { _ = first.Run(ctx) }()
		settle()
		go func() { _ = second.Run(ctx) }()
		settle()
		bound, release, err := first.Bound(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		cut.Store(true)
		lost, won := handOver(t, first, second)
		if bound.Err() == nil {
			t.Error("a write in progress goes on though the lease is lost")
		}
		if lost > renewDeadline || won < lost+time.Second || won > leaseDuration+2*longestRetry {
			t.Errorf("lost after %v, won by the other after %v", lost, won)
		}
	})
}

// handOver waits until the second leads, and returns when the first ceased to and when the second began.
func handOver(t *testing.T, first, second *Election) (lost, won time.Duration) {
	t.Helper()
	for began := time.Now(); time.Since(began) < time.Minute; time.Sleep(100 * time.Millisecond) {
		if first.Leading() && second.Leading() {
			t.Fatal("two leaders")
		}
		if !first.Leading() && lost == 0 {
			lost = time.Since(began)
		}
		if second.Leading() {
			return lost, time.Since(began)
		}
	}
	t.Fatal("nobody leads any more")
	return 0, 0
}

func TestALeaseGivenBackIsTakenSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := fake.NewClientset()
		first, second := candidate(server, "first"), candidate(server, "second")
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		leading, end := context.WithCancel(ctx)
		go func() { _ = first.Run(leading) }()
		settle()
		go func() { _ = second.Run(ctx) }()
		settle()
		if !first.Leading() || second.Leading() {
			t.Fatalf("first leads: %v, second: %v", first.Leading(), second.Leading())
		}
		end()
		synctest.Wait()
		if first.Leading() {
			t.Error("it leads after it gave the lease back")
		}
		time.Sleep(longestRetry + time.Second)
		synctest.Wait()
		if !second.Leading() {
			t.Error("nobody took the lease that was given back")
		}
	})
}

func holder(o runtime.Object) string {
	if lease, ok := o.(*coordinationv1.Lease); ok && lease.Spec.HolderIdentity != nil {
		return *lease.Spec.HolderIdentity
	}
	return ""
}
