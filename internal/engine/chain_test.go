package engine

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource"
	"github.com/lagscaler/lagscaler/rebalancemon"
	"github.com/lagscaler/lagscaler/scaler"
)

// Bytes become a sequence of steps: what a cluster answers, wrong values and wrong bytes included, and the polls and samples that
// read it. Everything from the bytes of an answer to the decision is the program's own.

// script reads the bytes; after the last one there are zeros.
type script []byte

func (s *script) next() byte {
	if len(*s) == 0 {
		return 0
	}
	b := (*s)[0]
	*s = (*s)[1:]
	return b
}

// pick is one of some values.
func pick[T any](s *script, values ...T) T { return values[int(s.next())%len(values)] }

// bytes are some of the next bytes.
func (s *script) bytes() []byte {
	n := min(int(s.next())%64, len(*s))
	b := (*s)[:n]
	*s = (*s)[n:]
	return slices.Clone(b)
}

func (s *script) offset() int64 {
	return pick[int64](s, 0, 1, 100, 1_000_000, -1, -2, math.MinInt64, math.MaxInt64, math.MaxInt64-1, 1<<53)
}

func (s *script) api() int16 { return pick[int16](s, 2, 3, 9, 10, 15, 16, 32, 69, 18) }

// chain is the program from the connection to the decision, and the cluster that it reads.
type chain struct {
	kafka   *fakeKafka
	source  *kafkasource.Source
	engine  *Engine
	targets *targets
	polls   int
	before  *Report
}

const (
	chainMin, chainMax = 1, 6
	mostPolls          = 60
)

func newChain(t *testing.T) *chain {
	t.Helper()
	k := &fakeKafka{
		start: []int64{0, 0, 0}, end: []int64{1000, 1000, 1000}, stable: []int64{1000, 1000, 1000}, committed: []int64{900, 1000, 1000},
		partitions: []int32{0, 1, 2}, state: "Stable", groupType: "classic", generation: 1,
		codes: map[int16]int16{}, hangsUp: map[int16]bool{}, patches: map[int16]patch{}, down: map[int]bool{},
	}
	for p := range int32(3) {
		k.join(p)
	}
	source, err := kafkasource.New(kafkasource.Config{Cluster: "main", Brokers: []string{"127.0.0.1:1", "127.0.0.1:2"}, Dial: k.dial})
	if err != nil {
		t.Fatal(err)
	}
	w := idle(t)
	least, most := int32(chainMin), int32(chainMax)
	if w.scaler.Policy, err = (scaler.Spec{Sources: w.scaler.Sources, MinReplicas: &least, MaxReplicas: &most}).Policy(); err != nil {
		t.Fatal(err)
	}
	return &chain{
		kafka: k, source: source, targets: w,
		engine: New(Settings{Mode: scaler.Act, Clusters: []Cluster{{Name: "main", Source: source}}}, Options{Targets: w}),
	}
}

// steps are what a byte may stand for.
var steps = []func(*chain, *testing.T, *script){
	func(c *chain, t *testing.T, s *script) {
		for range pick(s, 1, 1, 2, 4, 24) {
			c.poll(t)
		}
	},
	func(c *chain, _ *testing.T, _ *script) { c.sample() },
	func(c *chain, _ *testing.T, s *script) { // records
		p := pick(s, 0, 1, 2)
		c.kafka.end[p] += 10 * int64(s.next())
		c.kafka.stable[p] = c.kafka.end[p]
	},
	func(c *chain, _ *testing.T, s *script) { // a commit
		p := pick(s, 0, 1, 2)
		c.kafka.committed[p] = min(c.kafka.committed[p]+10*int64(s.next()), c.kafka.end[p])
	},
	func(c *chain, _ *testing.T, s *script) { // an offset of any size
		pick(s, c.kafka.start, c.kafka.end, c.kafka.stable, c.kafka.committed)[pick(s, 0, 1, 2)] = s.offset()
	},
	func(c *chain, _ *testing.T, s *script) {
		c.kafka.partitions[pick(s, 0, 1, 2)] = pick[int32](s, 0, 1, 2, 3, 100, -1, math.MinInt32, math.MaxInt32)
	},
	func(c *chain, _ *testing.T, s *script) {
		c.kafka.codes[s.api()] = pick[int16](s, 0, 0, 3, 6, 14, 15, 16, 25, 29, 30, 69, 5, 7, -1, 100, math.MinInt16, math.MaxInt16)
	},
	func(c *chain, _ *testing.T, s *script) { c.kafka.hangsUp[s.api()] = pick(s, true, false) },
	func(c *chain, _ *testing.T, s *script) { c.kafka.down[pick(s, 1, 2)] = pick(s, true, false) },
	func(c *chain, _ *testing.T, s *script) {
		c.kafka.patches[s.api()] = patch{at: int(s.next())<<4 | int(s.next()), bytes: s.bytes()}
	},
	func(c *chain, _ *testing.T, s *script) { c.kafka.patches = map[int16]patch{} },
	func(c *chain, _ *testing.T, s *script) {
		c.kafka.state = pick(s, "Stable", "PreparingRebalance", "CompletingRebalance", "Empty", "Dead", "Reconciling", "Assigning", "", "what?")
	},
	func(c *chain, _ *testing.T, s *script) {
		c.kafka.groupType = pick(s, "classic", "consumer", "share", "streams", "", "what?")
	},
	func(c *chain, _ *testing.T, s *script) {
		c.kafka.generation = pick[int32](s, c.kafka.generation+1, 0, -1, math.MaxInt32, math.MinInt32)
	},
	func(c *chain, _ *testing.T, s *script) {
		if len(c.kafka.members) < 8 {
			c.kafka.join(pick[int32](s, 0, 1, 2, 3, -1, math.MaxInt32))
		}
	},
	func(c *chain, _ *testing.T, _ *script) { c.kafka.members = c.kafka.members[:len(c.kafka.members)/2] },
	func(c *chain, _ *testing.T, s *script) {
		for i := range c.kafka.members {
			*pick(s, &c.kafka.members[i].ProtocolMetadata, &c.kafka.members[i].MemberAssignment) = s.bytes()
		}
	},
	func(c *chain, _ *testing.T, _ *script) { // one partition more
		k := c.kafka
		if len(k.end) < 6 {
			k.start, k.end, k.stable = append(k.start, 0), append(k.end, 0), append(k.stable, 0)
		}
	},
}

// step changes the cluster, or reads it. A step that reads needs the lock's owner to be the broker.
func (c *chain) step(t *testing.T, s *script) {
	i := int(s.next()) % len(steps)
	if i > 1 {
		c.kafka.mu.Lock()
		defer c.kafka.mu.Unlock()
	}
	steps[i](c, t, s)
}

func (c *chain) sample() {
	time.Sleep(time.Second)
	sample := c.source.Sample(context.Background())
	c.engine.handle(context.Background(), reading{source: c.source, cluster: "main", sample: &sample}, time.Now())
}

func (c *chain) poll(t *testing.T) {
	if c.polls++; c.polls > mostPolls {
		return
	}
	time.Sleep(10 * time.Second)
	size := c.targets.scaler.Workload.Spec
	now := time.Now()
	c.engine.Tick(t.Context(), now)
	r := c.engine.Latest()
	sane(t, r)
	if c.before != nil {
		forward(t, c.before, r)
	}
	c.decided(t, r, size)
	c.before = r
}

// sane checks one report by itself.
func sane(t *testing.T, r *Report) {
	for _, p := range r.Panics {
		if p.Count > 0 {
			t.Fatalf("panics: %+v", r.Panics)
		}
	}
	for _, g := range r.Clusters[0].Groups {
		unknown := g.Lag.Err != lag.OK
		for topic, p := range g.Lag.Partitions {
			n, known := p.Lag()
			if n < 0 || known && !p.Known.Has(lag.KnownLag) && !p.Known.Has(lag.KnownCommitted|lag.KnownEnd) {
				t.Errorf("lag %d of %s %+v", n, topic, p)
			}
			if p.Partition < 0 || int(p.Owner) >= len(g.Lag.Members) || p.Lost() < 0 || p.Ahead() < 0 {
				t.Errorf("%s %+v of %d members", topic, p, len(g.Lag.Members))
			}
			unknown = unknown || !p.Answered()
		}
		total, complete := g.Lag.Total()
		if total < 0 || complete && unknown {
			t.Errorf("total %d, complete %v, although something is unknown: %+v", total, complete, g.Lag)
		}
		numbers(t, &g)
	}
}

// numbers checks what is computed of a group: a number that nobody knows must not look like one.
func numbers(t *testing.T, g *GroupReport) {
	m := g.Measure(nil)
	for name, v := range map[string]float64{
		"produced": m.Produced.PerSecond, "consumed": m.Consumed.PerSecond,
		"churn": g.Rebalances.Churn, "skew": g.Rebalances.Skew, "share": g.Rebalances.Share, "stability": g.Rebalances.Stability, "per hour": g.Rebalances.PerHour,
	} {
		if math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
			t.Errorf("%s is %v", name, v)
		}
	}
	for name, share := range map[string]float64{"skew": g.Rebalances.Skew, "share": g.Rebalances.Share, "stability": g.Rebalances.Stability} {
		if share > 1 {
			t.Errorf("%s is %v", name, share)
		}
	}
}

// forward checks that no counter of a report is below the one before.
func forward(t *testing.T, before, now *Report) {
	not := func(what string, a, b uint64) {
		if b < a {
			t.Errorf("%s went from %d to %d", what, a, b)
		}
	}
	not("polls", before.Polls[0].Polls, now.Polls[0].Polls)
	not("leader changes", before.Clusters[0].LeaderChanges, now.Clusters[0].LeaderChanges)
	for _, g := range before.Clusters[0].Groups {
		next, ok := now.Clusters[0].Group(g.Lag.Group)
		if !ok {
			continue
		}
		a, b := &g.Rebalances, &next.Rebalances
		for i := range a.ByOutcome {
			not(fmt.Sprint("rebalances, outcome ", rebalancemon.Outcomes[i]), a.ByOutcome[i], b.ByOutcome[i])
		}
		for i := range a.ByCause {
			not(fmt.Sprint("rebalances, cause ", rebalancemon.Causes[i]), a.ByCause[i], b.ByCause[i])
		}
		not("joins", a.Joins, b.Joins)
		not("leaves", a.Leaves, b.Leaves)
		not("unplanned", a.Unplanned, b.Unplanned)
		not("slow", a.Slow, b.Slow)
		not("time in rebalances", uint64(a.TimeSpent), uint64(b.TimeSpent))
	}
}

// decided checks the decision of a poll: it is within the limits, and nothing is scaled down for a group that was not read whole.
func (c *chain) decided(t *testing.T, r *Report, size int32) {
	d := r.Scalers[0].Decision
	if d.Desired < 0 || d.Desired != d.Current && (d.Desired < chainMin || d.Desired > chainMax) {
		t.Errorf("desired %d of %d: %+v", d.Desired, d.Current, d)
	}
	written := c.targets.scaler.Workload.Spec
	if written >= size {
		return
	}
	g, ok := r.Clusters[0].Group("orders")
	if !ok {
		t.Fatalf("scaled down from %d to %d without the group", size, written)
	}
	if total, complete := g.Lag.Total(); !complete || g.Lag.Err != lag.OK || g.Lag.Missed > 0 {
		t.Errorf("scaled down from %d to %d with a lag of %d (complete: %v, %v, missed %d)", size, written, total, complete, g.Lag.Err, g.Lag.Missed)
	}
}

// FuzzChain: nothing that a broker answers makes the program panic, take what is unknown for zero, or scale down without knowing.
func FuzzChain(f *testing.F) {
	for _, seed := range chainSeeds {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, program []byte) {
		synctest.Test(t, func(t *testing.T) {
			c := newChain(t)
			defer c.source.Close()
			for s := script(program); len(s) > 0 && c.polls < mostPolls; {
				c.step(t, &s)
			}
			c.poll(t)
		})
	})
}

// Without a fault the chain reads everything and scales down, so that the fuzz target is about more than refusals.
func TestChainReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newChain(t)
		defer c.source.Close()
		for range mostPolls {
			c.poll(t)
		}
		r := c.engine.Latest()
		g, ok := r.Clusters[0].Group("orders")
		if total, complete := g.Lag.Total(); !ok || total != 100 || !complete || len(r.Clusters[0].Snapshot.Errors) > 0 || len(g.Lag.Members) != 3 {
			t.Errorf("lag %d, complete %v, errors %+v, group %+v", total, complete, r.Clusters[0].Snapshot.Errors, g.Lag)
		}
		c.kafka.mu.Lock()
		c.kafka.committed[0] = 1000
		c.kafka.mu.Unlock()
		for c.polls = 0; c.polls < mostPolls; {
			c.poll(t)
		}
		if size := c.targets.scaler.Workload.Spec; size >= 3 {
			t.Errorf("an idle group keeps %d replicas: %+v", size, c.engine.Latest().Scalers[0].Decision)
		}
	})
}

// chainSeeds are one for each kind of step between polls.
var chainSeeds = [][]byte{
	{0, 4, 0, 4},                           // an idle group, until it is scaled down
	{0, 2, 2, 0, 255, 0, 3, 3, 0, 9, 0, 3}, // records and commits
	{0, 2, 4, 1, 0, 7, 0, 1, 4, 3, 1, 6, 0, 1, 4, 0, 0, 7, 0, 1},                      // offsets of any size
	{0, 2, 5, 0, 7, 0, 2, 5, 1, 5, 0, 2},                                              // partitions that cannot be
	{0, 2, 6, 2, 4, 0, 4, 6, 2, 0, 6, 0, 3, 0, 4},                                     // codes
	{0, 2, 7, 2, 0, 0, 4, 0, 3},                                                       // a connection that ends at OffsetFetch
	{0, 2, 8, 1, 0, 0, 4, 8, 1, 1, 0, 3},                                              // a broker that is down for four minutes
	{0, 2, 9, 2, 0, 20, 3, 255, 255, 255, 0, 3, 10, 0, 3},                             // bytes of a commit
	{0, 2, 11, 1, 1, 1, 11, 2, 1, 11, 0, 13, 0, 0, 2},                                 // a rebalance
	{0, 2, 12, 1, 13, 0, 0, 2, 11, 5, 1, 1, 11, 0, 0, 3},                              // a group of type consumer
	{0, 2, 14, 2, 0, 2, 15, 0, 3, 16, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 7, 7, 0, 2}, // members, and what they send
	{0, 2, 11, 4, 0, 4, 17, 0, 3},                                                     // Dead
}
