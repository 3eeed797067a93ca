package worlds

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

// reader says how the consumers of a group work. The zero value of a field means its default.
type reader struct {
	kind    lag.GroupType // classic
	speed   float64       // records/s of one consumer: 100
	commit  time.Duration // between two commits: 5 s
	job     time.Duration // one record takes so long, and is committed when it is done; 0: speed counts
	delay   time.Duration // a record is processed when it is so old: a delayed retry
	session time.Duration // 45 s
	latest  bool          // where a partition has no commit, it begins at the end
	commits bool          // it commits where it begins, before it has read a record
	alone   bool          // it commits without being a member: a checkpointing job
	silent  bool          // consumers are killed before they can leave the group
	static  bool          // members keep their client id as instance id, and stay in the group while they are restarted
	joins   bool          // of a streams group: each task reads its partition of every topic; else each topic has tasks of its own
}

// member is one consumer of the group.
type member struct {
	lag.Member
	pod      *pod // nil: it runs elsewhere
	parts    []*partition
	dies     time.Duration // a killed one stays in the group until then; 0: it lives
	works    bool
	unspent  float64
	job      *partition // what it works on
	finishes time.Duration
}

func (m *member) dead() bool { return m.dies > 0 }

// group is a consumer group: who is in it, and who reads what.
type group struct {
	reader
	name       string
	members    []*member
	generation int32
	changed    bool
	returned   bool // a static member, without a rebalance
	rebalances bool
	ends       time.Duration // of the rebalance
	joined     int
}

const pause = 6 * time.Second // of a rebalance of a classic group

// join adds a consumer.
func (g *group) join(p *pod, clientID, host string) *member {
	g.joined++
	if m := g.instance(clientID); m != nil {
		m.ID, m.pod, m.Host, m.dies, m.works = fmt.Sprintf("%s-%06d", clientID, g.joined), p, "/"+host, 0, true
		for _, p := range m.parts {
			p.resume(g.latest)
		}
		g.returned = true
		return m
	}
	m := &member{Member: lag.Member{
		ID: fmt.Sprintf("%s-%06d", clientID, g.joined), ClientID: clientID, Host: "/" + host,
		Generation: lag.NoGeneration, Epoch: lag.NoGeneration,
	}, pod: p, works: true}
	if g.static {
		m.InstanceID = clientID
	}
	g.members, g.changed = append(g.members, m), true
	return m
}

// instance is the static member that a consumer continues: there is no rebalance then.
func (g *group) instance(id string) *member {
	i := slices.IndexFunc(g.members, func(m *member) bool { return g.static && m.InstanceID == id })
	if i < 0 {
		return nil
	}
	return g.members[i]
}

// leave lets the consumers leave that end in order: they commit before. Static members, and those that are killed too early, do
// not leave: their session ends.
func (g *group) leave(is func(*member) bool) {
	for _, m := range g.members {
		if is(m) && !m.dead() {
			g.commitOf(m)
		}
	}
	if g.static || g.silent {
		return
	}
	n := len(g.members)
	g.members = slices.DeleteFunc(g.members, func(m *member) bool { return is(m) && !m.dead() })
	g.changed = g.changed || len(g.members) < n
}

// kill ends consumers without a word: they stay in the group until their session ends.
func (g *group) kill(now time.Duration, is func(*member) bool) {
	for _, m := range g.members {
		if is(m) && !m.dead() {
			m.dies, m.works, m.job = now+g.session, false, nil
		}
	}
}

func (g *group) commitOf(m *member) {
	for _, p := range m.parts {
		if g.commits || p.position != p.begun {
			p.save(g.name)
		}
	}
}

// advance lets sessions end and rebalances begin and end.
func (r *run) rebalance() {
	g := &r.group
	n := len(g.members)
	g.members = slices.DeleteFunc(g.members, func(m *member) bool { return m.dead() && m.dies <= r.now })
	g.changed = g.changed || len(g.members) < n
	if g.changed && !g.rebalances {
		g.rebalances, g.ends = true, r.now+pause
	}
	if g.changed || g.returned {
		g.changed, g.returned = false, false
		r.put()
	}
	if !g.rebalances || r.now < g.ends && g.kind == lag.Classic {
		return
	}
	if g.kind == lag.Classic && slices.ContainsFunc(g.members, (*member).dead) {
		return // a classic rebalance waits for every member, also for those that are dead
	}
	g.rebalances = false
	r.assign()
	r.put()
}

// assign gives every partition of what the group reads to a member, in turn.
func (r *run) assign() {
	g := &r.group
	g.generation++
	owners := map[*partition]*member{}
	for _, m := range g.members {
		for _, p := range m.parts {
			owners[p] = m
		}
		m.parts, m.job = nil, nil
	}
	slices.SortFunc(g.members, func(a, b *member) int { return strings.Compare(a.ID, b.ID) })
	shift := 0 // of the first task of a topic
	for _, topic := range r.side.topics {
		var readers []*member
		for _, m := range g.members {
			if m.reads(topic.name) {
				readers = append(readers, m)
			}
		}
		for i, p := range topic.partitions {
			if len(readers) == 0 {
				break
			}
			if g.kind == lag.Share { // all work on it
				if p.position < 0 {
					p.resume(g.latest)
				}
				for _, m := range readers {
					m.parts = append(m.parts, p)
				}
				continue
			}
			m := readers[(shift+i)%len(readers)]
			if owners[p] != m || p.position < 0 {
				p.resume(g.latest)
			}
			m.parts = append(m.parts, p)
			if g.commits && p.commit < 0 {
				p.save(g.name)
			}
		}
		if g.kind == lag.Streams && !g.joins {
			shift += len(topic.partitions)
		}
	}
}

func (m *member) reads(topic string) bool { return slices.Contains(m.Topics, topic) }

// put shows the group to the cluster as its coordinator would.
func (r *run) put() {
	g := &r.group
	read := lag.GroupRead{
		GroupState: lag.GroupState{Group: g.name, Type: g.kind, State: lag.Stable}, Protocol: "consumer", Assignor: "roundrobin",
		Generation: g.generation, Epoch: lag.NoGeneration, AssignmentEpoch: lag.NoGeneration,
	}
	switch {
	case len(g.members) == 0 && g.generation == 0:
		return
	case len(g.members) == 0:
		read.State = lag.Empty
	case g.rebalances && g.kind == lag.Classic:
		read.State = lag.PreparingRebalance
	}
	if g.kind != lag.Classic {
		read.Assignor, read.Generation, read.Epoch, read.AssignmentEpoch = "uniform", lag.NoGeneration, g.generation, g.generation
	}
	if g.kind == lag.Streams {
		read.Assignor, read.Subtopologies = "", r.subtopologies()
	}
	for _, m := range g.members {
		one := m.Member
		one.Generation, one.Epoch = g.generation-1, lag.NoGeneration
		if g.kind != lag.Classic {
			one.Generation, one.Epoch = lag.NoGeneration, g.generation
		}
		one.Assigned = assigned(m.parts)
		read.Members = append(read.Members, one)
	}
	r.kafka.Put(read)
}

// subtopologies are those of a streams group: one that joins all topics, or one for each topic.
func (r *run) subtopologies() []lag.Subtopology {
	if r.group.joins {
		return []lag.Subtopology{{ID: "0", Topics: r.reads}}
	}
	var list []lag.Subtopology
	for i, topic := range r.reads {
		list = append(list, lag.Subtopology{ID: fmt.Sprint(i), Topics: []string{topic}})
	}
	return list
}

func assigned(parts []*partition) []lag.TopicPartitions {
	var list []lag.TopicPartitions
	for _, p := range parts {
		if n := len(list); n == 0 || list[n-1].Topic != p.topic {
			list = append(list, lag.TopicPartitions{Topic: p.topic})
		}
		last := &list[len(list)-1]
		last.Partitions = append(last.Partitions, p.id)
	}
	return list
}

// work lets every consumer process for a step, and commit when it is time.
func (r *run) work(took time.Duration) {
	g := &r.group
	if g.alone {
		job := &member{parts: r.reading(), works: true}
		r.process(job, took)
		if r.now%g.commit < took {
			g.commitOf(job)
		}
		return
	}
	for i, m := range g.members {
		switch {
		case !m.works || g.rebalances && g.kind == lag.Classic:
		case g.job > 0:
			r.doJob(m)
		default:
			r.process(m, took)
			if (r.now+time.Duration(i)*r.step())%g.commit < took {
				g.commitOf(m)
			}
		}
	}
}

// process spreads what a consumer can do in a step over its partitions.
func (r *run) process(m *member, took time.Duration) {
	m.unspent = min(m.unspent, 1) + r.group.speed*took.Seconds()
	for range 2 { // what a partition leaves over goes to the others
		open := 0
		for _, p := range m.parts {
			if p.waiting > 0 && !p.stuck {
				open++
			}
		}
		if open == 0 {
			return
		}
		each := int64(m.unspent)/int64(open) + 1
		for _, p := range m.parts {
			m.unspent -= float64(p.read(min(each, int64(m.unspent)), r.now-r.group.delay))
		}
	}
}

// doJob lets a consumer work on one record for long, and commit it when it is done.
func (r *run) doJob(m *member) {
	if m.job != nil && r.now >= m.finishes {
		m.job.read(1, r.now)
		m.job.save(r.group.name)
		m.job = nil
	}
	for _, p := range m.parts {
		if m.job == nil && p.waiting > 0 && !p.stuck {
			m.job, m.finishes = p, r.now+time.Duration(float64(r.group.job)*(0.7+0.3*r.rng.Float64()))
		}
	}
}
