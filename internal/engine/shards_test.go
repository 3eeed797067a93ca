package engine

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lagscaler/lagscaler/lag/lagtest"
	"github.com/lagscaler/lagscaler/lag/shard"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/brakes"
	"github.com/lagscaler/lagscaler/scaler/breaker"
)

// place is what a process is told that it owns.
type place struct{ view, took *shard.View }

func (p *place) View() *shard.View               { return p.view }
func (p *place) Took(v *shard.View)              { p.took = v }
func (*place) Follows() bool                     { return false }
func (*place) Stops(breaker.Part) []breaker.Part { return nil }
func (*place) Parts([]brakes.Limit, map[string]brakes.Parts) map[string]brakes.Parts {
	return nil
}

// store is what all shards save, by scaler.
type store map[string]scaler.Memory

func (s store) Load(context.Context) (map[string]scaler.Memory, error) {
	out := map[string]scaler.Memory{}
	for name, m := range s {
		out[name] = m
	}
	return out, nil
}

func (s store) Save(_ context.Context, learned map[string]scaler.Memory) error {
	for name, m := range learned {
		s[name] = m
	}
	return nil
}

// views are the shard of two that the group orders is not of, and the one that it is of.
func views() (less, more *shard.View) {
	owner := shard.Owner("main", "orders", 2)
	return shard.NewView(shard.Shard{Index: 1 - owner, Of: 2}, 2), shard.NewView(shard.Shard{Index: owner, Of: 2}, 2)
}

// When the number of shards changes, the shard that gives a scaler up saves what it learned of it before it says that it has stopped, shows
// it no more, and writes nothing for it; the one that gets it goes on with what was saved.
func TestAScalerMovesWithWhatWasLearned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		saved := store{}
		k := &kafka{name: "main", end: 100, committed: 100, members: 3}
		less, more := views()
		before, after := &place{}, &place{view: less}
		f := idle(t)
		first := New(settings(k), Options{Targets: f, Memories: saved, Shards: before})
		second := New(settings(k), Options{Targets: f, Memories: saved, Shards: after})
		tick := func() {
			time.Sleep(10 * time.Second)
			first.Tick(t.Context(), time.Now())
			second.Tick(t.Context(), time.Now())
		}
		tick()
		if len(first.Latest().Scalers) != 1 || len(second.Latest().Scalers) != 0 || len(second.Latest().Clusters[0].Groups) != 0 {
			t.Fatalf("%d and %d scalers are shown, %d groups by the shard that has none", len(first.Latest().Scalers), len(second.Latest().Scalers), len(second.Latest().Clusters[0].Groups))
		}
		learned := first.scaling.memory.learned["shop/orders"]
		learned.Downs = append(learned.Downs, time.Now())
		first.scaling.memory.learned["shop/orders"] = learned
		writes := len(f.applied)

		before.view = less
		tick()
		if before.took != less || len(first.Latest().Scalers) != 0 || len(first.Latest().Clusters[0].Groups) != 0 {
			t.Fatalf("it took %v, and shows %d scalers", before.took, len(first.Latest().Scalers))
		}
		if got := saved["shop/orders"].Downs; len(got) != len(learned.Downs) {
			t.Fatalf("before another shard decides, %d steps down were saved; want %d", len(got), len(learned.Downs))
		}
		if len(f.applied) != writes {
			t.Error("while nobody has the scaler, it is scaled")
		}
		after.view = more
		tick()
		if r := second.Latest().Scalers; len(r) != 1 || len(second.Latest().Clusters[0].Groups) != 1 {
			t.Fatalf("the other shard shows %d scalers", len(r))
		}
		if got := second.scaling.memory.learned["shop/orders"].Downs; len(got) < len(learned.Downs) {
			t.Errorf("it goes on with %d steps down; want %d", len(got), len(learned.Downs))
		}
		for range 12 {
			tick()
		}
		if len(f.applied) > 1 {
			t.Errorf("%d writes by two shards: %+v", len(f.applied), f.applied)
		}
	})
}

// A shard does not save what it has not learned: not what is of another one, and not what it has got and could not load yet.
func TestWhatAShardSaves(t *testing.T) {
	m := memory{others: true, due: true, own: map[string]bool{"kept": true}, owns: func(name string) bool { return name != "other" }}
	got := m.savable(map[string]scaler.Memory{"kept": {}, "got": {}, "other": {}})
	if _, kept := got["kept"]; len(got) != 1 || !kept {
		t.Errorf("while what it has got is not loaded, it saves %v", got)
	}
	m.due = false
	if got = m.savable(map[string]scaler.Memory{"kept": {}, "got": {}, "other": {}}); len(got) != 2 {
		t.Errorf("then it saves %v", got)
	}
	store := &keptShelf{shelf: *newShelf()}
	m.store, m.loaded, m.learned, m.log = store, true, map[string]scaler.Memory{"kept": {}, "other": {}}, slog.New(slog.DiscardHandler)
	for name, save := range map[string]func(){
		"when it is time":     func() { m.save(t.Context(), start, false) },
		"at the end":          func() { m.save(t.Context(), start, true) },
		"before a write of 0": func() { _ = m.saveNow(t.Context()) },
	} {
		store.kept, m.saved = nil, time.Time{}
		save()
		if _, other := store.kept["other"]; other || len(store.kept) != 1 {
			t.Errorf("%s it saves %v", name, store.kept)
		}
	}
}

// Shards list the groups of a broker together about as often as one process: a poll of one of several shards is a sample, too.
func TestShardsShareTheListings(t *testing.T) {
	for _, c := range []struct{ shards, polls, samples int }{{1, 10, 99}, {2, 10, 40}, {3, 10, 20}, {4, 10, 20}, {5, 10, 10}, {9, 10, 0}, {10, 10, 0}, {100, 10, 0}} {
		synctest.Test(t, func(t *testing.T) {
			k := &kafka{name: "main"}
			e := New(settings(k), Options{Shards: &place{view: shard.NewView(shard.Shard{Index: 0, Of: c.shards}, c.shards)}})
			ctx, cancel := context.WithTimeout(t.Context(), 99*time.Second)
			defer cancel()
			if err := e.Run(ctx); err != nil {
				t.Fatal(err)
			}
			if k.polls != c.polls || k.samples < c.samples-1 || k.samples > c.samples+1 {
				t.Errorf("%d shards: %d polls and %d samples in 99 s; want %d and about %d", c.shards, k.polls, k.samples, c.polls, c.samples)
			}
		})
	}
}

// A shard reads its own groups alone, also without Kubernetes, where there are no scalers.
func TestAShardReadsItsGroupsAlone(t *testing.T) {
	kafka := lagtest.New(t, "main", 1)
	kafka.Create("orders", 1)
	const groups = 40
	for i := range groups {
		kafka.Commit(fmt.Sprint("group-", i), "orders", 0, 0)
	}
	read := map[string]int{}
	for i := range 2 {
		own := shard.Shard{Index: i, Of: 2}
		e := New(Settings{Clusters: []Cluster{{Name: "main", Source: kafka}}}, Options{Shards: &place{view: shard.NewView(own, 2)}})
		e.Tick(t.Context(), time.Now())
		for _, g := range e.clusters["main"].report.Snapshot.Groups { // as it was read, before what is not its own is left out
			read[g.Group]++
			if !own.Owns("main", g.Group) {
				t.Errorf("shard %d reads %s", i, g.Group)
			}
		}
	}
	if len(read) != groups {
		t.Errorf("%d of %d groups are read", len(read), groups)
	}
}

// needing is a shard that notes what it says that it needs, and may use a part of it.
type needing struct {
	place
	asked []map[string]brakes.Parts
}

func (n *needing) Parts(_ []brakes.Limit, needs map[string]brakes.Parts) map[string]brakes.Parts {
	n.asked = append(n.asked, needs)
	return map[string]brakes.Parts{"all": {Replicas: brakes.Part{Has: 7}}}
}

// The leader of one of several shards says at each poll what its scalers need of the limits, and goes by what it may use of them.
func TestAShardSaysWhatItNeeds(t *testing.T) {
	less, more := views()
	for name, c := range map[string]struct {
		view     *shard.View
		follows  bool
		asks     int
		replicas int32 // that its scalers use
	}{
		"the scaler is its own":      {more, false, 2, 3},
		"it is of the other shard":   {less, false, 2, 0},
		"twin: there is one process": {nil, false, 0, 0},
		"twin: it does not lead":     {more, true, 0, 0},
	} {
		n := &needing{place: place{view: c.view}}
		s := settings(&kafka{name: "main", end: 100, committed: 100, members: 3})
		s.Brakes.Limits = []brakes.Limit{{Name: "all", Replicas: 900}}
		e := New(s, Options{Targets: idle(t), Shards: n, Leading: func() bool { return !c.follows }})
		e.Tick(t.Context(), start)
		e.Tick(t.Context(), start.Add(10*time.Second))
		if len(n.asked) != c.asks {
			t.Errorf("%s: asked %d times, want %d", name, len(n.asked), c.asks)
			continue
		}
		if c.asks > 0 && (n.asked[1]["all"].Replicas.Uses != c.replicas || e.scaling.parts()["all"].Replicas.Has != 7) {
			t.Errorf("%s: needs %+v, may use %+v", name, n.asked[1], e.scaling.parts())
		}
	}
}

// changing is a shard's replica that begins to lead.
type changing struct {
	place
	leads atomic.Bool
}

func (c *changing) Follows() bool { return !c.leads.Load() }

// A replica that follows the leader of one of several shards polls every second time, from the first time on, and lists the groups as
// often as the leader. As soon as it leads, it polls every time.
func TestAFollowerOfAShardPollsEverySecondTime(t *testing.T) {
	for _, shards := range []int{2, 3, 10} {
		synctest.Test(t, func(t *testing.T) {
			k, own := newTimes("main"), &changing{place: place{view: shard.NewView(shard.Shard{Index: 0, Of: shards}, shards)}}
			run(t, New(Settings{Clusters: []Cluster{{Name: "main", Source: k}}}, Options{Shards: own}))
			time.Sleep(201 * time.Second)
			own.leads.Store(true)
			time.Sleep(200 * time.Second)
			synctest.Wait()
			first, _ := k.between(0, 5*time.Second)
			follows, listed := k.between(0, 200*time.Second)
			leads, led := k.between(201*time.Second, 401*time.Second)
			if first != 1 || follows != 10 || leads != 20 {
				t.Errorf("%d shards: %d polls at once, %d in 200 s while it follows, %d in 200 s while it leads; want 1, 10 and 20", shards, first, follows, leads)
			}
			if following, leading := follows+listed, leads+led; 10*following < 9*leading || 10*following > 11*leading {
				t.Errorf("%d shards: it lists the groups %d times while it follows, and %d times while it leads", shards, following, leading)
			}
		})
	}
}
