package kube

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clienttesting "k8s.io/client-go/testing"

	"github.com/lagscaler/lagscaler/scaler"
)

var worker = scaler.Ref{APIVersion: "apps/v1", Kind: "Deployment", Namespace: "shop", Name: "worker"}

// other is a second controller on the same API server: another replica of the program.
func (w *world) other(identity string) *Controller {
	return New(w.watches.clients, Options{Namespace: "lagscaler", Lease: "lagscaler", Identity: identity})
}

func TestApplyWritesWhatWasDecidedFor(t *testing.T) {
	conflict := apierrors.NewConflict(schema.GroupResource{Resource: "deployments"}, "worker", errors.New("the object has been modified"))
	tests := []struct {
		name    string
		from    int32
		errs    []error // of the first writes
		between int64   // what somebody else sets during the first write; 0: nothing
		want    int32
		fails   error
	}{
		{name: "as read", from: 4, want: 6},
		{name: "status moved meanwhile", from: 4, errs: []error{conflict, conflict}, want: 6},
		{name: "resized before", from: 5, want: 4, fails: scaler.ErrConflict},
		{name: "resized meanwhile", from: 4, errs: []error{conflict}, between: 5, want: 5, fails: scaler.ErrConflict},
		{name: "modified without end", from: 4, errs: slices.Repeat([]error{conflict}, attempts), want: 4, fails: scaler.ErrConflict},
		{name: "server gone", from: 4, errs: []error{context.DeadlineExceeded}, want: 4, fails: context.DeadlineExceeded},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, orders, act, func(w *world) {
				errs, writes := tt.errs, 0
				w.untyped.PrependReactor("update", "deployments", func(a clienttesting.Action) (bool, runtime.Object, error) {
					if a.GetSubresource() != "scale" {
						return false, nil, nil
					}
					writes++
					if len(errs) == 0 {
						return false, nil, nil
					}
					err := errs[0]
					errs = errs[1:]
					if tt.between != 0 {
						w.sneak(tt.between)
					}
					return true, nil, err
				})
				err := w.Apply(w.t.Context(), scaler.Change{Target: worker, From: tt.from, To: 6, Reason: scaler.ScaleUp})
				if !errors.Is(err, tt.fails) || (err == nil) != (tt.fails == nil) {
					t.Errorf("error %v, want %v", err, tt.fails)
				}
				if got := w.replicas("worker"); got != tt.want {
					t.Errorf("%d replicas, want %d", got, tt.want)
				}
				if tt.fails == nil && writes != len(tt.errs)+1 {
					t.Errorf("%d writes, want %d", writes, len(tt.errs)+1)
				}
			})
		})
	}
}

// sneak resizes the worker while a request is being answered, when the client cannot be used.
func (w *world) sneak(replicas int64) {
	w.t.Helper()
	o, err := w.untyped.Tracker().Get(deployments, "shop", "worker")
	if err != nil {
		w.t.Fatal(err)
	}
	changed := o.(object).DeepCopy()
	set(w.t, changed, replicas, "spec", "replicas")
	if err := w.untyped.Tracker().Update(deployments, changed, "shop"); err != nil {
		w.t.Fatal(err)
	}
}

func TestAWriteIsKnownAtOnce(t *testing.T) {
	inWorld(t, orders, act, func(w *world) {
		// The watch tells nothing meanwhile: no settle, no Wait.
		if err := w.Apply(w.t.Context(), scaler.Change{Target: worker, From: 4, To: 6}); err != nil {
			t.Fatal(err)
		}
		got := w.one("shop/orders").Workload
		if want := (scaler.Write{At: time.Now(), From: 4, To: 6}); got.Spec != 6 || got.LastWrite != want {
			t.Errorf("spec %d, last write %+v; want 6, %+v", got.Spec, got.LastWrite, want)
		}
	})
}

func TestOnlyTheLeaderWrites(t *testing.T) {
	inWorld(t, orders, act, func(w *world) {
		follower := w.other("second")
		follower.Configure(Settings{Mode: scaler.Act, Clusters: []string{"main"}})
		ctx, cancel := context.WithCancel(w.t.Context())
		defer cancel()
		go func() { _ = follower.Run(ctx) }()
		go func() { _ = follower.Elect(ctx) }()
		settle()
		if !w.Leading() || follower.Leading() {
			t.Fatalf("first leads: %v, second: %v", w.Leading(), follower.Leading())
		}
		err := follower.Apply(w.t.Context(), scaler.Change{Target: worker, From: 4, To: 6})
		if !errors.Is(err, errNotLeading) || w.replicas("worker") != 4 {
			t.Errorf("a follower's write: %v, %d replicas", err, w.replicas("worker"))
		}
		if s := follower.Scalers(time.Now()); len(s) != 1 || s[0].Refused() || s[0].Workload.Spec != 4 {
			t.Errorf("the follower sees %+v", s)
		}
	})
}

// No write may follow the moment at which a successor could begin, and none may be under way then.
func TestTheLeaseIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, orders)
		var cut atomic.Bool // the first replica off the server
		w.typed.PrependReactor("update", "leases", func(a clienttesting.Action) (bool, runtime.Object, error) {
			if u, ok := a.(clienttesting.UpdateAction); ok && cut.Load() && holder(u.GetObject()) != "second" {
				return true, nil, errors.New("connection refused")
			}
			return false, nil, nil
		})
		run(w, Settings{Mode: scaler.Act, Clusters: []string{"main"}}, func() {
			second := w.other("second")
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			go func() { _ = second.Elect(ctx) }()
			settle()
			bound, release, err := w.election.bound(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer release()
			cut.Store(true)
			lost, won := handOver(w, second)
			if bound.Err() == nil {
				t.Error("a write under way goes on though the lease is lost")
			}
			if lost > renewDeadline || won < lost+time.Second || won > leaseDuration+3*retryPeriod {
				t.Errorf("lost after %v, won by the other after %v", lost, won)
			}
		})
	})
}

// handOver waits until the second leads, and says when the first ceased to and when the second began.
func handOver(first *world, second *Controller) (lost, won time.Duration) {
	first.t.Helper()
	for began := time.Now(); time.Since(began) < time.Minute; time.Sleep(100 * time.Millisecond) {
		if first.Leading() && second.Leading() {
			first.t.Fatal("two leaders")
		}
		if !first.Leading() && lost == 0 {
			lost = time.Since(began)
		}
		if second.Leading() {
			return lost, time.Since(began)
		}
	}
	first.t.Fatal("nobody leads any more")
	return 0, 0
}

func TestALeaseGivenBackIsTakenSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, orders)
		second := w.other("second")
		ctx, cancel := context.WithCancel(w.t.Context())
		defer cancel()
		first, end := context.WithCancel(ctx)
		go func() { _ = w.Elect(first) }()
		settle()
		go func() { _ = second.Elect(ctx) }()
		settle()
		end()
		synctest.Wait()
		if w.Leading() {
			t.Error("it leads after it gave the lease back")
		}
		time.Sleep(2 * retryPeriod)
		synctest.Wait()
		if !second.Leading() {
			t.Error("nobody took the lease that was given back")
		}
	})
}

func holder(o runtime.Object) string {
	m, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
	if err != nil {
		return ""
	}
	spec, _ := m["spec"].(map[string]any)
	id, _ := spec["holderIdentity"].(string)
	return id
}

// Without the right to see autoscalers, a conflict could not be seen, so nothing is written.
func TestApplyIsNotBlind(t *testing.T) {
	inWorld(t, orders, act, func(w *world) {
		w.rights.note(Right{Verb: "list", Group: "autoscaling", Resource: "horizontalpodautoscalers", Namespace: "shop"},
			apierrors.NewForbidden(schema.GroupResource{Resource: "horizontalpodautoscalers"}, "", nil))
		if err := w.Apply(w.t.Context(), scaler.Change{Target: worker, From: 4, To: 6}); err == nil || w.replicas("worker") != 4 {
			t.Errorf("error %v, %d replicas", err, w.replicas("worker"))
		}
	})
}

func TestApplyWithoutTheRight(t *testing.T) {
	inWorld(t, orders, act, func(w *world) {
		denied := apierrors.NewForbidden(schema.GroupResource{Group: "apps", Resource: "deployments/scale"}, "worker", nil)
		w.untyped.PrependReactor("update", "deployments", func(a clienttesting.Action) (bool, runtime.Object, error) {
			return a.GetSubresource() == "scale", nil, denied
		})
		for range 3 {
			if err := w.Apply(w.t.Context(), scaler.Change{Target: worker, From: 4, To: 6}); !apierrors.IsForbidden(err) {
				t.Errorf("error %v, want forbidden", err)
			}
		}
		if got := w.MissingRights(); len(got) != 1 || w.log.count("right missing") != 1 {
			t.Errorf("missing %q, logged %d times", got, w.log.count("right missing"))
		}
	})
}
