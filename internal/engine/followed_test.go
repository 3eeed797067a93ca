package engine

import (
	"context"
	"maps"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// merging keeps what was saved of scalers that are not saved again, as ConfigMaps do.
type merging map[string]scaler.Memory

func (m merging) Load(context.Context) (map[string]scaler.Memory, error) { return m, nil }

func (m merging) Save(_ context.Context, learned map[string]scaler.Memory) error {
	maps.Copy(m, learned)
	return nil
}

var keda = seen.Owner{Kind: "ScaledObject", Name: "orders", Desired: 3}

// A number that another autoscaler asks for is not written here, is no conflict, and is saved for the next leader at once.
func TestFollowed(t *testing.T) {
	for _, c := range []struct {
		name  string
		asked bool
		given *learn.Given // by the last leader
		mode  scaler.Mode
		owner seen.Owner
		want  scaler.Disposition
	}{
		{"nobody asks", false, nil, scaler.Act, keda, scaler.Conflict},
		{"KEDA asks", true, nil, scaler.Act, keda, scaler.Answered},
		{"KEDA asks, we advise", true, nil, scaler.Advise, keda, scaler.Answered},
		{"KEDA asks, and its ScaledObject is not seen yet", true, nil, scaler.Act, seen.Owner{}, scaler.Answered},
		{"the ScaledObject is paused", true, nil, scaler.Act, seen.Owner{Kind: "ScaledObject", Name: "orders", Paused: true}, scaler.Applied},
		{"nobody has asked the new leader yet", false, &learn.Given{Replicas: 3}, scaler.Act, keda, scaler.Answered},
		{"the ScaledObject is gone, and the last leader gave a number", false, &learn.Given{Replicas: 3}, scaler.Act, seen.Owner{}, scaler.Applied},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, m := idle(t), merging{}
				f.scaler.Mode, f.scaler.Workload.Owner = c.mode, c.owner
				if c.given != nil {
					c.given.At = time.Now()
					m["shop/orders"] = scaler.Memory{Memory: learn.Memory{Given: c.given}}
				}
				var given []Deed
				e := New(settings(&kafka{name: "main", end: 100, committed: 100, members: 3}), Options{
					Targets: f, Memories: m,
					Audit: func(d Deed) {
						if d.Kind == DeedGiven {
							given = append(given, d)
						}
					},
					Asked: func(name string) (time.Time, bool) { return time.Now(), c.asked && name == "shop/orders" },
				})
				last := firstChange(t, e)
				if last.Disposition != c.want || (len(f.applied) > 0) != (c.want == scaler.Applied) {
					t.Errorf("%s and %d writes, want %s", last.Disposition, len(f.applied), c.want)
				}
				followed := c.want == scaler.Answered
				if (len(given) > 0) != followed || followed && (given[0].To == nil || *given[0].To != last.Decision.Desired) {
					t.Errorf("the audit trail has %+v", given)
				}
				if followed != (last.Given != nil && last.Given.Replicas == last.Decision.Desired) && c.given == nil {
					t.Errorf("given %+v for a decision of %d", last.Given, last.Decision.Desired)
				}
				if saved := m["shop/orders"].Given; followed && (saved == nil || saved.Replicas != last.Decision.Desired) {
					t.Errorf("saved %+v", saved)
				}
			})
		})
	}
}

// For how long another autoscaler counts as one that asks: the table of followed, to the second.
func TestHowLongAQuestionCounts(t *testing.T) {
	paused := keda
	paused.Paused = true
	for _, c := range []struct {
		name  string
		owner seen.Owner
		ago   time.Duration
		want  bool
	}{
		{"with a ScaledObject", keda, 10*time.Minute - time.Second, true},
		{"with a ScaledObject, too long ago", keda, 10 * time.Minute, false},
		{"alone", seen.Owner{}, time.Minute - time.Second, true},
		{"alone, too long ago", seen.Owner{}, time.Minute, false},
		{"paused", paused, 0, false},
	} {
		f := idle(t)
		f.scaler.Workload.Owner = c.owner
		e := New(settings(&kafka{name: "main"}), Options{Targets: f, Asked: func(string) (time.Time, bool) { return start.Add(-c.ago), true }})
		if got := e.scaling.followed(&f.scaler, start); got != c.want {
			t.Errorf("%s, %v ago: %v", c.name, c.ago, got)
		}
	}
}

// Until a decision is complete, the present size is given, and not remembered: another trigger may have made it. An hour after the
// last question nothing counts of what was given.
func TestGivenIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, m := idle(t), merging{}
		f.scaler.Mode, f.scaler.Workload.Owner = scaler.Advise, keda
		asked := true
		e := New(settings(&kafka{name: "main", end: 100, committed: 100, members: 3}), Options{
			Targets: f, Memories: m, Asked: func(string) (time.Time, bool) { return time.Now(), asked },
		})
		e.Tick(t.Context(), time.Now())
		first := e.Latest().Scalers[0]
		if first.Given != nil || first.Decision.Answer(&first.Workload, first.Given) != 3 {
			t.Errorf("%s: given %+v", first.Line, first.Given)
		}
		if last := firstChange(t, e); last.Given == nil || last.Given.Replicas != 1 {
			t.Fatalf("%s: given %+v", last.Line, last.Given)
		}
		asked, f.scaler.Workload.Owner = false, seen.Owner{}
		for range 7 {
			time.Sleep(10 * time.Minute)
			e.Tick(t.Context(), time.Now())
		}
		if last := e.Latest().Scalers[0]; last.Given != nil {
			t.Errorf("70 min after the last question: %+v", last.Given)
		}
	})
}

// A ScaledObject that no longer asks, or whose trigger names another scaler, ends it: what was given counts in place of a question only
// while a replica has just begun to lead.
func TestNobodyAsksAnyMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, m := idle(t), merging{}
		f.scaler.Mode, f.scaler.Workload.Owner = scaler.Advise, keda
		asks := true
		var asked time.Time
		e := New(settings(&kafka{name: "main", end: 100, committed: 100, members: 3}), Options{
			Targets: f, Memories: m, Asked: func(string) (time.Time, bool) {
				if asks {
					asked = time.Now()
				}
				return asked, true
			},
		})
		tick := func() *ScalerReport {
			time.Sleep(10 * time.Second)
			e.Tick(t.Context(), time.Now())
			return &e.Latest().Scalers[0]
		}
		for range 30 {
			tick()
		}
		if last := tick(); !last.Workload.Followed {
			t.Fatalf("%s: asked, and not followed", last.Line)
		}
		asks = false
		stopped := time.Now()
		for last := tick(); last.Workload.Followed; last = tick() {
			if time.Since(stopped) > followedFor+time.Minute {
				t.Fatalf("%s after the last question: still followed", time.Since(stopped))
			}
		}
		if time.Since(stopped) < followedFor-time.Minute {
			t.Errorf("%s after the last question: not followed", time.Since(stopped))
		}
	})
}
