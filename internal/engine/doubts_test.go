package engine

import (
	"context"
	"iter"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

// looker is a source that can look at batch headers, and finds no record.
type looker struct {
	*kafka
	doubts iter.Seq[lag.Doubt]
	looked []lag.Doubt
	found  bool
}

func (l *looker) Look(doubts iter.Seq[lag.Doubt]) { l.doubts = doubts }

func (l *looker) Observe(ctx context.Context) lag.Observation {
	o := l.kafka.Observe(ctx)
	if l.doubts == nil {
		return o
	}
	for d := range l.doubts {
		l.looked, l.found = append(l.looked, d), true
	}
	if l.found {
		o.Groups[0].Commits[0].Partitions[0].Evidence = lag.NoData
	}
	return o
}

// A source that can look at batch headers is told which partitions are in doubt, and what it finds decides. Twin: one that cannot.
func TestSourcesAreToldWhatIsInDoubt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &looker{kafka: &kafka{name: "main", end: 100, committed: 98, members: 1}}
		twin := &kafka{name: "twin", end: 100, committed: 98, members: 1}
		e := New(Settings{Clusters: []Cluster{{Name: "main", Source: l}, {Name: "twin", Source: twin}}}, Options{Interval: 10 * time.Second})
		for range 10 {
			e.Tick(t.Context(), time.Now())
			time.Sleep(10 * time.Second)
		}
		if len(l.looked) != 1 || l.looked[0] != (lag.Doubt{Group: "orders", Topic: "orders"}) {
			t.Errorf("in doubt were %v", l.looked)
		}
		for name, want := range map[string]lag.Stand{"main": lag.StandRead, "twin": lag.StandRest} {
			c, _ := e.Latest().Cluster(name)
			g, _ := c.Group("orders")
			if got := g.Rates.PartitionStand(0, 0); got != want {
				t.Errorf("%s: %s, want %s", name, got, want)
			}
		}
	})
}

// What a look found is among what is saved of a scaler, and the next process knows it: it says the same of the same offsets.
func TestWhatALookFoundOutlivesTheProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &memories{}
		poll := func(source Source, o Options) lag.Stand {
			o.Targets, o.Interval = idle(t), 10*time.Second
			e := New(Settings{Clusters: []Cluster{{Name: "main", Source: source}}}, o)
			for range 60 {
				e.Tick(t.Context(), time.Now())
				time.Sleep(10 * time.Second)
			}
			c, _ := e.Latest().Cluster("main")
			g, _ := c.Group("orders")
			return g.Rates.PartitionStand(0, 0)
		}
		of := func() *kafka { return &kafka{name: "main", end: 100, committed: 98, members: 1} }
		if got := poll(&looker{kafka: of()}, Options{Memories: store}); got != lag.StandRead || store.saves == 0 {
			t.Fatalf("%s after a look, saved %d times", got, store.saves)
		}
		if got := poll(of(), Options{Memories: store}); got != lag.StandRead {
			t.Errorf("%s with what was saved, want %s", got, lag.StandRead)
		}
		if got := poll(of(), Options{}); got != lag.StandRest {
			t.Errorf("%s with nothing saved, want %s", got, lag.StandRest)
		}
	})
}
