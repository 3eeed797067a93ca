package kube

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clienttesting "k8s.io/client-go/testing"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/kube/election"
	"github.com/lagscaler/lagscaler/scaler/kube/v1alpha1"
	"github.com/lagscaler/lagscaler/scaler/kube/watch"
)

// installation is another installation on the same API server, with one replica.
type installation struct {
	*Controller
	w   *world
	end func() // as SIGTERM does
}

func (w *world) installation(namespace string, s Settings) *installation {
	w.t.Helper()
	if s.Clusters == nil {
		s.Clusters = []string{"main"}
	}
	c := New(w.clients, Options{Namespace: namespace, Lease: "lagscaler", Identity: "replica-of-" + namespace, Log: w.api.Log})
	c.Configure(s)
	ctx, cancel := context.WithCancel(w.t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { _ = c.Elect(ctx) })
	wg.Go(func() { _ = c.Run(ctx) })
	end := sync.OnceFunc(func() { cancel(); wg.Wait() })
	w.t.Cleanup(end)
	settle()
	return &installation{c, w, end}
}

// poll publishes what a poll of the installation comes to, and returns why the scaler is refused.
func (i *installation) poll(verdict scaler.Reason) string {
	i.w.t.Helper()
	one := i.Scalers(time.Now())[0]
	o := outcome(time.Now(), verdict, 4, 4)
	o.Mode, o.Refusal = one.Mode, one.Refusal
	i.Publish([]scaler.Outcome{o})
	settle()
	return one.Refusal.String()
}

func (i *installation) apply(from, to int32) error {
	return i.Apply(i.w.t.Context(), scaler.Change{Scaler: "shop/orders", Target: worker, From: from, To: to, Reason: scaler.ScaleUp})
}

// keeper is which installation keeps the scaler, according to its status.
func (w *world) keeper() string {
	if k := w.status("orders").KeptBy; k != nil {
		return k.Lease + " " + k.Mode
	}
	return "nobody"
}

// inTwo runs a test with two installations that both see the scaler shop/orders; the first keeps it. The world's own controller
// does not run.
func inTwo(t *testing.T, manifest string, first, second Settings, test func(w *world, first, second *installation)) {
	t.Helper()
	inBubble(t, manifest, func(w *world) {
		one, two := w.two(first, second)
		test(w, one, two)
	})
}

func (w *world) two(first, second Settings) (one, two *installation) {
	w.t.Helper()
	one = w.installation("one", first)
	if why := one.poll(scaler.Steady); why != "" {
		w.t.Fatalf("the first installation: %s", why)
	}
	return one, w.installation("two", second)
}

// What another installation keeps still has its thresholds, and its resizes still explain rebalances: both installations say the same
// of a group. A declaration that this installation does not allow has no effect here, whoever keeps it.
func TestAScalerThatAnotherKeepsApplies(t *testing.T) {
	for name, second := range map[string]Settings{"allowed": act, "not allowed": {Mode: scaler.Act, Namespaces: rule("^shop$", "^payments$")}} {
		t.Run(name, func(t *testing.T) {
			inTwo(t, orders, act, second, func(_ *world, first, second *installation) {
				if err := first.apply(4, 6); err != nil {
					t.Fatal(err)
				}
				settle()
				one := second.Scalers(time.Now())[0]
				if want := name == "allowed"; one.Refusal.Reason != scaler.KeptByAnother || one.Applies() != want || len(one.Hints) > 0 != want {
					t.Errorf("%+v applies: %v, hints %v", one.Refusal, one.Applies(), one.Hints)
				}
			})
		})
	}
}

func TestASecondInstallationWritesNothing(t *testing.T) {
	inTwo(t, orders, act, act, func(w *world, first, second *installation) {
		for range 6 {
			why := second.poll(scaler.Unschedulable)
			if want := "KeptByAnother: the installation one/lagscaler keeps it, in mode act"; why != want {
				t.Errorf("refused with %q, want %q", why, want)
			}
			if err := second.apply(4, 6); !errors.Is(err, scaler.ErrConflict) || w.replicas("worker") != 4 {
				t.Errorf("the second scaled: %v, %d replicas", err, w.replicas("worker"))
			}
			time.Sleep(10 * time.Second)
		}
		if s := w.status("orders"); w.keeper() != "one/lagscaler act" || s.LastDecision.Reason != string(scaler.Steady) {
			t.Errorf("the second wrote the status: kept by %s, %s", w.keeper(), s.LastDecision.Reason)
		}
		if got := w.events("KafkaScaler"); !slices.Equal(got, []string{"Warning KeptByAnother"}) {
			t.Errorf("events %q", got)
		}
		if n := strings.Count(w.log.String(), "another installation keeps KafkaScalers"); n != 1 {
			t.Errorf("it is logged %d times", n)
		}
		if err := first.apply(4, 6); err != nil || w.replicas("worker") != 6 {
			t.Errorf("the first is stopped: %v, %d replicas", err, w.replicas("worker"))
		}
	})
}

// A move: the first installation ends, the second takes over when its Lease has expired, and goes on from its status.
func TestAMove(t *testing.T) {
	inTwo(t, orders, act, act, func(w *world, first, second *installation) {
		if err := first.apply(4, 6); err != nil {
			t.Fatal(err)
		}
		second.poll(scaler.Steady)
		scaled := outcome(time.Now(), scaler.ScaleUp, 4, 6)
		first.Publish([]scaler.Outcome{scaled})
		second.poll(scaler.Steady)
		ended := time.Now()
		first.end()
		for second.poll(scaler.Steady) != "" {
			if time.Since(ended) > time.Minute {
				t.Fatal("the second never takes over")
			}
		}
		if took := time.Since(ended); took < election.Duration-lookEvery || took > election.Duration+2*lookEvery {
			t.Errorf("it took over after %v", took)
		}
		if err := second.apply(6, 8); err != nil || w.replicas("worker") != 8 {
			t.Errorf("the second does not scale: %v, %d replicas", err, w.replicas("worker"))
		}
		if w.keeper() != "two/lagscaler act" {
			t.Errorf("kept by %s", w.keeper())
		}
		if c := w.status("orders").LastChange; c == nil || c.From != 4 || c.To != 6 {
			t.Errorf("the last change of the first is forgotten: %+v", c)
		}
		if n := strings.Count(w.log.String(), "keeps no KafkaScaler of ours any more"); n != 1 {
			t.Errorf("the end is logged %d times", n)
		}
		// The first comes back. Now it is the second.
		again := w.installation("one", act)
		time.Sleep(2 * lookEvery)
		if why := again.poll(scaler.Steady); !strings.HasPrefix(why, "KeptByAnother: the installation two/lagscaler") {
			t.Errorf("the first, which is back: %q", why)
		}
		if err := again.apply(8, 9); err == nil || w.replicas("worker") != 8 {
			t.Errorf("the first scales again: %v, %d replicas", err, w.replicas("worker"))
		}
	})
}

// What the first keeps no more, though its Lease is renewed, the second takes over: the first watches other namespaces, it
// is set to observe, or it only advised.
func TestWhoKeepsWhat(t *testing.T) {
	advise, observe := Settings{Mode: scaler.Advise}, Settings{Mode: scaler.Observe}
	none := []string{""}
	for _, c := range []struct {
		name            string
		first, second   Settings
		then            Settings // of the first
		keeper, refused string
	}{
		{name: "both act", first: act, then: act, second: act, keeper: "one/lagscaler act", refused: "KeptByAnother"},
		{name: "the first advises, the second acts", first: advise, then: advise, second: act, keeper: "two/lagscaler act"},
		{name: "the first acts, the second advises", first: act, then: act, second: advise, keeper: "one/lagscaler act", refused: "KeptByAnother"},
		{name: "both advise", first: advise, then: advise, second: advise, keeper: "one/lagscaler advise", refused: "KeptByAnother"},
		{name: "the first is set to observe", first: act, then: observe, second: act, keeper: "two/lagscaler act"},
		{name: "the first is set to act", first: advise, then: act, second: advise, keeper: "one/lagscaler act", refused: "KeptByAnother"},
		{name: "the first has no such cluster any more", first: act, then: Settings{Mode: scaler.Act, Clusters: none}, second: act, keeper: "two/lagscaler act"},
		{name: "the second observes", first: act, then: act, second: observe, keeper: "one/lagscaler act"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inTwo(t, orders, c.first, c.second, func(w *world, first, second *installation) {
				if c.then.Clusters == nil {
					c.then.Clusters = []string{"main"}
				}
				first.Configure(c.then)
				var why string
				for range 5 {
					first.poll(scaler.Steady)
					why = second.poll(scaler.Steady)
					time.Sleep(10 * time.Second)
				}
				if w.keeper() != c.keeper {
					t.Errorf("kept by %s, want %s", w.keeper(), c.keeper)
				}
				if reason, _, _ := strings.Cut(why, ":"); reason != c.refused {
					t.Errorf("the second: %q, want %q", why, c.refused)
				}
			})
		})
	}
}

// Replicas of one installation are one: a successor needs no pause, and its first write renews the claim.
func TestASuccessorKeepsWhatItsLeaderKept(t *testing.T) {
	inBubble(t, orders, func(w *world) {
		first := w.installation("one", act)
		if err := first.apply(4, 6); err != nil {
			t.Fatal(err)
		}
		before := w.status("orders").KeptBy
		first.end()
		successor := w.installation("one", act)
		time.Sleep(5 * time.Second) // the lease was given back
		if why := successor.poll(scaler.Steady); why != "" || !successor.Leading() {
			t.Errorf("the successor: %q, leads %v", why, successor.Leading())
		}
		if err := successor.apply(6, 7); err != nil {
			t.Error(err)
		}
		if after := w.status("orders").KeptBy; after.Lease != before.Lease || !after.Since.After(before.Since.Time) {
			t.Errorf("claimed %v, then %v", before, after)
		}
	})
}

// Of two that claim at once, one fails: it had not seen the other's claim.
func TestOfTwoClaimsOneFails(t *testing.T) {
	inBubble(t, orders, func(w *world) {
		first, second := w.installation("one", act), w.installation("two", act)
		free := second.declarations.resource("shop/orders")
		if err := first.apply(4, 6); err != nil {
			t.Fatal(err)
		}
		settle()
		second.declarations.resources["shop/orders"] = free // its watch is late
		if err := second.apply(6, 8); err == nil || w.replicas("worker") != 6 || w.keeper() != "one/lagscaler act" {
			t.Errorf("the second: %v, %d replicas, kept by %s", err, w.replicas("worker"), w.keeper())
		}
	})
}

// A leader whose claim somebody replaced notices at its next write, and writes no status over it.
func TestALostClaimIsNoticed(t *testing.T) {
	inTwo(t, orders, act, act, func(w *world, first, _ *installation) {
		mine := first.declarations.resource("shop/orders")
		w.change(v1alpha1.Resource, "orders", func(o watch.Object) { set(t, o, "two/lagscaler", "status", "keptBy", "lease") })
		first.declarations.mu.Lock()
		first.declarations.resources["shop/orders"] = mine // its watch is late
		first.declarations.mu.Unlock()
		first.Publish([]scaler.Outcome{outcome(time.Now(), scaler.Unschedulable, 4, 4)})
		settle()
		if s := w.status("orders"); s.KeptBy.Lease != "two/lagscaler" || s.LastDecision.Reason != string(scaler.Steady) {
			t.Errorf("the status was written over: %+v, %s", s.KeptBy, s.LastDecision.Reason)
		}
	})
}

// A CRD of an earlier version has no field for the keeper. Statuses and replicas are written as before.
func TestACRDOfAnEarlierVersion(t *testing.T) {
	inBubble(t, orders, func(w *world) {
		w.untyped.PrependReactor("patch", "kafkascalers", func(a clienttesting.Action) (bool, runtime.Object, error) {
			handled, saved, err := clienttesting.ObjectReaction(w.untyped.Tracker())(a)
			if o, ok := saved.(watch.Object); ok && err == nil {
				unstructured.RemoveNestedField(o.Object, "status", "keptBy")
				err = w.untyped.Tracker().Update(v1alpha1.Resource, o, "shop")
			}
			return handled, saved, err
		})
		only := w.installation("one", act)
		for i, verdict := range []scaler.Reason{scaler.Steady, scaler.Unschedulable, scaler.HoldStabilizing} {
			only.poll(verdict)
			if err := only.apply(4+int32(i), 5+int32(i)); err != nil {
				t.Error(err)
			}
			if got := w.status("orders"); got.LastDecision == nil || got.LastDecision.Reason != string(verdict) || got.KeptBy != nil {
				t.Errorf("status %+v, want %s", got.LastDecision, verdict)
			}
		}
	})
}

// Without the permission to write statuses nothing can be claimed. It is scaled all the same, unless another keeps it.
func TestClaimsWithoutTheRight(t *testing.T) {
	denied := apierrors.NewForbidden(schema.GroupResource{Group: "lagscaler.io", Resource: "kafkascalers/status"}, "orders", nil)
	inTwo(t, orders, act, act, func(w *world, first, second *installation) {
		w.untyped.PrependReactor("patch", "kafkascalers", func(clienttesting.Action) (bool, runtime.Object, error) { return true, nil, denied })
		if err := first.apply(4, 6); err != nil || w.replicas("worker") != 6 {
			t.Errorf("the first: %v, %d replicas", err, w.replicas("worker"))
		}
		first.end()
		time.Sleep(election.Duration + 2*lookEvery)
		if err := second.apply(6, 8); !apierrors.IsForbidden(err) || w.replicas("worker") != 6 {
			t.Errorf("the second, which cannot say that it takes over: %v, %d replicas", err, w.replicas("worker"))
		}
	})
}

// Without the permission to read the other's Lease, nothing is taken over, and the refusal says why.
func TestTheOtherLeaseCannotBeRead(t *testing.T) {
	denied := apierrors.NewForbidden(schema.GroupResource{Group: "coordination.k8s.io", Resource: "leases"}, "lagscaler", nil)
	inTwo(t, orders, act, act, func(w *world, first, second *installation) {
		w.typed.PrependReactor("get", "leases", func(a clienttesting.Action) (bool, runtime.Object, error) {
			return a.GetNamespace() == "one", nil, denied
		})
		first.end()
		time.Sleep(time.Minute)
		if why := second.poll(scaler.Steady); !strings.HasSuffix(why, "whether it still runs is not known: the permission to get leases.coordination.k8s.io in one is missing") {
			t.Errorf("refused with %q", why)
		}
		if missing := second.MissingRights(); len(missing) != 1 || !strings.Contains(missing[0], "never taken over") {
			t.Errorf("missing %q", missing)
		}
	})
}

// A scaler that another installation keeps holds its target, also if this one would refuse it: a second one on the target is not
// ours to scale. In observe nothing is written, so nobody is in the way.
func TestTheTargetOfAKeptScaler(t *testing.T) {
	both := orders + "\n---\n" + strings.NewReplacer("name: orders", "name: second", "uid: s1", "uid: s2", "2026-01-01", "2026-01-02",
		"cluster: main", "cluster: other").Replace(strings.Split(orders, "\n---\n")[0])
	for _, c := range []struct {
		settings Settings
		want     []string
	}{
		{Settings{Mode: scaler.Act, Clusters: []string{"main", "other"}}, []string{"shop/orders KeptByAnother", "shop/second TargetTaken"}},
		{Settings{Mode: scaler.Act, Clusters: []string{"other"}}, []string{"shop/orders KeptByAnother", "shop/second TargetTaken"}},
		{Settings{Mode: scaler.Observe, Clusters: []string{"other"}}, []string{"shop/orders UnknownCluster", "shop/second "}},
	} {
		t.Run(fmt.Sprint(c.settings.Mode, c.settings.Clusters), func(t *testing.T) {
			inTwo(t, both, act, c.settings, func(_ *world, _, second *installation) {
				var got []string
				for _, s := range second.Scalers(time.Now()) {
					got = append(got, fmt.Sprintf("%s %s", s.Name, s.Refusal.Reason))
				}
				if !slices.Equal(got, c.want) {
					t.Errorf("%q, want %q", got, c.want)
				}
			})
		})
	}
}

// A leader that was cut off and leads again does not rely on what it claimed before: the other one has taken over.
func TestAClaimEndsWithItsTerm(t *testing.T) {
	inBubble(t, orders, func(w *world) {
		var cut atomic.Bool
		w.typed.PrependReactor("update", "leases", func(a clienttesting.Action) (bool, runtime.Object, error) {
			return cut.Load() && a.GetNamespace() == "one", nil, errors.New("connection refused")
		})
		first, second := w.two(act, act)
		mine := first.declarations.resource("shop/orders")
		cut.Store(true)
		time.Sleep(time.Minute)
		if err := second.apply(4, 6); err != nil || first.Leading() {
			t.Fatalf("the second does not take over: %v; the first leads: %v", err, first.Leading())
		}
		cut.Store(false)
		time.Sleep(time.Minute)
		first.declarations.mu.Lock()
		first.declarations.resources["shop/orders"] = mine // its watch is late
		first.declarations.mu.Unlock()
		if err := first.apply(6, 8); err == nil || !first.Leading() || w.replicas("worker") != 6 {
			t.Errorf("the first, which leads again (%v): %v, %d replicas", first.Leading(), err, w.replicas("worker"))
		}
	})
}

// A deleted scaler is cleaned up after by the installation that kept it, and by no other.
func TestWhoRestores(t *testing.T) {
	sleeping := strings.NewReplacer("maxReplicas: 48", "maxReplicas: 48\n  minReplicas: 0\n  onDelete: restore", "replicas: 4,", "replicas: 0,", "replicas: 4\n", "replicas: 0\n").Replace(orders)
	for name, restored := range map[string]bool{"one": true, "two": false} {
		t.Run(name, func(t *testing.T) {
			inTwo(t, sleeping, act, act, func(w *world, first, second *installation) {
				running := map[string]*installation{"one": first, "two": second}
				for other, i := range running {
					if other != name {
						i.end() // at the same time as the deletion
					}
				}
				if err := w.untyped.Resource(v1alpha1.Resource).Namespace("shop").Delete(w.t.Context(), "orders", metav1.DeleteOptions{}); err != nil {
					t.Fatal(err)
				}
				time.Sleep(3 * upkeep)
				if got := w.replicas("worker") == 1; got != restored {
					t.Errorf("restored %v, want %v", got, restored)
				}
			})
		})
	}
}

// Whether another installation still runs is judged by renewals that are seen, by our own clock, and without a gap.
func TestExpired(t *testing.T) {
	at := func(second int) time.Time { return time.Date(2026, 1, 1, 0, 0, second, 0, time.UTC) }
	lease := func(holder string, renewed int, keeps string) *coordinationv1.Lease {
		l := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{"lagscaler.io/keeps": keeps}}}
		l.Spec.HolderIdentity, l.Spec.RenewTime = &holder, &metav1.MicroTime{Time: at(renewed)}
		return l
	}
	type look struct {
		at    int
		lease *coordinationv1.Lease
	}
	for _, c := range []struct {
		name  string
		looks []look
		now   int
		want  bool
	}{
		{"never looked at", nil, 100, false},
		{"looked at once", []look{{0, lease("a", 0, "*")}}, 4, false},
		{"renewed", []look{{0, lease("a", 0, "*")}, {5, lease("a", 5, "*")}, {10, lease("a", 10, "*")}, {15, lease("a", 15, "*")}}, 16, false},
		{"renewed by a clock that is an hour behind", []look{{0, lease("a", -3600, "*")}, {5, lease("a", -3595, "*")}, {10, lease("a", -3590, "*")}, {15, lease("a", -3585, "*")}}, 16, false},
		{"not renewed for 15 s", []look{{0, lease("a", 0, "*")}, {5, lease("a", 0, "*")}, {10, lease("a", 0, "*")}, {15, lease("a", 0, "*")}}, 16, true},
		{"not renewed for 14 s", []look{{0, lease("a", 0, "*")}, {5, lease("a", 0, "*")}, {14, lease("a", 0, "*")}}, 16, false},
		{"given back, and taken by the next replica", []look{{0, lease("a", 0, "*")}, {5, lease("", 5, "*")}, {10, lease("b", 10, "*")}, {15, lease("b", 15, "*")}, {20, lease("b", 20, "*")}}, 21, false},
		{"given back", []look{{0, lease("a", 0, "*")}, {5, lease("", 5, "*")}, {10, lease("", 5, "*")}, {15, lease("", 5, "*")}}, 16, true},
		{"gone", []look{{0, nil}, {5, nil}, {10, nil}, {15, nil}}, 16, true},
		{"nothing could be read meanwhile", []look{{0, lease("a", 0, "*")}, {60, lease("a", 0, "*")}}, 61, false},
		{"nothing can be read any more", []look{{0, nil}, {5, nil}, {10, nil}, {15, nil}}, 31, false},
		{"it keeps another namespace now", []look{{0, lease("a", 0, "shop")}, {5, lease("a", 5, "pay")}, {10, lease("a", 10, "pay")}, {15, lease("a", 15, "pay")}}, 16, true},
		{"it keeps this one among others", []look{{0, lease("a", 0, "pay,shop")}, {5, lease("a", 5, "pay,shop")}, {10, lease("a", 10, "pay,shop")}, {15, lease("a", 15, "pay,shop")}}, 16, false},
		{"it observes", []look{{0, lease("a", 0, "")}, {5, lease("a", 5, "")}, {10, lease("a", 10, "")}, {15, lease("a", 15, "")}}, 16, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			known := otherLease{kept: map[string]time.Time{}}
			for _, l := range c.looks {
				known.saw(l.lease, []string{"shop"}, at(l.at))
			}
			if got := known.expired("shop", at(c.now)); got != c.want {
				t.Errorf("expired %v, want %v", got, c.want)
			}
		})
	}
}
