package engine

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/lagscaler/lagscaler/lag/kafkasource"
	"github.com/lagscaler/lagscaler/lag/lagtest"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// everyPoll decides at every poll, however soon after the one before.
var everyPoll = seen.Clock{Poll: time.Second, Decide: time.Millisecond}

// sleeping is a target without a replica, over an embedded cluster.
type sleeping struct {
	*Engine
	*targets
	kafka lagtest.Subject
	t     *testing.T
}

func newSleeping(t *testing.T, reset seen.OffsetReset, topics ...string) *sleeping {
	t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	src, err := kafkasource.New(kafkasource.Config{
		Cluster: "main", Brokers: c.ListenAddrs(), Limits: kafkasource.Limits{Grace: time.Nanosecond, Metadata: 20 * time.Millisecond},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(src.Close)
	f := asleepTarget(t, topics, reset)
	e := New(Settings{Clusters: []Cluster{{Name: "main", Source: src}}, Mode: scaler.Act}, Options{Targets: f, Clock: everyPoll})
	s := &sleeping{e, f, lagtest.Kafka(t, src, c.ListenAddrs()), t}
	s.kafka.Create("orders", 4)
	return s
}

// polls are polls, each with a decision, until something is written or a time has passed.
func (s *sleeping) polls(d time.Duration) (line string) {
	for begin := time.Now(); len(s.applied) == 0; {
		s.Tick(s.t.Context(), time.Now())
		if time.Since(begin) > d {
			break
		}
	}
	return s.Latest().Scalers[0].Line
}

// Records wake a group that never ran, from a topic that only its scaler names. Twins: a latest group with old records; a
// topic that does not exist; a scaler that names none.
func TestWhoWakes(t *testing.T) {
	for _, c := range []struct {
		name   string
		topics []string
		reset  seen.OffsetReset
		before func(k lagtest.Subject)
		work   func(k lagtest.Subject)
		wakes  bool
		says   string
	}{
		{"committed everywhere", []string{"orders"}, "", func(k lagtest.Subject) {
			for p := range int32(4) {
				k.Commit("shop", "orders", p, 0)
			}
		}, func(k lagtest.Subject) { k.Append("orders", 3, 500) }, true, "lag 500 records"},
		{"the group never was", []string{"orders"}, "", func(lagtest.Subject) {}, func(k lagtest.Subject) { k.Append("orders", 3, 500) }, true, "500 records in partitions of topic orders without a commit"},
		{"the group never was, latest", []string{"orders"}, seen.Latest, func(lagtest.Subject) {}, func(k lagtest.Subject) { k.Append("orders", 3, 500) }, true, "500 records"},
		{"twin: latest, old records", []string{"orders"}, seen.Latest, func(k lagtest.Subject) { k.Append("orders", 3, 500) }, func(lagtest.Subject) {}, false, "Steady"},
		{"earliest, old records", []string{"orders"}, seen.Earliest, func(k lagtest.Subject) { k.Append("orders", 3, 500) }, func(lagtest.Subject) {}, true, "500 records"},
		{"a partition without a commit", []string{"orders"}, seen.Latest, func(k lagtest.Subject) {
			k.Append("orders", 1, 10)
			k.Commit("shop", "orders", 0, 0)
		}, func(k lagtest.Subject) { k.Append("orders", 1, 7) }, true, "7 records"},
		{"a topic is made later", []string{"orders", "later"}, seen.Latest, func(lagtest.Subject) {}, func(k lagtest.Subject) {
			k.Create("later", 1)
			k.Append("later", 0, 3)
		}, true, "3 records in partitions of topic later"},
		{"a topic does not exist", []string{"ordres"}, "", func(lagtest.Subject) {}, func(k lagtest.Subject) { k.Append("orders", 3, 500) }, false, `TopicNotFound: group "shop" and topic "ordres"`},
		{"nothing is named", nil, "", func(lagtest.Subject) {}, func(k lagtest.Subject) { k.Append("orders", 3, 500) }, false, "ZeroUnread: whether records wait is unknown; the group has no commit, and no topic is named"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSleeping(t, c.reset, c.topics...)
			c.before(s.kafka)
			s.polls(0)
			c.work(s.kafka)
			wait := 10 * time.Second
			if !c.wakes {
				wait = 50 * time.Millisecond
			}
			line := s.polls(wait)
			if (len(s.applied) > 0) != c.wakes || !strings.Contains(line, c.says) {
				t.Errorf("writes %+v; %s: want %q", s.applied, line, c.says)
			}
		})
	}
}

// What somebody else set to 0 stays there, also for the next leader that reads what was saved.
func TestAZeroByHandOutlivesTheProcess(t *testing.T) {
	s := newSleeping(t, "", "orders")
	s.scaler.Workload.Spec = 2
	s.polls(0)
	s.scaler.Workload.Spec = 0
	s.kafka.Append("orders", 0, 9)
	if line := s.polls(0); len(s.applied) > 0 || !strings.Contains(line, "ZeroByHandWaiting") {
		t.Fatalf("writes %+v; %s", s.applied, line)
	}
	store := &kept{saved: map[string]scaler.Memory{"shop/orders": s.Engine.scaling.memory.learned["shop/orders"]}}
	text, err := store.saved["shop/orders"].Save()
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := scaler.LoadMemory(text)
	if err != nil {
		t.Fatal(err)
	}
	store.saved["shop/orders"] = loaded
	next := New(s.current, Options{Targets: s.targets, Memories: store, Clock: everyPoll})
	for range 3 {
		next.Tick(t.Context(), time.Now())
	}
	if line := next.Latest().Scalers[0].Line; len(s.applied) > 0 || !strings.Contains(line, "ZeroByHandWaiting") {
		t.Errorf("writes %+v; %s", s.applied, line)
	}
}

// kept is a store.
type kept struct {
	saved map[string]scaler.Memory
	fails error
}

func (k *kept) Load(context.Context) (map[string]scaler.Memory, error) { return k.saved, nil }

func (k *kept) Save(_ context.Context, learned map[string]scaler.Memory) error {
	if k.fails == nil {
		k.saved = learned
	}
	return k.fails
}

// A scaler of the file goes to zero only when its intent is saved.
func TestTheFileSavesItsIntent(t *testing.T) {
	for _, fails := range []error{nil, context.DeadlineExceeded} {
		store := &kept{fails: fails}
		f := idle(t)
		e := New(settings(&kafka{name: "main"}), Options{Targets: f, Memories: store})
		e.Tick(t.Context(), start)
		f.applied = nil
		reports := map[string]ScalerReport{"shop/orders": {Outcome: scaler.Outcome{Scaler: f.scaler}}}
		e.scaling.apply(t.Context(), reports, []write{{"shop/orders", scaler.Change{From: 1, To: 0}}})
		if wrote := len(f.applied) > 0; wrote != (fails == nil) {
			t.Errorf("the save says %v, and 0 was written: %v", fails, wrote)
		}
	}
}

// asleepTarget is a target at zero replicas that may stay there.
func asleepTarget(t *testing.T, topics []string, reset seen.OffsetReset) *targets {
	t.Helper()
	zero := int32(0)
	sources := []seen.SourceSpec{{Cluster: "main", Group: "shop", Topics: topics, ProcessingTime: 10 * time.Millisecond, OffsetReset: reset}}
	policy, err := scaler.Spec{Mode: scaler.Act, Sources: sources, MinReplicas: &zero}.Policy()
	if err != nil {
		t.Fatal(err)
	}
	return &targets{scaler: scaler.Scaler{
		Name: "shop/orders", Mode: scaler.Act, Policy: policy, Sources: sources,
		Workload: seen.Workload{Ref: seen.Ref{APIVersion: "apps/v1", Kind: "Deployment", Namespace: "shop", Name: "w"}, Found: true, HasScale: true},
	}}
}
