package rebalance_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/kafka"
)

const (
	session  = 9 * time.Second
	maxPoll  = 8 * time.Second
	overPoll = maxPoll + 3*time.Second // how long a member hangs
)

// kind is a way in which groups rebalance.
type kind string

const (
	eager       kind = "eager (range)"
	cooperative kind = "cooperative-sticky"
	static      kind = "static (range)"
	kip848      kind = "KIP-848"
)

// squad is a group of Java consumers that are told what to do.
type squad struct {
	kind    kind
	group   string
	topic   string
	more    string // a topic that members subscribe to now and then
	cluster *kafka.Cluster
	fleet   *kafka.Fleet
	random  *rand.Rand
	members []string
	wider   map[string]bool // members that subscribe to more
	loner   *kafka.Fleet    // a member in a JVM of its own, to be killed
	next    int
	script  []string  // what is left to do, by name; nil: whatever chance says
	due     time.Time // of the next
	quiet   time.Time // when the last has had its effect
	hangs   []time.Time
	log     []string // what was done
}

func newSquad(t *testing.T, c *kafka.Cluster, f *kafka.Fleet, k kind, seed uint64) *squad {
	t.Helper()
	s := &squad{
		kind: k, cluster: c, fleet: f, random: rand.New(rand.NewPCG(seed, seed)),
		group: c.Name("group"), topic: c.CreateTopic(t, "topic", 6), more: c.CreateTopic(t, "more", 2),
		wider: map[string]bool{},
	}
	if k == kip848 {
		c.ConfigureGroup(t, s.group, map[string]string{"consumer.session.timeout.ms": fmt.Sprint(session.Milliseconds())})
	}
	f.Produce(kafka.Load{ID: "load-" + s.topic, Topic: s.topic, PerSecond: 24})
	return s
}

func (s *squad) consumer(id string) kafka.Consumer {
	c := kafka.Consumer{
		ID: id, Group: s.group, Topics: []string{s.topic}, SessionTimeout: session, MaxPollInterval: maxPoll,
		CommitInterval: 500 * time.Millisecond, Properties: map[string]string{"fetch.max.wait.ms": "500"},
	}
	switch s.kind {
	case cooperative:
		c.Assignor = kafka.CooperativeSticky
	case static:
		c.InstanceID = id
	case kip848:
		c.Protocol = kafka.KIP848
	}
	return c
}

func (s *squad) note(format string, args ...any) {
	s.log = append(s.log, clock(time.Now())+" "+fmt.Sprintf(format, args...))
}

// hung reports whether a member that hangs was put out at about that time.
func (s *squad) hung(at time.Time) bool {
	return slices.ContainsFunc(s.hangs, func(began time.Time) bool {
		late := at.Sub(began) - maxPoll
		return -time.Second < late && late < 2*time.Second
	})
}

// act is one thing that may be done to a group, and how long it takes until all is quiet again.
type act struct {
	name   string
	weight int
	may    func(*squad) bool
	do     func(*squad, *testing.T)
	quiet  time.Duration
}

func several(s *squad) bool { return len(s.members) > 2 }
func room(s *squad) bool    { return len(s.members) < 5 }
func moves(s *squad) bool   { return s.kind != static }
func always(*squad) bool    { return true }

var acts = []act{
	{"join", 4, room, func(s *squad, _ *testing.T) { s.join() }, 0},
	{"leave", 4, func(s *squad) bool { return several(s) && moves(s) }, func(s *squad, _ *testing.T) { s.leave() }, 0},
	{"vanish", 3, several, func(s *squad, _ *testing.T) { s.vanish() }, session + time.Second},
	{"hang", 3, moves, func(s *squad, _ *testing.T) { s.hang() }, overPoll + 2*time.Second},
	{"bounce", 3, always, func(s *squad, t *testing.T) { s.bounce(t, s.any()) }, 2 * time.Second},
	{"burst", 2, func(s *squad) bool { return len(s.members) < 4 }, func(s *squad, _ *testing.T) { s.join(); s.join() }, time.Second},
	{"roll over", 1, always, func(s *squad, t *testing.T) { s.rollOver(t) }, 2 * time.Second},
	{"grow", 1, always, func(s *squad, t *testing.T) { s.grow(t) }, 2 * time.Second},
	{"subscribe", 2, moves, func(s *squad, _ *testing.T) { s.subscribe() }, time.Second},
	{"hire", 2, func(s *squad) bool { return s.loner == nil && room(s) }, func(s *squad, t *testing.T) { s.hire(t) }, 2 * time.Second},
	{"kill", 6, func(s *squad) bool { return s.loner != nil }, func(s *squad, _ *testing.T) { s.kill() }, session + time.Second},
}

// disturb does something to the group and says when the next may come.
func (s *squad) disturb(t *testing.T) {
	var able []act
	for _, a := range acts {
		if s.may(a) {
			able = append(able, slices.Repeat([]act{a}, a.weight)...)
		}
	}
	a := able[s.random.IntN(len(able))]
	if s.script != nil {
		s.script = s.script[1:]
	}
	s.note("%s", a.name)
	a.do(s, t)
	s.rest(a.quiet)
}

// may reports whether an act is possible now: the next of the script, or whatever makes sense.
func (s *squad) may(a act) bool {
	if s.script != nil {
		return a.name == s.script[0]
	}
	return a.may(s)
}

// rest leaves some seconds to the next disturbance; in the long run, now and then hardly any.
func (s *squad) rest(quiet time.Duration) {
	s.quiet = time.Now().Add(quiet)
	pause := 4*time.Second + time.Duration(s.random.Int64N(int64(3*time.Second)))
	switch {
	case s.script != nil:
		pause = 2500 * time.Millisecond
	case s.random.IntN(12) == 0:
		pause, quiet = 500*time.Millisecond, 0
	}
	s.due = time.Now().Add(quiet + pause)
}

func (s *squad) join() {
	s.next++
	id := fmt.Sprintf("%s-%d", s.group, s.next)
	s.members = append(s.members, id)
	s.fleet.Join(s.consumer(id))
}

func (s *squad) drop(i int) string {
	id := s.members[i]
	s.members = slices.Delete(s.members, i, i+1)
	delete(s.wider, id)
	return id
}

func (s *squad) any() int { return s.random.IntN(len(s.members)) }

func (s *squad) leave() { s.fleet.Stop(s.drop(s.any())) }

func (s *squad) vanish() { s.fleet.Vanish(s.drop(s.any())) }

func (s *squad) hang() {
	s.hangs = append(s.hangs, time.Now())
	s.fleet.Stall(s.members[s.any()], overPoll)
}

// bounce restarts a member, as a supervisor does: it closes and is back.
func (s *squad) bounce(t *testing.T, i int) {
	id := s.members[i]
	s.fleet.Stop(id)
	delete(s.wider, id)
	pause(t, 300*time.Millisecond+time.Duration(s.random.Int64N(int64(700*time.Millisecond)))) // as a JVM takes to start
	s.fleet.Join(s.consumer(id))
}

func (s *squad) rollOver(t *testing.T) {
	for i := range s.members {
		s.bounce(t, i)
		s.fleet.AwaitAssigned(s.members[i])
	}
}

func (s *squad) grow(t *testing.T) { s.cluster.AddPartitions(t, s.topic, 1) }

func (s *squad) subscribe() {
	id := s.members[s.any()]
	topics := []string{s.topic}
	if !s.wider[id] {
		topics = append(topics, s.more)
	}
	s.wider[id] = !s.wider[id]
	s.fleet.Subscribe(id, topics...)
}

func (s *squad) kill() {
	s.loner.Kill()
	s.loner = nil
}

// hire adds a member in a JVM of its own, which may be killed.
func (s *squad) hire(t *testing.T) {
	s.loner = s.cluster.Fleet(t)
	s.next++
	s.loner.Join(s.consumer(fmt.Sprintf("%s-%d", s.group, s.next)))
}
