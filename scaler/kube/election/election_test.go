package election

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
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

var own = access.Installation{Namespace: "lagscaler", Lease: "lagscaler"}

// candidate is one of two replicas on the same API server.
func candidate(c *fake.Clientset, identity string) *Election {
	return New(access.NewAPI(access.Clients{Kubernetes: c}, own, slog.New(slog.DiscardHandler)), identity, "", func() []string { return []string{"*"} })
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
		// Also if nobody notices: the next leader may begin leaseDuration after the last renewal that it has seen.
		if until, ok := bound.Deadline(); !ok || until.After(first.renewed.Add(leaseDuration)) {
			t.Errorf("a write may last until %v, the lease until %v", until, first.renewed.Add(leaseDuration))
		}
		cut.Store(true)
		lost, won := handOver(t, first, second)
		if bound.Err() == nil {
			t.Error("a write in progress goes on though the lease is lost")
		}
		if lost > renewDeadline || won < lost+time.Second || won > leaseDuration+2*longestRetry {
			t.Errorf("lost after %v, won by the other after %v", lost, won)
		}
		time.Sleep(2 * renewDeadline) // the library tries for so long to give the lease back
		synctest.Wait()
		first.mu.Lock()
		defer first.mu.Unlock()
		if first.term != nil {
			t.Error("the term goes on: what another leader has learned would not be loaded when this one leads again")
		}
	})
}

// The API server answers nothing for longer than the lease: the term is over, also for a replica that cannot read who leads now.
func TestTheTermEndsWhereNothingCanBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := fake.NewClientset()
		var cut atomic.Bool
		server.PrependReactor("*", "leases", func(clienttesting.Action) (bool, runtime.Object, error) {
			return cut.Load(), nil, errors.New("connection refused")
		})
		first := candidate(server, "first")
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() { _ = first.Run(ctx) }()
		settle()
		if !first.holds() {
			t.Fatal("it does not lead")
		}
		cut.Store(true)
		time.Sleep(leaseDuration + 2*renewDeadline) // the library tries for so long to give the lease back
		synctest.Wait()
		if first.holds() {
			t.Error("the term goes on")
		}
		cut.Store(false)
		time.Sleep(leaseDuration + longestRetry)
		synctest.Wait()
		if !first.Leading() || first.Term() != 2 {
			t.Errorf("afterwards it leads: %v, term %d", first.Leading(), first.Term())
		}
	})
}

// A replica that waits for the Lease says once for whom, and a replica that leads does not say it of itself.
func TestWhoIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := fake.NewClientset()
		logs := map[string]*bytes.Buffer{"first": {}, "second": {}}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		for _, name := range []string{"first", "second"} {
			e := New(access.NewAPI(access.Clients{Kubernetes: server}, own, slog.New(slog.NewTextHandler(logs[name], nil))), name, "", func() []string { return nil })
			go func() { _ = e.Run(ctx) }()
			settle()
		}
		time.Sleep(leaseDuration)
		synctest.Wait()
		cancel()
		synctest.Wait()
		const says = "another replica holds the Lease"
		if n := strings.Count(logs["first"].String(), says); n != 0 {
			t.Errorf("the leader says it %d times:\n%s", n, logs["first"])
		}
		if text := logs["second"].String(); strings.Count(text, says) != 1 || !strings.Contains(text, "holder=first") || !strings.Contains(text, "time=15s") {
			t.Errorf("the other replica says:\n%s", text)
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
		write, release, err := first.Bound(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		end()
		synctest.Wait()
		if first.Leading() {
			t.Error("it leads after it gave the lease back")
		}
		if write.Err() == nil {
			t.Error("a write in progress goes on after the lease was given back")
		}
		time.Sleep(longestRetry + time.Second)
		synctest.Wait()
		if !second.Leading() {
			t.Error("nobody took the lease that was given back")
		}
	})
}

// Each permission on the Lease that is refused is noted, so that pages and log name it.
func TestAMissingRightOnTheLease(t *testing.T) {
	for _, verb := range []string{"get", "create", "update"} {
		t.Run(verb, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := fake.NewClientset()
				server.PrependReactor(verb, "leases", func(clienttesting.Action) (bool, runtime.Object, error) {
					return true, nil, apierrors.NewForbidden(schema.GroupResource{Group: "coordination.k8s.io", Resource: "leases"}, "lagscaler", nil)
				})
				e := candidate(server, "first")
				ctx, cancel := context.WithCancel(t.Context())
				go func() { _ = e.Run(ctx) }()
				time.Sleep(time.Minute)
				cancel()
				synctest.Wait()
				missing := e.rights.All()
				if len(missing) != 1 || missing[0].Verb != verb || missing[0].Resource != "leases" || missing[0].Namespace != "lagscaler" {
					t.Errorf("missing rights %+v", missing)
				}
			})
		})
	}
}

// The first leader of this version notes when it began, on a Lease that an earlier version made. Its successors keep the time.
func TestTheFirstWriteIsNotedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		old, seconds, renewed := "old replica", int32(15), metav1.NewMicroTime(time.Now())
		lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: own.Namespace, Name: own.Lease}}
		lease.Spec = coordinationv1.LeaseSpec{HolderIdentity: &old, LeaseDurationSeconds: &seconds, RenewTime: &renewed}
		server := fake.NewClientset(lease)
		first, second := candidate(server, "first"), candidate(server, "second")
		leading, end := context.WithCancel(t.Context())
		go func() { _ = first.Run(leading) }()
		settle()
		if at, known := first.FirstWrite(); known || first.Leading() {
			t.Errorf("a follower of an earlier version knows a first write, %v; it leads: %v", at, first.Leading())
		}
		time.Sleep(time.Minute)
		began, known := first.FirstWrite()
		if !known || !first.Leading() || time.Since(began) < 30*time.Second {
			t.Fatalf("leads %v, first write %v, known %v", first.Leading(), began, known)
		}
		end()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() { _ = second.Run(ctx) }()
		time.Sleep(time.Minute)
		if at, _ := second.FirstWrite(); !second.Leading() || !at.Equal(began) {
			t.Errorf("the successor leads: %v, first write %v, want %v", second.Leading(), at, began)
		}
		if first.Term() != 1 || second.Term() != 1 {
			t.Errorf("terms %d and %d", first.Term(), second.Term())
		}
	})
}

// What the Lease of another installation says about namespaces.
func TestKeeps(t *testing.T) {
	for keeps, want := range map[string]bool{"*": true, "shop": true, "pay,shop": true, "pay": false, "shopping": false, "": false} {
		lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{annotationKeeps: keeps}}}
		if got := Keeps(lease, "shop"); got != want {
			t.Errorf("%q keeps shop: %v", keeps, got)
		}
	}
	if Keeps(&coordinationv1.Lease{}, "shop") {
		t.Error("the Lease of another program keeps KafkaScalers")
	}
}

func holder(o runtime.Object) string {
	if lease, ok := o.(*coordinationv1.Lease); ok && lease.Spec.HolderIdentity != nil {
		return *lease.Spec.HolderIdentity
	}
	return ""
}
