package engine

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/breaker"
	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// shelf is a store that counts what is asked of it.
type shelf struct {
	loads, saves int
	fails        error
	limited      bool // every call so far had a deadline, within five seconds
}

func newShelf() *shelf { return &shelf{limited: true} }

func (s *shelf) call(ctx context.Context, n *int) error {
	until, limited := ctx.Deadline()
	s.limited = s.limited && limited && time.Until(until) <= 5*time.Second && time.Until(until) > time.Second
	*n++
	return s.fails
}

func (s *shelf) Load(ctx context.Context) (map[string]scaler.Memory, error) {
	return map[string]scaler.Memory{}, s.call(ctx, &s.loads)
}

func (s *shelf) Save(ctx context.Context, _ map[string]scaler.Memory) error {
	return s.call(ctx, &s.saves)
}

// Only the leader of an installation that may advise saves what is learned: another one would write over it, or has no right to it. A
// follower reads it, for its pages; in observe there is no right to it.
func TestWhoKeepsWhatIsLearned(t *testing.T) {
	for _, c := range []struct {
		leads bool
		mode  scaler.Mode
		reads bool
		keeps bool
	}{
		{true, scaler.Act, true, true},
		{true, scaler.Advise, true, true},
		{true, scaler.Observe, false, false},
		{false, scaler.Act, true, false},
		{false, scaler.Advise, true, false},
		{false, scaler.Observe, false, false},
	} {
		store := newShelf()
		settings := settings(&kafka{name: "main", end: 100, committed: 100, members: 3})
		settings.Mode = c.mode
		e := New(settings, Options{Targets: idle(t), Memories: store, Leading: func() bool { return c.leads }})
		e.Tick(t.Context(), start)
		e.scaling.save(t.Context(), start, true)
		if loaded, saved := store.loads == 1, store.saves == 1; loaded != c.reads || saved != c.keeps {
			t.Errorf("leads %v, %s: %d loads, %d saves", c.leads, c.mode, store.loads, store.saves)
		}
	}
}

// When it is loaded and saved, step by step.
func TestWhenIsLoadedAndSaved(t *testing.T) {
	store := newShelf()
	var log bytes.Buffer
	m := memory{store: store, log: slog.New(slog.NewTextHandler(&log, nil)), learned: map[string]scaler.Memory{"shop/orders": {}}}
	down, now := errors.New("down"), start
	for i, step := range []struct {
		after        time.Duration
		learns       bool
		fails        error
		atExit       bool
		loads, saves int  // so far
		loaded       bool // by this step
	}{
		{0, false, nil, false, 0, 0, false},
		{0, true, down, false, 1, 0, false},
		{loadInterval - 1, true, nil, false, 1, 0, false}, // not again at once
		{1, true, nil, true, 2, 1, true},
		{time.Second, true, nil, false, 2, 1, false},
		{saveInterval - time.Second - 1, true, nil, false, 2, 1, false},
		{1, true, nil, false, 2, 2, false},
		{time.Second, true, nil, true, 2, 3, false},       // at the end
		{saveInterval, true, down, false, 2, 4, false},    // a save that fails
		{saveInterval - 1, true, nil, false, 2, 4, false}, // is not tried again at once
		{1, true, nil, false, 2, 5, false},
		{time.Second, false, nil, false, 2, 5, false}, // it does not lead any more
		{time.Second, true, nil, false, 3, 5, true},   // and loads again what another leader saved
	} {
		now = now.Add(step.after)
		store.fails = step.fails
		_, loaded := m.load(t.Context(), now, step.learns)
		if step.learns {
			m.save(t.Context(), now, step.atExit)
		}
		if store.loads != step.loads || store.saves != step.saves || loaded != step.loaded {
			t.Fatalf("step %d: %d loads, %d saves, loaded %v; want %+v", i, store.loads, store.saves, loaded, step)
		}
	}
	if n := strings.Count(log.String(), "failed"); n != 2 {
		t.Errorf("a load and a save failed, and %d lines say so:\n%s", n, log.String())
	}
	m.saveSoon()
	if m.save(t.Context(), now, false); store.saves != 6 {
		t.Errorf("%d saves: what is to be saved soon waits", store.saves)
	}
	m.learned = nil
	if m.save(t.Context(), now, true); store.saves != 6 {
		t.Error("nothing is learned, and it is saved")
	}
	if !store.limited {
		t.Error("a store that hangs would stop the loop")
	}
}

// What is saved alone is what is known when it is saved, also when it is saved late.
func TestSaveAlone(t *testing.T) {
	of := func(n int32) scaler.Memory {
		return scaler.Memory{Memory: learn.Memory{Given: &learn.Given{Replicas: n}}}
	}
	store := &keptShelf{shelf: *newShelf()}
	m := memory{store: store, log: slog.New(slog.DiscardHandler), learned: map[string]scaler.Memory{"a": of(1), "b": of(1)}, loaded: true, saved: start}
	m.saveAlone("a")
	m.saveAlone("gone")
	store.fails = errors.New("down")
	m.save(t.Context(), start, false)
	m.learned["a"] = of(7)
	store.fails = nil
	if m.save(t.Context(), start.Add(loadInterval-1), false); store.saves != 1 {
		t.Error("a save that failed is tried again at once")
	}
	if m.save(t.Context(), start.Add(loadInterval), false); len(store.kept) != 1 || store.kept["a"].Given.Replicas != 7 {
		t.Errorf("saved %+v, want what a knows now", store.kept)
	}
	if m.save(t.Context(), start.Add(2*loadInterval), false); store.saves != 2 {
		t.Error("it is saved again")
	}
}

// keptShelf keeps what was saved last.
type keptShelf struct {
	shelf
	kept map[string]scaler.Memory
}

func (s *keptShelf) Save(ctx context.Context, learned map[string]scaler.Memory) error {
	err := s.call(ctx, &s.saves)
	if err == nil {
		s.kept = learned
	}
	return err
}

// Before a write of 0: what the next leader has to know is saved, or it is known that it is not.
func TestSaveNow(t *testing.T) {
	down := errors.New("down")
	for name, c := range map[string]struct {
		store  Memories
		loaded bool
		ok     bool
	}{
		"there is no store":             {nil, false, true},
		"what was saved is not read":    {newShelf(), false, false},
		"it is saved":                   {newShelf(), true, true},
		"the store does not take it in": {&shelf{fails: down}, true, false},
	} {
		m := memory{store: c.store, loaded: c.loaded}
		if err := m.saveNow(t.Context()); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The ids of a cluster are taken from all scalers, each once, sorted; those of another cluster stay apart.
func TestSavedClusterIDs(t *testing.T) {
	of := func(sources ...learn.Source) scaler.Memory {
		return scaler.Memory{Memory: learn.Memory{Sources: sources}}
	}
	ids := clusterIDs{}
	ids.remember(map[string]scaler.Memory{
		"a": of(learn.Source{Cluster: "main", ClusterID: "Z"}, learn.Source{Cluster: "other", ClusterID: "O"}),
		"b": of(learn.Source{Cluster: "main", ClusterID: "A"}, learn.Source{Cluster: "main"}),
		"c": of(learn.Source{Cluster: "main", ClusterID: "Z"}),
	})
	if !slices.Equal(ids["main"], []string{"A", "Z"}) || !slices.Equal(ids["other"], []string{"O"}) || len(ids) != 2 {
		t.Errorf("%v", ids)
	}
}

// identifiedSource is a source that says which cluster it reads.
type identifiedSource struct {
	kafka
	id       string
	remember [][]string
}

func (s *identifiedSource) Remember(ids []string) { s.remember = append(s.remember, ids) }
func (s *identifiedSource) ClusterID() string     { return s.id }

// A poll of another cluster than the one before is not used; one that says no id, or of which nothing is known, is.
func TestPollsOfAnotherCluster(t *testing.T) {
	for _, c := range []struct {
		polled, known string
		used          bool
	}{
		{"A", "A", true}, {"A", "", true}, {"", "A", true}, {"", "", true}, {"A", "B", false},
	} {
		source := &identifiedSource{kafka: kafka{name: "main"}, id: c.known}
		e := New(Settings{Clusters: []Cluster{{Name: "main", Source: source}}}, Options{})
		e.scaling.clusterIDs["main"] = []string{"saved"}
		polled := lag.Observation{Cluster: "main", Began: start, At: start.Add(time.Second), ClusterID: c.polled, Groups: make([]lag.GroupRead, 1)}
		for range 2 {
			got := e.identified("main", polled)
			if used := len(got.Groups) == 1; used != c.used {
				t.Errorf("polled %q, known %q: used %v", c.polled, c.known, used)
			}
			if !c.used && (got.Cluster != "main" || got.ClusterID != c.known || !got.Began.Equal(polled.Began) || !got.At.Equal(polled.At) || got.Errors[0].Stage != lag.StageConnect) {
				t.Errorf("%+v", got)
			}
		}
		if len(source.remember) != 2 || !slices.Equal(source.remember[0], []string{"saved"}) || source.remember[1] != nil {
			t.Errorf("it is told %v: what was saved counts once", source.remember)
		}
	}
}

// What a scaler must not forget with its leader is saved with the next poll: a step down that is judged, and a stop of scaling down.
func TestWhatOfScalingDownIsSavedAtOnce(t *testing.T) {
	step := &breaker.Step{At: start, From: 6, To: 4}
	stop := breaker.Stop{Since: start, Until: start.Add(time.Hour)}
	for name, c := range map[string]struct {
		before, after breaker.State
		saved, said   bool
	}{
		"nothing":                  {breaker.State{}, breaker.State{}, false, false},
		"a step down":              {breaker.State{}, breaker.State{Step: step}, true, false},
		"twin: the same step":      {breaker.State{Step: step}, breaker.State{Step: step}, false, false},
		"scaling down stops":       {breaker.State{Step: step}, breaker.State{Step: step, Stop: stop}, true, true},
		"twin: it was stopped":     {breaker.State{Step: step, Stop: stop}, breaker.State{Step: step, Stop: stop}, false, false},
		"a stop is taken back":     {breaker.State{Step: step, Stop: stop}, breaker.State{Step: step}, true, false},
		"a step made records late": {breaker.State{Step: step}, breaker.State{Step: step, Late: []breaker.Counted{{}}}, true, false},
	} {
		var log bytes.Buffer
		e := New(settings(&kafka{name: "main", end: 100, committed: 100, members: 3}), Options{Targets: idle(t), Log: slog.New(slog.NewTextHandler(&log, nil))})
		one := scaler.Scaler{Name: "shop/orders"}
		e.scaling.conclude(&asking{
			one: one, in: scaler.Input{Now: start, Memory: scaler.Memory{Memory: learn.Memory{Breaker: c.before}}},
			result: scaler.Result{Memory: scaler.Memory{Memory: learn.Memory{Breaker: c.after}}},
		}, start)
		if saved := e.scaling.memory.alone[one.Name]; saved != c.saved {
			t.Errorf("%s: saved at once: %v", name, saved)
		}
		if said := strings.Contains(log.String(), "scaling down stopped"); said != c.said {
			t.Errorf("%s: said: %v\n%s", name, said, log.String())
		}
	}
}

// What another shard has saved is loaded for the scalers that this one got from it. Of those that it had, it knows more than what was saved.
func TestWhatAShardLoads(t *testing.T) {
	of := func(n int32) scaler.Memory {
		return scaler.Memory{Memory: learn.Memory{Given: &learn.Given{Replicas: n}}}
	}
	store := &fullShelf{shelf: *newShelf(), has: map[string]scaler.Memory{"kept": of(1), "got": of(1)}}
	m := memory{
		store: store, log: slog.New(slog.DiscardHandler), learned: map[string]scaler.Memory{"kept": of(7)},
		loaded: true, others: true, due: true, own: map[string]bool{"kept": true},
	}
	loaded, ok := m.load(t.Context(), start, true)
	if _, kept := loaded["kept"]; !ok || kept || len(loaded) != 1 {
		t.Errorf("it loads %v", loaded)
	}
	if n := m.learned["kept"].Given.Replicas; n != 7 || m.learned["got"].Given == nil {
		t.Errorf("afterwards it knows %d of its own, and %+v of what it got", n, m.learned["got"].Given)
	}
}

// fullShelf has something to load.
type fullShelf struct {
	shelf
	has map[string]scaler.Memory
}

func (s *fullShelf) Load(ctx context.Context) (map[string]scaler.Memory, error) {
	return s.has, s.call(ctx, &s.loads)
}

// The history of a cluster knows what the scalers of its groups have learned, each of its own group, and nothing of a refused scaler.
func TestWhatHistoriesAreTaught(t *testing.T) {
	source := func(cluster, group, topic string) learn.Source {
		return learn.Source{
			Cluster: cluster, Group: group, Commits: lag.Habits{{Topic: topic, Reached: true}}, Times: []lag.RecordTimes{{Topic: topic, Agreed: 7}},
		}
	}
	f := spares(t, "shop/orders", "shop/refused", "shop/new")
	f.scalers[0].Sources = []seen.SourceSpec{{Cluster: "main", Group: "orders"}, {Cluster: "other", Group: "sent"}}
	f.scalers[1].Sources = []seen.SourceSpec{{Cluster: "main", Group: "secret"}}
	f.scalers[1].Refusal = scaler.Refuse("NotAllowed", "it may not name the group")
	f.scalers[2].Sources = []seen.SourceSpec{{Cluster: "main", Group: "new"}}
	e := New(settings(&kafka{name: "main"}), Options{Targets: f})
	e.scaling.read(start)
	e.scaling.memory.learned = map[string]scaler.Memory{
		"shop/orders":  {Memory: learn.Memory{Sources: []learn.Source{source("main", "orders", "paid"), source("other", "sent", "mail")}}},
		"shop/refused": {Memory: learn.Memory{Sources: []learn.Source{source("main", "secret", "salaries")}}},
	}
	var h lag.History
	e.scaling.teach("main", &h)
	for topic, want := range map[string]bool{"paid": true, "mail": false, "salaries": false} {
		if r, ok := h.RecordTimes(topic); ok != want || ok && r.Agreed != 7 {
			t.Errorf("the times of %s: %+v", topic, r)
		}
	}
	if got := e.scaling.recordTimes("main"); len(got) != 2 {
		t.Errorf("all that is known of the times of this cluster: %+v", got)
	}
}

// The readings of the last minutes are this process's own: what was saved is added to them, and does not replace them.
func TestALoadKeepsTheLastReadings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &memories{down: true}
		e := New(settings(&kafka{name: "main", end: 100, committed: 100, members: 3}), Options{Targets: idle(t), Memories: store})
		tick := func() time.Time {
			e.Tick(t.Context(), time.Now())
			time.Sleep(10 * time.Second)
			return e.Latest().Scalers[0].Decision.At
		}
		for range 3 {
			tick()
		}
		decided := tick() // the next decision is due in 30 s
		store.down, e.scaling.memory.loadAgain = false, time.Time{}
		store.saved = map[string]scaler.Memory{"shop/orders": {Memory: learn.Memory{Sources: []learn.Source{{Cluster: "main", Group: "orders", PerConsumer: 60}}}}}
		if at := tick(); !at.Equal(decided) || e.scaling.memory.learned["shop/orders"].Sources[0].PerConsumer != 60 {
			t.Errorf("loaded %v: the decision of %v was made again at %v", e.scaling.memory.loaded, decided, at)
		}
	})
}
