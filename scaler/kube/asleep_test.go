package kube

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clienttesting "k8s.io/client-go/testing"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/asleep"
	"github.com/lagscaler/lagscaler/scaler/kube/v1alpha1"
	"github.com/lagscaler/lagscaler/scaler/kube/watch"
)

var slept = asleep.State{
	Intent: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC),
	Marks:  []asleep.Mark{{Cluster: "main", Group: "orders", Topic: "orders", ID: "0a", Ends: 100, Uncommitted: 2, Read: 7, Committed: 1}},
}

// toZero is the write of 0.
func toZero() scaler.Change {
	return scaler.Change{Target: worker, From: 4, To: 0, Reason: scaler.ScaleToZero, At: time.Now(), Scaler: "shop/orders", Asleep: slept}
}

// What is saved is what the next leader reads.
func TestAsleepInTheStatus(t *testing.T) {
	at := time.Date(2026, 3, 2, 12, 0, 1, 0, time.UTC)
	state := asleep.State{
		Since: at, Intent: at.Add(time.Second), ByHand: at.Add(2 * time.Second), WaitingSince: at.Add(3 * time.Second),
		Marks: []asleep.Mark{{Cluster: "a", Group: "b", Topic: "c", ID: "d", Ends: 1, Starts: 2, Uncommitted: 3, Read: 4, Committed: 5, Pending: true}},
		Woken: []asleep.Mark{{Cluster: "a", Group: "b", Topic: "e", Committed: 6}},
	}
	for i := range reflect.TypeFor[asleep.State]().NumField() {
		if reflect.ValueOf(state).Field(i).IsZero() {
			t.Errorf("the case does not set %s", reflect.TypeFor[asleep.State]().Field(i).Name)
		}
	}
	got := stateOf(asleepOf(state))
	for _, p := range []*time.Time{&got.Since, &got.Intent, &got.ByHand, &got.WaitingSince} {
		*p = p.UTC()
	}
	if !reflect.DeepEqual(*got, state) {
		t.Errorf("%+v\nwant %+v", *got, state)
	}
	if asleepOf(asleep.State{}) != nil || !stateOf(nil).Zero() {
		t.Error("nothing is something")
	}
}

// The intent is in the status when the replicas are written, whatever the write then does: a leader may die between.
func TestAnIntentBeforeEachZero(t *testing.T) {
	inWorld(t, orders, act, func(w *world) {
		intended := false
		w.untyped.PrependReactor("update", "deployments", func(a clienttesting.Action) (bool, runtime.Object, error) {
			if a.GetSubresource() == "scale" {
				o, err := w.untyped.Tracker().Get(v1alpha1.Resource, "shop", "orders")
				if err != nil {
					t.Fatal(err)
				}
				s := as[v1alpha1.KafkaScaler](t, o.DeepCopyObject().(watch.Object)).Status
				intended = s.Asleep != nil && s.Asleep.Intent != nil && len(s.Asleep.Topics) == 1 && s.Asleep.Topics[0].Ends == 100
			}
			return false, nil, nil
		})
		if err := w.Apply(w.t.Context(), toZero()); err != nil {
			t.Fatal(err)
		}
		if !intended || w.replicas("worker") != 0 {
			t.Errorf("intended %v, %d replicas", intended, w.replicas("worker"))
		}
		settle()
		if got := w.one("shop/orders").Asleep; got == nil || !got.Intent.Equal(slept.Intent) || len(got.Marks) != 1 {
			t.Errorf("the next leader reads %+v", got)
		}
	})
}

// Without the intent there is no zero: the next leader would take it for somebody else's.
func TestNoZeroWithoutItsIntent(t *testing.T) {
	inWorld(t, orders, act, func(w *world) {
		w.untyped.PrependReactor("patch", "kafkascalers", func(a clienttesting.Action) (bool, runtime.Object, error) {
			p, ok := a.(clienttesting.PatchAction)
			return ok && p.GetPatchType() == types.MergePatchType, nil, errors.New("no") // claims are JSON patches
		})
		if err := w.Apply(w.t.Context(), toZero()); err == nil || !strings.Contains(err.Error(), "saving the intent") {
			t.Errorf("error %v", err)
		}
		if w.replicas("worker") != 4 {
			t.Errorf("%d replicas", w.replicas("worker"))
		}
	})
}

// An outcome of the poll before the intent does not undo it; one after it does, when the intent has ended.
func TestAnEarlierOutcomeKeepsTheIntent(t *testing.T) {
	inWorld(t, orders, act, func(w *world) {
		before := outcome(time.Now(), scaler.Steady, 4, 4)
		before.AsleepAt = time.Now()
		time.Sleep(time.Second)
		if err := w.Apply(w.t.Context(), toZero()); err != nil {
			t.Fatal(err)
		}
		w.Publish([]scaler.Outcome{before})
		settle()
		if s := w.status("orders"); s.Asleep == nil || s.Asleep.Intent == nil {
			t.Fatalf("the intent is lost: %+v", s.Asleep)
		}
		after := outcome(time.Now(), scaler.Steady, 4, 4)
		after.AsleepAt = time.Now()
		w.Publish([]scaler.Outcome{after})
		settle()
		if s := w.status("orders"); s.Asleep != nil {
			t.Errorf("it has ended, and is still there: %+v", s.Asleep)
		}
	})
}

// A scaler that is refused for a while, such as at a start, keeps what it remembers.
func TestARefusalKeepsWhatIsRemembered(t *testing.T) {
	inWorld(t, orders, act, func(w *world) {
		o := outcome(time.Now(), scaler.ZeroByHand, 0, 0)
		o.Asleep = asleep.State{Since: time.Now(), ByHand: time.Now()}
		w.Publish([]scaler.Outcome{o})
		settle()
		w.Publish([]scaler.Outcome{refused(v1alpha1.NotReadYet, "listing")})
		settle()
		if s := w.status("orders"); s.Asleep == nil || s.Asleep.ByHand == nil {
			t.Errorf("by hand is forgotten: %+v", s.Asleep)
		}
	})
}
