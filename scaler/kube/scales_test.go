package kube

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clienttesting "k8s.io/client-go/testing"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/kube/access"
	"github.com/lagscaler/lagscaler/scaler/kube/election"
	"github.com/lagscaler/lagscaler/scaler/kube/watch"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

var worker = seen.Ref{APIVersion: "apps/v1", Kind: "Deployment", Namespace: "shop", Name: "worker"}

// other is a second controller on the same API server: another replica of the program.
func (w *world) other(identity string) *Controller {
	return New(w.clients, Options{Namespace: "lagscaler", Lease: "lagscaler", Identity: identity})
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
	changed := o.(watch.Object).DeepCopy()
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
		if want := (seen.Write{At: time.Now(), From: 4, To: 6}); got.Spec != 6 || got.LastWrite != want {
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
		if !errors.Is(err, election.ErrNotLeading) || w.replicas("worker") != 4 {
			t.Errorf("a follower's write: %v, %d replicas", err, w.replicas("worker"))
		}
		if s := follower.Scalers(time.Now()); len(s) != 1 || s[0].Refused() || s[0].Workload.Spec != 4 {
			t.Errorf("the follower sees %+v", s)
		}
	})
}

// Without the permission to see autoscalers, a conflict could not be seen, so nothing is written.
func TestApplyIsNotBlind(t *testing.T) {
	inWorld(t, orders, act, func(w *world) {
		w.api.Rights.Note(access.Right{Verb: "list", Group: "autoscaling", Resource: "horizontalpodautoscalers", Namespace: "shop"},
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
		if got := w.MissingRights(); len(got) != 1 || strings.Count(w.log.String(), "permission missing") != 1 {
			t.Errorf("missing %q, logged %d times", got, strings.Count(w.log.String(), "permission missing"))
		}
	})
}
