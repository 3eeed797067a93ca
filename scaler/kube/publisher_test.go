package kube

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clienttesting "k8s.io/client-go/testing"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/breaker"
	"github.com/lagscaler/lagscaler/scaler/kube/access"
	"github.com/lagscaler/lagscaler/scaler/kube/v1alpha1"
	"github.com/lagscaler/lagscaler/scaler/kube/watch"
	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/need"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// decided is an outcome of the scaler shop/orders.
func outcome(now time.Time, verdict scaler.Reason, current, desired int32) scaler.Outcome {
	policy, _ := scaler.Spec{Mode: scaler.Act, Sources: []seen.SourceSpec{{Cluster: "main", Group: "orders"}}}.Policy()
	return scaler.Outcome{
		Scaler: scaler.Scaler{
			Name: "shop/orders", Mode: scaler.Act,
			Workload: seen.Workload{Ref: worker, Found: true, HasScale: true, Spec: current},
		},
		Disposition: scaler.Applied, Line: "the line",
		Decision: scaler.Decision{
			At: now, Target: worker, Current: current, Desired: desired, Wanted: desired, Verdict: verdict, Policy: policy,
			Needs: []need.Need{{Cluster: "main", Group: "orders", PerConsumer: 20, Capacity: learn.Declared}},
		},
		Measured: []lag.Measurement{measurement(1200, 4.2, false)},
	}
}

func measurement(records int64, late float64, atLeast bool) lag.Measurement {
	return lag.Measurement{
		Lag: records, LagKnown: true, TimeLag: lag.NewTimeLag(late, atLeast),
		Produced: lag.Rate{PerSecond: 100, Known: true}, Consumed: lag.Rate{PerSecond: 80, Known: true},
	}
}

func refused(r scaler.Reason, why string) scaler.Outcome {
	return scaler.Outcome{Scaler: scaler.Scaler{Name: "shop/orders", Mode: scaler.Act, Refusal: scaler.Refusal{Reason: r, Why: why}}}
}

func with(o scaler.Outcome, change func(*scaler.Outcome)) scaler.Outcome {
	change(&o)
	return o
}

func owned(o scaler.Outcome) scaler.Outcome {
	o.Disposition = scaler.Conflict
	o.Workload.Owner = seen.Owner{Kind: "HorizontalPodAutoscaler", Name: "hpa"}
	return o
}

// Each case is a series of outcomes ten seconds apart, and every Event about the target and about the scaler.
func TestEventsSayWhatChangedOnce(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	advised := func(desired int32) scaler.Outcome {
		return with(outcome(at, scaler.ScaleUp, 4, desired), func(o *scaler.Outcome) { o.Mode, o.Disposition = scaler.Advise, scaler.Advised })
	}
	tests := []struct {
		name           string
		outcomes       []scaler.Outcome
		target, scaler []string
	}{
		{"quiet", []scaler.Outcome{outcome(at, scaler.Steady, 4, 4), outcome(at, scaler.HoldStabilizing, 4, 4)}, nil, nil},
		{
			"one change, published three times",
			[]scaler.Outcome{outcome(at, scaler.ScaleUp, 4, 6), outcome(at, scaler.ScaleUp, 4, 6), outcome(at, scaler.ScaleUp, 4, 6)},
			[]string{"Normal ScaleUp"},
			[]string{"Normal ScaleUp"},
		},
		{
			"two changes",
			[]scaler.Outcome{outcome(at, scaler.ScaleUp, 4, 6), outcome(at.Add(time.Minute), scaler.ScaleUp, 6, 8)},
			[]string{"Normal ScaleUp", "Normal ScaleUp"},
			[]string{"Normal ScaleUp", "Normal ScaleUp"},
		},
		{
			"advice that changes with the traffic",
			[]scaler.Outcome{advised(6), advised(7), advised(6), advised(8), advised(6), advised(6), advised(9)},
			[]string{"Normal ScaleUp", "Normal ScaleUp"},
			[]string{"Normal ScaleUp", "Normal ScaleUp"},
		},
		{
			"an HPA owns the target, at rest and when more are wanted",
			[]scaler.Outcome{owned(outcome(at, scaler.Steady, 4, 4)), owned(outcome(at, scaler.ScaleUp, 4, 6)), owned(outcome(at, scaler.ScaleUp, 4, 8))},
			[]string{"Warning Conflict"},
			[]string{"Warning Conflict"},
		},
		{
			"the write failed",
			slices.Repeat([]scaler.Outcome{with(outcome(at, scaler.ScaleUp, 4, 6), func(o *scaler.Outcome) { o.Disposition = scaler.Failed })}, 3),
			[]string{"Warning Failed"},
			[]string{"Warning Failed"},
		},
		{
			"refused, for another reason, and no longer",
			[]scaler.Outcome{refused(v1alpha1.Invalid, "a"), refused(v1alpha1.Invalid, "a"), refused(v1alpha1.NotAllowed, "b"), outcome(at, scaler.Steady, 4, 4), refused(v1alpha1.Invalid, "a")},
			nil,
			[]string{"Warning Invalid", "Warning NotAllowed", "Warning Invalid"},
		},
		{"still being read", []scaler.Outcome{refused(v1alpha1.NotReadYet, "listing")}, nil, nil},
		{
			"a notable verdict, and overdue",
			[]scaler.Outcome{
				outcome(at, scaler.Unschedulable, 4, 4), outcome(at, scaler.Unschedulable, 4, 4),
				with(outcome(at, scaler.Unschedulable, 4, 4), func(o *scaler.Outcome) { o.Decision.Overdue = true }),
			},
			nil,
			[]string{"Warning Unschedulable", "Warning HoldOverdue"},
		},
		{"observe", []scaler.Outcome{with(outcome(at, scaler.ScaleUp, 4, 6), func(o *scaler.Outcome) { o.Mode = scaler.Observe })}, nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, orders, act, func(w *world) {
				for _, o := range tt.outcomes {
					w.Publish([]scaler.Outcome{o})
					time.Sleep(10 * time.Second)
				}
				if got := w.events("Deployment"); !slices.Equal(got, tt.target) {
					t.Errorf("about the target: %q, want %q", got, tt.target)
				}
				if got := w.events("KafkaScaler"); !slices.Equal(got, tt.scaler) {
					t.Errorf("about the scaler: %q, want %q", got, tt.scaler)
				}
			})
		})
	}
}

func TestStatusSaysTheDecision(t *testing.T) {
	inWorld(t, orders, act, func(w *world) {
		w.Publish([]scaler.Outcome{with(outcome(time.Now(), scaler.ScaleUp, 4, 6), func(o *scaler.Outcome) {
			o.Decision.Steps = []scaler.Step{{Reason: scaler.MaxReplicas, From: 8, To: 6}}
			o.Decision.Bounds.Consumers, o.Decision.Bounds.Replicas = 48, 12 // four consumers in a replica
		})})
		settle()
		s := w.status("orders")
		if value(s.CurrentReplicas) != 4 || value(s.DesiredReplicas) != 6 || value(s.Partitions) != 12 || value(s.Lag) != 1200 ||
			s.TimeLag != "4s" || value(s.ArrivalRate) != 100 || value(s.CapacityPerConsumer) != 20 || s.Target != "Deployment/worker" ||
			s.Groups != "orders" || s.ObservedGeneration != 1 {
			t.Errorf("status %+v", s)
		}
		if d := s.LastDecision; d == nil || d.Reason != "ScaleUp" || d.Message != "the line" || d.Disposition != "Applied" {
			t.Errorf("last decision %+v", s.LastDecision)
		}
		if c := s.LastChange; c == nil || c.From != 4 || c.To != 6 || c.Reason != "ScaleUp" {
			t.Errorf("last change %+v", s.LastChange)
		}
		if p := s.Policy; p == nil || p.Mode != "act" || p.Preset != "balanced" || p.StabilizationWindow.Duration != 240*time.Second {
			t.Errorf("policy %+v", s.Policy)
		}
		got := conditionsAs(s)
		want := "Ready=True/Evaluated Active=True/ReplicasWanted AbleToScale=True/Leading ScalingLimited=True/MaxReplicas " +
			"Paused=False/NotPaused ScaleDownStopped=False/NotStopped Permitted=True/Granted"
		if got != want {
			t.Errorf("conditions %s\nwant       %s", got, want)
		}
	})
}

// Sources are added up; what is unknown of one is unknown of all, and a lower bound is shown as one.
func TestMeasuredStatus(t *testing.T) {
	known, bound := measurement(1000, 4.2, false), measurement(500, 90, true)
	late, unrated, limited := known, known, known
	limited.TimeLag = lag.TimeLagAtMost(40)
	late.TimeLag = lag.TimeLag{}
	unrated.Consumed = lag.Rate{}
	for _, c := range []struct {
		name     string
		measured []lag.Measurement
		want     string
	}{
		{"nothing was read yet", nil, "lag - time lag  arriving - consumed -"},
		{"one", []lag.Measurement{known}, "lag 1000 time lag 4s arriving 100 consumed 80"},
		{"a lower bound", []lag.Measurement{bound}, "lag 500 time lag >=1m30s arriving 100 consumed 80"},
		{"two", []lag.Measurement{known, bound}, "lag 1500 time lag >=1m30s arriving 200 consumed 160"},
		{"one was not read", []lag.Measurement{known, {}}, "lag - time lag  arriving - consumed -"},
		{"an upper bound", []lag.Measurement{limited}, "lag 1000 time lag <=40s arriving 100 consumed 80"},
		{"an upper bound of another", []lag.Measurement{known, limited}, "lag 2000 time lag <=40s arriving 200 consumed 160"},
		{"an upper and a lower bound", []lag.Measurement{limited, bound}, "lag 1500 time lag >=1m30s arriving 200 consumed 160"},
		{"an upper bound, and one that is not known", []lag.Measurement{limited, late}, "lag 2000 time lag  arriving 200 consumed 160"},
		{"one late for an unknown time", []lag.Measurement{known, late}, "lag 2000 time lag  arriving 200 consumed 160"},
		{"no consumption rate after a rebalance", []lag.Measurement{unrated}, "lag 1000 time lag 4s arriving - consumed -"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var s v1alpha1.KafkaScalerStatus
			measured(&s, scaler.Outcome{Measured: c.measured})
			got := fmt.Sprintf("lag %s time lag %s arriving %s consumed %s", shown(s.Lag), s.TimeLag, shown(s.ArrivalRate), shown(s.ConsumptionRate))
			if got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

func shown[T any](v *T) string {
	if v == nil {
		return "-"
	}
	return fmt.Sprint(*v)
}

func conditionsAs(s v1alpha1.KafkaScalerStatus) string {
	var out []string
	for _, c := range s.Conditions {
		out = append(out, c.Type+"="+string(c.Status)+"/"+c.Reason)
	}
	return strings.Join(out, " ")
}

func TestConditions(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	steady := outcome(at, scaler.Steady, 4, 4)
	five := int32(5)
	tests := []struct {
		name    string
		outcome scaler.Outcome
		want    string
	}{
		{"refused", refused(v1alpha1.Invalid, "x"), "Ready=False/Invalid AbleToScale=False/Invalid"},
		{"target gone", with(steady, func(o *scaler.Outcome) { o.Decision.Verdict = scaler.TargetNotFound }), "Ready=False/TargetNotFound AbleToScale=False/TargetNotFound"},
		{"advise", with(steady, func(o *scaler.Outcome) { o.Mode = scaler.Advise }), "AbleToScale=False/Advise"},
		{"advise, and an HPA", with(steady, func(o *scaler.Outcome) {
			o.Mode, o.Workload.Owner = scaler.Advise, seen.Owner{Kind: "HorizontalPodAutoscaler", Name: "h"}
		}), "AbleToScale=False/Advise"},
		{"paused since the last decision", with(steady, func(o *scaler.Outcome) { o.Workload.Paused = true }), "AbleToScale=False/Paused Paused=True/Paused"},
		{"at zero", with(steady, func(o *scaler.Outcome) { o.Workload.Spec = 0 }), "Active=False/AtZero"},
		{"paused", with(steady, func(o *scaler.Outcome) { o.Disposition, o.Workload.Paused = scaler.Paused, true }), "AbleToScale=False/Paused Paused=True/Paused"},
		{"fixed", with(steady, func(o *scaler.Outcome) { o.Workload.FixedReplicas = &five }), "Paused=True/FixedReplicas"},
		{"an HPA", with(steady, func(o *scaler.Outcome) { o.Workload.Owner = seen.Owner{Kind: "HorizontalPodAutoscaler"} }), "AbleToScale=False/Conflict"},
		{"the write failed", with(steady, func(o *scaler.Outcome) { o.Disposition = scaler.Failed }), "AbleToScale=False/Failed"},
		{"it has stopped itself", with(steady, func(o *scaler.Outcome) {
			o.Decision.Why.Stopped = &breaker.Stop{Since: at, Until: at.Add(time.Hour), Cause: breaker.MadeLate, Steps: 3}
		}), "ScaleDownStopped=True/ScaleDownStopped"},
		{"all have stopped", with(steady, func(o *scaler.Outcome) {
			o.Decision.Why.Fleet = &breaker.Stop{Since: at, Until: at.Add(time.Hour), Steps: 3}
		}), "ScaleDownStopped=True/FleetStopped"},
		{"fought", with(steady, func(o *scaler.Outcome) { o.Decision.Verdict = scaler.ReplicasFought }), "AbleToScale=False/ReplicasFought"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := conditionsAs(v1alpha1.KafkaScalerStatus{Conditions: conditionsOf(tt.outcome)})
			for want := range strings.SplitSeq(tt.want, " ") {
				if !strings.Contains(got, want) {
					t.Errorf("no %s among %s", want, got)
				}
			}
		})
	}
}

// A condition that is False says why, whatever became of the decision. In advise it names the HPA that would block act.
func TestConditionsSayWhy(t *testing.T) {
	steady := outcome(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), scaler.Steady, 4, 4)
	for _, mode := range []scaler.Mode{scaler.Advise, scaler.Act} {
		for _, disposition := range []scaler.Disposition{"", scaler.Applied, scaler.Advised, scaler.Paused, scaler.Conflict, scaler.Failed, scaler.Answered} {
			for _, owner := range []seen.Owner{{}, {Kind: "HorizontalPodAutoscaler", Name: "orders-hpa"}} {
				o := with(steady, func(o *scaler.Outcome) { o.Mode, o.Disposition, o.Workload.Owner = mode, disposition, owner })
				c := ableCondition(o)
				if c.Message == "" {
					t.Errorf("%s, %s: the condition is %s and says nothing", mode, disposition, c.Status)
				}
				if blocked := owner.Owns() && disposition != scaler.Answered && disposition != scaler.Paused; blocked && !strings.Contains(c.Message, "orders-hpa") {
					t.Errorf("%s, %s: %q does not name the HPA", mode, disposition, c.Message)
				}
			}
		}
	}
}

// Numbers move at every poll; the status is written for them once a minute, and at once for anything else.
func TestStatusIsWrittenOnChange(t *testing.T) {
	inWorld(t, orders, act, func(w *world) {
		writes := func() (n int) {
			for _, a := range w.untyped.Actions() {
				if a.Matches("patch", "kafkascalers/status") || a.GetVerb() == "patch" && a.GetSubresource() == "status" {
					n++
				}
			}
			return n
		}
		for i := range 12 { // two minutes
			w.Publish([]scaler.Outcome{with(outcome(time.Now(), scaler.Steady, 4, 4), func(o *scaler.Outcome) { o.Measured = []lag.Measurement{measurement(int64(1200+i), 4.2, false)} })})
			time.Sleep(10 * time.Second)
		}
		if got := writes(); got != 2 {
			t.Errorf("%d writes in two minutes in which only numbers moved, want 2", got)
		}
		w.Publish([]scaler.Outcome{outcome(time.Now(), scaler.HoldStabilizing, 4, 4)})
		settle()
		if got := writes(); got != 3 {
			t.Errorf("%d writes after another verdict, want 3", got)
		}
		for range 10 {
			w.Publish([]scaler.Outcome{outcome(time.Now(), scaler.HoldStabilizing, 4, 4)})
			settle()
		}
		if got := writes(); got != 3 {
			t.Errorf("%d writes though nothing changed, want 3", got)
		}
	})
}

// A new leader reads in the status which Events were written, and does not write them again.
func TestANewLeaderRepeatsNothing(t *testing.T) {
	conflict := with(outcome(time.Now(), scaler.Unschedulable, 4, 6), func(o *scaler.Outcome) { o.Disposition = scaler.Conflict })
	stopped := with(outcome(time.Now(), scaler.Steady, 4, 4), func(o *scaler.Outcome) {
		o.Decision.Why.Stopped = &breaker.Stop{Since: o.Decision.At, Until: o.Decision.At.Add(time.Hour), Cause: breaker.MadeLate, Steps: 3}
	})
	for name, o := range map[string]scaler.Outcome{"conflict": conflict, "refused": refused(v1alpha1.Invalid, "targetLag"), "stopped": stopped} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, orders, act, func(w *world) {
				w.Publish([]scaler.Outcome{o})
				settle()
				before := len(w.events("KafkaScaler"))
				if before == 0 {
					t.Fatal("no Event was written")
				}
				w.publisher.forgetAll() // as a process that just became the leader
				w.Publish([]scaler.Outcome{o})
				settle()
				if got := len(w.events("KafkaScaler")); got != before {
					t.Errorf("%d events, then %d", before, got)
				}
			})
		})
	}
}

// A namespace with many scalers delays the status of another one's by one write.
func TestNamespacesTakeTurns(t *testing.T) {
	inWorld(t, orders, act, func(w *world) {
		var all []scaler.Outcome
		for i := range 50 {
			name := fmt.Sprintf("many/scaler-%05d", i)
			all = append(all, with(refused(v1alpha1.Invalid, "x"), func(o *scaler.Outcome) { o.Name = name }))
			w.declarations.resources[name] = &resource{Declared: Declared{Name: name}}
		}
		var written []string
		w.untyped.PrependReactor("patch", "kafkascalers", func(a clienttesting.Action) (bool, runtime.Object, error) {
			written = append(written, a.GetNamespace())
			return a.GetNamespace() == "many", nil, errors.New("no such object")
		})
		w.Publish(append(all, outcome(time.Now(), scaler.Steady, 4, 4)))
		settle()
		if at := slices.Index(written, "shop"); len(written) != 51 || at != 1 {
			t.Errorf("the status of shop is the write %d of %d", at, len(written))
		}
	})
}

func TestRounded(t *testing.T) {
	for x, want := range map[float64]float64{0: 0, 1234.5: 1230, 0.30000000000000004: 0.3, 99.96: 100, 0.012345: 0.0123} {
		if got := *rounded(x); got != want {
			t.Errorf("%v becomes %v, want %v", x, got, want)
		}
	}
}

// Every request that was made in all of this is one that the permissions of its mode list.
func TestRequestsAreThoseOfThePermissions(t *testing.T) {
	inWorld(t, orders+"\n---\n"+strings.NewReplacer("name: orders", "name: zero", "worker", "sleeper", "uid: ", "uid: z").Replace(orders), act, func(w *world) {
		if err := w.Apply(w.t.Context(), scaler.Change{Target: worker, From: 4, To: 6}); err != nil {
			t.Fatal(err)
		}
		w.Publish([]scaler.Outcome{outcome(time.Now(), scaler.ScaleUp, 4, 6)})
		settle()
		if err := w.Save(w.t.Context(), map[string]scaler.Memory{"shop/orders": {}, "shop/zero": {}}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Load(w.t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := w.untyped.Resource(v1alpha1.Resource).Namespace("shop").Delete(w.t.Context(), "zero", metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		watch.NewNamespaces(w.api, w.watches, []string{"shop"}).Refresh(w.t.Context()) // as with rights in single namespaces
		time.Sleep(2 * upkeep)
		unused := map[string]bool{}
		for _, r := range access.Permissions(scaler.Act) {
			for _, verb := range r.Verbs {
				unused[verb+" "+r.Resource+"."+r.Group] = true
			}
		}
		for _, a := range append(w.typed.Actions(), w.untyped.Actions()...) {
			if c, ok := a.(clienttesting.CreateAction); ok && c.GetNamespace() == "" {
				t.Errorf("%s outside any namespace", a.GetVerb())
			}
			resource := a.GetResource().Resource
			if a.GetSubresource() != "" {
				resource += "/" + a.GetSubresource()
			}
			used := a.GetVerb() + " " + resource + "." + a.GetResource().Group
			if _, listed := unused[used]; !listed && !strings.HasPrefix(used, "get deployments.") && !strings.HasPrefix(used, "delete kafkascalers.") {
				t.Errorf("%s is done, and no permission lists it", used)
			}
			unused[used] = false
		}
		for right, never := range unused {
			// A StatefulSet is treated as a Deployment is; the fake's informers list without watching the first time.
			if never && !strings.Contains(right, "statefulsets") {
				t.Errorf("the permission to %s is listed and not used", right)
			}
		}
	})
}
