package worlds

import (
	"cmp"
	"context"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/lagtest"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

const (
	step      = 5 * time.Second
	poll      = 10 * time.Second
	cluster   = "main"
	groupName = "orders"
)

var begin = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

// topic is a topic of a world, as it is.
type topic struct {
	topicSpec
	partitions []*partition
	quiet      int // the first so many partitions get no records
	lastTx     time.Duration
	closes     time.Duration // of the transaction that is open
	txs        int
}

// run is a world while it is played.
type run struct {
	world
	seed    uint64
	rng     *rand.Rand
	now     time.Duration
	side          // the cluster that the consumers use
	copies  *side // another one, which stands by; nil: there is none
	fleet   fleet
	store   store
	other   *elsewhere       // another place; nil: there is none
	ours    []*engine.Engine // the replicas of the program; nil: it does not run
	leader  int
	alerts  alerts
	seen    []polled
	pending []event
}

// side is a Kafka cluster, and the group in it.
type side struct {
	cluster string
	lost    bool // nobody reaches it
	kafka   *lagtest.Cluster
	sees    *source
	topics  []*topic
	group   group
}

func cmpString(a, b string) int { return strings.Compare(a, b) }

func (r *run) time() time.Time { return begin.AddDate(0, 0, 7*r.renamed).Add(r.now) }

// play plays a world from its beginning to its end.
func play(t testing.TB, w world, seed uint64) *run {
	r := newRun(t, w, seed)
	for r.now = 0; r.now < time.Duration(w.hours*float64(time.Hour)); r.now += r.step() {
		for len(r.pending) > 0 && r.pending[0].at <= r.now {
			e := r.pending[0]
			r.pending = r.pending[1:]
			e.does(r)
		}
		r.arrive()
		r.mirror()
		r.fleet.advance()
		if r.other != nil {
			r.other.fleet.advance()
		}
		r.onBoth(r.rebalance)
		if r.now%r.interval == 0 {
			r.tick()
		}
		r.onBoth(func() { r.work(r.step()) })
	}
	return r
}

func newRun(t testing.TB, w world, seed uint64) *run {
	w.defaults()
	r := &run{
		world: w, seed: seed, rng: rand.New(rand.NewPCG(seed, 22)), store: store{},
	}
	r.side = r.newSide(t, cluster)
	for _, spec := range w.topics {
		if !spec.later {
			r.create(spec)
		}
	}
	if w.standby != nil {
		r.standBy(r.newSide(t, copyName))
	}
	policy, err := r.spec.Policy()
	if err != nil {
		t.Fatal(err)
	}
	r.alerts.budget.interval = r.interval
	r.fleet = fleet{fleetSpec: w.fleet, r: r, mode: cmp.Or(w.mode, scaler.Act), policy: policy, sources: r.spec.Sources}
	r.group.joined, r.fleet.made = w.renamed, w.renamed
	r.fleet.scale(w.fleet.replicas)
	for _, p := range r.fleet.pods {
		p.ready = 0
	}
	for _, e := range w.events {
		r.later(e.at, e.does)
	}
	r.ours = []*engine.Engine{r.engine(0)}
	if w.places != nil {
		r.addPlace(t)
	}
	return r
}

// newSide is a cluster without topics.
func (r *run) newSide(t testing.TB, name string) side {
	kafka := lagtest.New(t, name, 3)
	kafka.Clock(r.time)
	return side{
		cluster: name, kafka: kafka, sees: &source{Cluster: kafka, r: r, noData: map[lag.Doubt][2]int64{}},
		group: group{reader: r.reader, name: groupName},
	}
}

// step is how far time goes at once.
func (r *run) step() time.Duration { return r.interval / 2 }

// later lets something happen after a time.
func (r *run) later(after time.Duration, does func(*run)) {
	r.pending = append(r.pending, event{r.now + after, does})
	slices.SortStableFunc(r.pending, func(a, b event) int { return cmp.Compare(a.at, b.at) })
}

func (w *world) defaults() {
	w.topics = slices.Clone(w.topics)
	for i := range w.topics {
		s := &w.topics[i]
		s.name, s.partitions, s.old = cmp.Or(s.name, "orders"), cmp.Or(s.partitions, 4), cmp.Or(s.old, 1000)
		if s.rate == nil {
			s.rate = constant(0)
		}
	}
	if w.reads == nil {
		for _, s := range w.topics {
			w.reads = append(w.reads, s.name)
		}
	}
	slices.Sort(w.reads)
	w.interval = cmp.Or(w.interval, poll)
	w.reader.kind = cmp.Or(w.reader.kind, lag.Classic)
	w.reader.speed = cmp.Or(w.reader.speed, 100)
	w.reader.commit = cmp.Or(w.reader.commit, 5*time.Second)
	w.reader.session = cmp.Or(w.reader.session, 45*time.Second)
	w.fleet.threads = cmp.Or(w.fleet.threads, 1)
	if w.fleet.starts[1] == 0 {
		w.fleet.starts = [2]time.Duration{20 * time.Second, 40 * time.Second}
	}
	w.source.Cluster, w.source.Group = cluster, groupName
	if w.source.ProcessingTime == 0 {
		w.source.ProcessingTime = time.Duration(float64(time.Second) / w.reader.speed)
	}
	if w.learns {
		w.source.ProcessingTime = 0
	}
	w.spec.Sources = []seen.SourceSpec{w.source}
}

// create makes a topic, or makes it anew.
func (r *run) create(spec topicSpec) {
	r.side.topics = slices.DeleteFunc(r.side.topics, func(t *topic) bool { return t.name == spec.name })
	r.kafka.Create(spec.name, spec.partitions)
	t := &topic{topicSpec: spec}
	for id := range int32(spec.partitions) {
		p := &partition{kafka: r.kafka, topic: spec.name, id: id, commit: uncommitted, position: uncommitted}
		p.append(spec.old, record, r.now)
		if spec.unread && r.group.latest {
			p.waiting, p.log = 0, nil // nobody will ever read what was there before
		}
		if !spec.unread {
			p.position, p.waiting = p.end, 0
			p.save(r.group.name)
		}
		if spec.tx != nil {
			p.append(max(1, spec.tx.markers), marker, r.now)
		}
		t.partitions = append(t.partitions, p)
	}
	r.side.topics = append(r.side.topics, t)
}

// arrive appends the records of a step, and what transactions add.
func (r *run) arrive() {
	if r.lost {
		return
	}
	for _, t := range r.side.topics {
		expected := t.rate(r.now) * r.step().Seconds() / float64(len(t.partitions)-t.quiet)
		if t.tx != nil {
			r.transact(t, expected)
			continue
		}
		for _, p := range t.partitions[t.quiet:] {
			p.append(int64(expected+r.rng.Float64()), record, r.now)
		}
	}
}

// reading are the partitions of the topics that the replicas read.
func (r *run) reading() (list []*partition) {
	for _, t := range r.side.topics {
		if slices.Contains(r.reads, t.name) {
			list = append(list, t.partitions...)
		}
	}
	return list
}

// transact writes a transaction with the records since the last one when it is time.
func (r *run) transact(t *topic, expected float64) {
	if t.closes > 0 && r.now >= t.closes {
		t.closes = 0
		for _, p := range t.partitions {
			if n := p.open; n > 0 {
				p.open = 0
				p.append(max(1, t.tx.markers), marker, r.now)
			}
		}
	}
	if t.closes > 0 || r.now-t.lastTx < t.tx.every || expected == 0 {
		return
	}
	span := float64(min(r.now-t.lastTx, t.tx.every)) / float64(r.step())
	t.lastTx, t.closes, t.txs = r.now, r.now+t.tx.open, t.txs+1
	what := record
	if t.tx.aborts && t.txs%3 == 0 {
		what = aborted
	}
	for _, p := range t.partitions {
		if n := int64(expected*span + r.rng.Float64()); n > 0 {
			p.open = n
			p.append(n, what, r.now)
		}
	}
	if t.tx.open == 0 {
		r.transact(t, 0)
	}
}

// source is the cluster as the program reads it. It keeps what the last poll read.
type source struct {
	*lagtest.Cluster
	r      *run
	last   lag.Observation
	doubts iter.Seq[lag.Doubt]
	noData map[lag.Doubt][2]int64 // commit and end at which a look found no record
}

// Look sets what is in doubt.
func (s *source) Look(doubts iter.Seq[lag.Doubt]) { s.doubts = doubts }

// look looks at the partitions in doubt as package headers does: the truth, remembered while both offsets stand.
func (s *source) look() {
	if !s.r.looks || s.doubts == nil {
		return
	}
	for d := range s.doubts {
		if p := s.r.partition(d.Topic, d.Partition); p != nil && !p.holds() {
			s.noData[d] = [2]int64{p.commit, p.end}
		}
	}
	for i := range s.last.Groups {
		g := &s.last.Groups[i]
		for _, c := range g.Commits {
			for k := range c.Partitions {
				p := s.r.partition(c.Topic, c.Partitions[k].Partition)
				at, seen := s.noData[lag.Doubt{Group: g.Group, Topic: c.Topic, Partition: c.Partitions[k].Partition}]
				if seen && at == [2]int64{p.commit, p.end} {
					c.Partitions[k].Evidence = lag.NoData
				}
			}
		}
	}
}

func (r *run) partition(topic string, id int32) *partition {
	for _, t := range r.side.topics {
		if t.name == topic {
			return t.partitions[id]
		}
	}
	return nil
}

func (s *source) Observe(ctx context.Context) lag.Observation {
	s.last = s.Cluster.Observe(ctx)
	s.look()
	for i := range s.last.Groups {
		if g := &s.last.Groups[i]; g.Type == lag.Share {
			s.lags(g)
		}
	}
	return s.last
}

// lags puts the broker's lag in place of the commits: a share group has no position that a client could see.
func (s *source) lags(g *lag.GroupRead) {
	for _, c := range g.Commits {
		for i := range c.Partitions {
			p := &c.Partitions[i]
			for _, t := range s.last.Topics {
				if t.Name == c.Topic && t.Partitions[p.Partition].Known.Has(lag.KnownEnd) {
					p.Lag, p.Known = t.Partitions[p.Partition].End-p.Offset, lag.KnownLag
				}
			}
		}
	}
}

// dark reports whether the last poll could not read the group, or a partition.
func (s *source) dark() bool {
	for _, t := range s.last.Topics {
		if slices.ContainsFunc(t.Partitions, func(p lag.PartitionRead) bool { return p.Err != lag.OK }) {
			return true
		}
	}
	return slices.ContainsFunc(s.last.Groups, func(g lag.GroupRead) bool { return g.Group == groupName && g.Err != lag.OK })
}

// engine is one replica of the program.
func (r *run) engine(index int) *engine.Engine {
	clusters := []engine.Cluster{{Name: r.cluster, Source: r.sees}}
	if r.copies != nil {
		clusters = append(clusters, engine.Cluster{Name: r.copies.cluster, Source: r.copies.sees})
		slices.SortFunc(clusters, func(a, b engine.Cluster) int { return strings.Compare(a.Name, b.Name) })
	}
	return engine.New(engine.Settings{Clusters: clusters, Mode: r.global}, engine.Options{
		Targets: &r.fleet, Memories: r.store, Leading: func() bool { return r.leader == index },
		Interval: r.interval, Record: evaluated,
	})
}

// restart ends the program, and starts it again with what it saved.
func restart(r *run) {
	for i := range r.ours {
		r.ours[i] = r.engine(i)
	}
}

// elect makes the other replica of the program the leader; the first time it is started.
func elect(r *run) {
	if len(r.ours) == 1 {
		r.ours = append(r.ours, r.engine(1))
	}
	r.leader = 1 - r.leader
}

// second starts a second replica of the program, which follows.
func second(r *run) { r.ours = append(r.ours, r.engine(1)) }

// tick lets every replica of the program poll, and notes what the leader says and what is true.
func (r *run) tick() {
	for _, e := range r.ours {
		e.Tick(context.Background(), r.time())
	}
	r.other.tick(r)
	r.note(r.ours[r.leader].Latest())
}

// store keeps what scalers learned, as the ConfigMaps do. To be fast it writes the text only when somebody loads it, and once.
type store map[string]kept

type kept struct {
	memory scaler.Memory
	text   []byte // nil: not written yet
}

func (s store) Load(context.Context) (map[string]scaler.Memory, error) {
	out := map[string]scaler.Memory{}
	for name, k := range s {
		if k.text == nil {
			text, err := k.memory.Save()
			if err != nil {
				return nil, err
			}
			k.text = text
			s[name] = k
		}
		var err error
		if out[name], err = scaler.LoadMemory(k.text); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s store) Save(_ context.Context, learned map[string]scaler.Memory) error {
	for name, memory := range learned {
		s[name] = kept{memory: memory}
	}
	return nil
}
