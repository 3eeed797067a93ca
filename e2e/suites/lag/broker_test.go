package lag_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/lagscaler/lagscaler/e2e/servers/kafka"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource"
)

// groupsOfAll is how many groups are made, so that each broker coordinates some.
const groupsOfAll = 24

// TestBrokers breaks clusters of its own while they are polled, one story after another.
func TestBrokers(t *testing.T) {
	for _, v := range kafka.Heavy(kafka.Versions, kafka.V44) {
		t.Run(string(v), func(t *testing.T) {
			t.Parallel()
			c := kafka.Start(t, kafka.Config{Version: v, Properties: map[string]string{"broker.session.timeout.ms": "5000", "broker.heartbeat.interval.ms": "500"}})
			groups := populateBrokers(t, c)
			for _, story := range []struct {
				name string
				tell func(*watched)
			}{
				{"restarted", restarted},
				{"preferred leaders elected", elected},
				{"killed", killed},
				{"the only replica of offsets killed", orphaned},
				{"fenced", fenced},         // the offsets still have one replica each
				{"leaderless", leaderless}, // its broker stays dead
			} {
				t.Run(story.name, func(t *testing.T) { story.tell(watch(t, c, groups)) })
			}
		})
	}
}

// populateBrokers commits 4 of 10 records on each of 6 partitions for every group.
func populateBrokers(t *testing.T, c *kafka.Cluster) (groups []string) {
	t.Helper()
	topic := c.CreateTopic(t, "orders", 6)
	c.Produce(t, topic, 10)
	for i := range groupsOfAll {
		name := fmt.Sprintf("group-%02d", i)
		groups = append(groups, name)
		var offsets kadm.Offsets
		for p := range int32(6) {
			offsets.Add(kadm.Offset{Topic: topic, Partition: p, At: 4, LeaderEpoch: -1})
		}
		kafka.Eventually(t, "a commit", func() error {
			resp, err := c.Admin(t).CommitOffsets(t.Context(), name, offsets)
			return errors.Join(err, resp.Error())
		})
	}
	return groups
}

// watched is a cluster that may be broken, and everything that polls saw of the groups on it.
type watched struct {
	*kafka.Cluster
	t       *testing.T
	source  *kafkasource.Source
	known   bool // the source has read every group once
	groups  []string
	history lag.History
	last    *lag.Snapshot
	rates   map[string]uint64 // consumed so far, by group
}

// watch polls with a source of its own, once everything can be read.
func watch(t *testing.T, c *kafka.Cluster, groups []string) *watched {
	t.Helper()
	w := &watched{Cluster: c, t: t, groups: groups, rates: map[string]uint64{}}
	w.read(kafkasource.Config{Brokers: addresses(c)})
	return w
}

// read polls with a new source from now on, and waits until it has read everything once. A source cannot keep a group that it
// never saw: a coordinator that has just moved may not list it yet.
func (w *watched) read(cfg kafkasource.Config) {
	w.t.Helper()
	w.source, w.known = source(w.t, cfg), false
	kafka.Eventually(w.t, "everything to be read", w.whole)
	w.known = true
}

// poll reads once as the daemon does, and checks what must hold in every poll: nothing vanishes, nothing is counted
// twice, nothing unknown reads 0, and no counter goes backwards.
func (w *watched) poll() *lag.Snapshot {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 9*time.Second)
	defer cancel()
	s := lag.Compute(w.source.Observe(ctx), w.last, nil)
	w.last = s
	count := map[string]int{}
	for i := range s.Groups {
		g := &s.Groups[i]
		count[g.Group]++
		if err := plausible(g); err != nil {
			w.t.Errorf("group %s: %v", g.Group, err)
		}
	}
	for _, name := range w.groups {
		if w.known && count[name] != 1 {
			w.t.Errorf("group %s is in the snapshot %d times; errors %+v", name, count[name], s.Errors)
		}
	}
	for _, r := range w.history.Add(s, func(string) lag.SLO { return lag.DefaultSLO }) {
		if r.ConsumedTotal < w.rates[r.Group] {
			w.t.Errorf("group %s consumed %d, and before %d", r.Group, r.ConsumedTotal, w.rates[r.Group])
		}
		w.rates[r.Group] = r.ConsumedTotal
	}
	return s
}

// plausible reports what cannot be true: 6 partitions that lag by 6 each, or are unknown with a reason.
func plausible(g *lag.GroupLag) error {
	sum := g.Summary()
	if sum.Partitions != 6 {
		return fmt.Errorf("%d partitions, %s", sum.Partitions, g.Err)
	}
	for topic, p := range g.Partitions {
		n, ok := p.Lag()
		if ok && n != 6 {
			return fmt.Errorf("%s/%d lags by %d: %+v", topic, p.Partition, n, p)
		}
		if !ok && g.Err == lag.OK && p.Err == lag.OK {
			return fmt.Errorf("%s/%d is unknown without a reason: %+v", topic, p.Partition, p)
		}
	}
	return nil
}

// whole polls once and reports what is missing of everything.
func (w *watched) whole() error {
	s := w.poll()
	for _, name := range w.groups {
		g, err := seen(s, name)
		if err != nil {
			return err
		}
		if total, complete := g.Total(); !complete || total != 36 {
			return fmt.Errorf("group %s: total %d, complete %v, %s; errors %+v", name, total, complete, g.Err, s.Errors)
		}
	}
	return nil
}

// partial tells the groups that a snapshot flags.
func (w *watched) partial(s *lag.Snapshot) (flagged, exact int) {
	for _, name := range w.groups {
		if g, err := seen(s, name); err == nil && g.Summary().Complete {
			exact++
		} else {
			flagged++
		}
	}
	return flagged, exact
}

// killed kills one of three while it is polled: what it alone knew is flagged within one poll, the rest
// stays exact, and all is well within two polls of its return.
func killed(w *watched) {
	t := w.t
	victim := w.Node(t, 2)
	victim.Kill(t)
	s := w.poll()
	if flagged, _ := w.partial(s); flagged == 0 || len(s.Errors) == 0 {
		t.Errorf("one poll after the kill: %d groups flagged, errors %+v", flagged, s.Errors)
	}
	for _, name := range w.groups {
		if g, err := seen(s, name); err == nil && g.Coordinator != 2 && g.Err != lag.OK {
			t.Errorf("group %s of living coordinator %d: %s", name, g.Coordinator, g.Err)
		}
	}
	for began := time.Now(); time.Since(began) < 7*time.Second; { // past the controller's fencing at 5 s
		w.poll()
	}
	kafka.Eventually(t, "the others to take over", w.whole)
	victim.Start(t)
	w.back("its return")
}

// restarted restarts each broker in turn while everything is polled: no group vanishes, none is counted twice.
func restarted(w *watched) {
	t := w.t
	for id := 1; id <= 3; id++ {
		n := w.Node(t, id)
		done := make(chan struct{})
		w.during(func() { n.Stop(t) }, done)
		w.during(func() { n.Start(t) }, done)
	}
	kafka.Eventually(t, "everything to be read again", w.whole)
}

// during polls while something is done to the cluster by the test's own goroutine.
func (w *watched) during(do func(), done chan struct{}) {
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-done:
				return
			default:
				w.poll()
			}
		}
	}()
	do()
	done <- struct{}{}
	<-stopped
}

// elected gives leadership back after a restart: for a moment groups are listed by nobody or twice.
func elected(w *watched) {
	t := w.t
	n := w.Node(t, 1)
	n.Stop(t)
	n.Start(t)
	done := make(chan struct{})
	w.during(func() {
		if _, err := w.Admin(t).ElectLeaders(t.Context(), kadm.ElectPreferredReplica, nil); err != nil {
			t.Errorf("electing leaders: %v", err)
		}
		kafka.Eventually(t, "the coordinators to be back", func() error {
			for _, name := range w.groups {
				found := w.Admin(t).FindGroupCoordinators(t.Context(), name)
				if err := found.Error(); err != nil {
					return err
				}
			}
			return nil
		})
	}, done)
	kafka.Eventually(t, "everything to be read again", w.whole)
}

// leaderless stops the only replica of a partition: unknown with a reason, and the group partial.
func leaderless(w *watched) {
	t := w.t
	alone := w.Name("alone")
	created, err := w.Admin(t).CreateTopics(t.Context(), 3, 1, nil, alone)
	if err != nil || created.Error() != nil {
		t.Fatal(err, created.Error())
	}
	var offsets kadm.Offsets
	for p := range int32(3) {
		offsets.Add(kadm.Offset{Topic: alone, Partition: p, At: 0, LeaderEpoch: -1})
	}
	group := w.Name("partial")
	kafka.Eventually(t, "a commit", func() error {
		resp, err := w.Admin(t).CommitOffsets(t.Context(), group, offsets)
		return errors.Join(err, resp.Error())
	})
	var read lag.TopicRead
	kafka.Eventually(t, "every broker to know the topic", func() error {
		var err error
		read, err = topic(w.source.Observe(t.Context()), alone)
		return err
	})
	observed, err := seen(lag.Compute(w.source.Observe(t.Context()), nil, nil), group)
	if err != nil {
		t.Fatal(err)
	}
	// The offsets have one replica each, so the group's coordinator lives.
	lost := slices.IndexFunc(read.Partitions, func(p lag.PartitionRead) bool { return p.Leader != observed.Coordinator })
	if lost < 0 {
		t.Fatalf("every partition is led by the group's coordinator %d: %+v", observed.Coordinator, read)
	}
	w.Node(t, int(read.Partitions[lost].Leader)).Kill(t)
	kafka.Eventually(t, "the partition to lose its leader", func() error {
		s := lag.Compute(w.source.Observe(t.Context()), nil, nil)
		g, err := seen(s, group)
		if err != nil {
			return err
		}
		if len(g.Topics) == 0 {
			return fmt.Errorf("no topic yet, %s", g.Err)
		}
		p := g.Topics[0].Partitions[lost]
		if _, ok := p.Lag(); ok || p.Err != lag.LeaderNotAvailable || g.Summary().Complete {
			return fmt.Errorf("partition %+v, summary %+v, %s", p, g.Summary(), g.Err)
		}
		return nil
	})
}
