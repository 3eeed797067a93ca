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

var errBusy = apierrors.NewTooManyRequests("busy", 1)

func TestApplyWritesWhatWasDecidedFor(t *testing.T) {
	of := schema.GroupResource{Resource: "deployments"}
	conflict := apierrors.NewConflict(of, "worker", errors.New("the object has been modified"))
	tests := []struct {
		name    string
		from    int32
		errs    []error // of the first writes
		between int64   // what somebody else sets during the first write; 0: nothing
		want    int32
		fails   error
		writes  int
	}{
		{name: "as read", from: 4, want: 6, writes: 1},
		{name: "status moved meanwhile", from: 4, errs: []error{conflict, conflict}, want: 6, writes: 3},
		{name: "resized before", from: 5, want: 4, fails: scaler.ErrConflict},
		{name: "resized meanwhile", from: 4, errs: []error{conflict}, between: 5, want: 5, fails: scaler.ErrConflict, writes: 1},
		{name: "modified without end", from: 4, errs: slices.Repeat([]error{conflict}, 50), want: 4, fails: scaler.ErrConflict, writes: 5},
		{name: "server gone", from: 4, errs: []error{context.DeadlineExceeded}, want: 4, fails: context.DeadlineExceeded, writes: 1},
		{name: "server busy", from: 4, errs: []error{errBusy}, want: 4, fails: errBusy, writes: 1},
		{name: "forbidden", from: 4, errs: []error{apierrors.NewForbidden(of, "worker", nil)}, want: 4, fails: scaler.ErrRefused, writes: 1},
		{name: "invalid", from: 4, errs: []error{apierrors.NewInvalid(schema.GroupKind{Kind: "Scale"}, "worker", nil)}, want: 4, fails: scaler.ErrRefused, writes: 1},
		{name: "a webhook says no", from: 4, errs: []error{apierrors.NewBadRequest("no")}, want: 4, fails: scaler.ErrRefused, writes: 1},
		{name: "gone meanwhile", from: 4, errs: []error{apierrors.NewNotFound(of, "worker")}, want: 4, fails: scaler.ErrRefused, writes: 1},
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
				if !errors.Is(err, tt.fails) || (err == nil) != (tt.fails == nil) || errors.Is(err, scaler.ErrRefused) != errors.Is(tt.fails, scaler.ErrRefused) {
					t.Errorf("error %v, want %v", err, tt.fails)
				}
				if got := w.replicas("worker"); got != tt.want {
					t.Errorf("%d replicas, want %d", got, tt.want)
				}
				if writes != tt.writes {
					t.Errorf("%d writes, want %d", writes, tt.writes)
				}
			})
		})
	}
}

// While a write is under way, the watch may show its size before the answer is in: that was us. Once the write has failed, the same size is
// somebody else's.
func TestWhoseSizeTheWatchShows(t *testing.T) {
	for name, c := range map[string]struct {
		fails, after bool // the write fails; the size is seen after it
		ours         bool
	}{
		"seen during the write":                {false, false, true},
		"seen after a write that failed":       {true, true, false},
		"twin: seen during a write that fails": {true, false, true}, // the answer was lost, the size is there
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, orders, act, func(w *world) {
				w.untyped.PrependReactor("update", "deployments", func(a clienttesting.Action) (bool, runtime.Object, error) {
					if a.GetSubresource() != "scale" {
						return false, nil, nil
					}
					if !c.after {
						w.sneak(6)
						time.Sleep(time.Second) // the watch tells of it
					}
					if c.fails {
						return true, nil, errBusy
					}
					return false, nil, nil
				})
				_ = w.Apply(w.t.Context(), scaler.Change{Target: worker, From: 4, To: 6}) // TestApplyWritesWhatWasDecidedFor
				if c.after {
					w.scale("worker", 6)
				}
				settle()
				if wl := w.one("shop/orders").Workload; wl.Spec != 6 || (wl.LastWrite.To == 6) != c.ours {
					t.Errorf("%d replicas, the last write %+v", wl.Spec, wl.LastWrite)
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
			return a.GetSubresource() == "scale" && denied != nil, nil, denied
		})
		for range 3 {
			if err := w.Apply(w.t.Context(), scaler.Change{Target: worker, From: 4, To: 6}); !apierrors.IsForbidden(err) {
				t.Errorf("error %v, want forbidden", err)
			}
		}
		// what is granted later is missing no more
		defer func() {
			denied = nil
			if err := w.Apply(w.t.Context(), scaler.Change{Target: worker, From: 4, To: 6}); err != nil || len(w.MissingRights()) > 0 {
				t.Errorf("granted: %v, missing %q", err, w.MissingRights())
			}
		}()
		if got := w.MissingRights(); len(got) != 1 || strings.Count(w.log.String(), "permission missing") != 1 {
			t.Errorf("missing %q, logged %d times", got, strings.Count(w.log.String(), "permission missing"))
		}
	})
}

// A scale that may not be read is a missing permission, until it may.
func TestApplyWithoutTheRightToRead(t *testing.T) {
	inWorld(t, orders, act, func(w *world) {
		denied := apierrors.NewForbidden(schema.GroupResource{Group: "apps", Resource: "deployments/scale"}, "worker", nil)
		w.untyped.PrependReactor("get", "deployments", func(a clienttesting.Action) (bool, runtime.Object, error) {
			return a.GetSubresource() == "scale" && denied != nil, nil, denied
		})
		change := scaler.Change{Target: worker, From: 4, To: 6}
		if err := w.Apply(w.t.Context(), change); !apierrors.IsForbidden(err) || len(w.MissingRights()) != 1 {
			t.Errorf("%v, missing %q", err, w.MissingRights())
		}
		denied = nil
		if err := w.Apply(w.t.Context(), change); err != nil || len(w.MissingRights()) > 0 {
			t.Errorf("granted: %v, missing %q", err, w.MissingRights())
		}
	})
}
