package rebalance_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/kafka"
	"github.com/lagscaler/lagscaler/e2e/servers/kafka/compare"
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

// javaGroup is a group of Java consumers that are told what to do.
type javaGroup struct {
	kind     kind
	group    string
	topic    string
	more     string // a topic that members subscribe to now and then
	cluster  *kafka.Cluster
	fleet    *kafka.Fleet
	random   *rand.Rand
	members  []string
	onMore   map[string]bool // members that subscribe to more
	separate *kafka.Fleet    // a member in a JVM of its own, to be killed
	next     int
	script   []string  // what is left to do, by name; nil: whatever chance says
	due      time.Time // of the next
	quiet    time.Time // when the last has had its effect
	hangs    []time.Time
	log      []string // what was done
}

func newJavaGroup(t *testing.T, c *kafka.Cluster, f *kafka.Fleet, k kind, seed uint64) *javaGroup {
	t.Helper()
	g := &javaGroup{
		kind: k, cluster: c, fleet: f, random: rand.New(rand.NewPCG(seed, seed)),
		group: c.Name("group"), topic: c.CreateTopic(t, "topic", 6), more: c.CreateTopic(t, "more", 2),
		onMore: map[string]bool{},
	}
	if k == kip848 {
		c.ConfigureGroup(t, g.group, map[string]string{"consumer.session.timeout.ms": fmt.Sprint(session.Milliseconds())})
	}
	f.Produce(kafka.Load{ID: "load-" + g.topic, Topic: g.topic, PerSecond: 24})
	return g
}

func (g *javaGroup) consumer(id string) kafka.Consumer {
	c := kafka.Consumer{
		ID: id, Group: g.group, Topics: []string{g.topic}, SessionTimeout: session, MaxPollInterval: maxPoll,
		CommitInterval: 500 * time.Millisecond, Properties: map[string]string{"fetch.max.wait.ms": "500"},
	}
	switch g.kind {
	case cooperative:
		c.Assignor = kafka.CooperativeSticky
	case static:
		c.InstanceID = id
	case kip848:
		c.Protocol = kafka.KIP848
	}
	return c
}

func (g *javaGroup) note(format string, args ...any) {
	g.log = append(g.log, compare.Clock(time.Now())+" "+fmt.Sprintf(format, args...))
}

// hung reports whether a member that hangs was put out at about that time.
func (g *javaGroup) hung(at time.Time) bool {
	return slices.ContainsFunc(g.hangs, func(began time.Time) bool {
		late := at.Sub(began) - maxPoll
		return -time.Second < late && late < 2*time.Second
	})
}

// disturbance is one thing that may be done to a group, and how long it takes until all is quiet again.
type disturbance struct {
	name   string
	weight int
	may    func(*javaGroup) bool
	do     func(*javaGroup, *testing.T)
	quiet  time.Duration
}

func several(g *javaGroup) bool { return len(g.members) > 2 }
func room(g *javaGroup) bool    { return len(g.members) < 5 }
func moves(g *javaGroup) bool   { return g.kind != static }
func always(*javaGroup) bool    { return true }

var disturbances = []disturbance{
	{"join", 4, room, func(g *javaGroup, _ *testing.T) { g.join() }, 0},
	{"leave", 4, func(g *javaGroup) bool { return several(g) && moves(g) }, func(g *javaGroup, _ *testing.T) { g.leave() }, 0},
	{"vanish", 3, several, func(g *javaGroup, _ *testing.T) { g.vanish() }, session + time.Second},
	{"hang", 3, moves, func(g *javaGroup, _ *testing.T) { g.hang() }, overPoll + 2*time.Second},
	{"restart", 3, always, func(g *javaGroup, t *testing.T) { g.restart(t, g.any()) }, 2 * time.Second},
	{"join twice", 2, func(g *javaGroup) bool { return len(g.members) < 4 }, func(g *javaGroup, _ *testing.T) { g.join(); g.join() }, time.Second},
	{"restart all", 1, always, func(g *javaGroup, t *testing.T) { g.restartAll(t) }, 2 * time.Second},
	{"grow", 1, always, func(g *javaGroup, t *testing.T) { g.grow(t) }, 2 * time.Second},
	{"subscribe", 2, moves, func(g *javaGroup, _ *testing.T) { g.subscribe() }, time.Second},
	{"join in a JVM of its own", 2, func(g *javaGroup) bool { return g.separate == nil && room(g) }, func(g *javaGroup, t *testing.T) { g.joinInOwnJVM(t) }, 2 * time.Second},
	{"kill", 6, func(g *javaGroup) bool { return g.separate != nil }, func(g *javaGroup, _ *testing.T) { g.kill() }, session + time.Second},
}

// disturb does something to the group and says when the next may come.
func (g *javaGroup) disturb(t *testing.T) {
	var possible []disturbance
	for _, a := range disturbances {
		if g.may(a) {
			possible = append(possible, slices.Repeat([]disturbance{a}, a.weight)...)
		}
	}
	a := possible[g.random.IntN(len(possible))]
	if g.script != nil {
		g.script = g.script[1:]
	}
	g.note("%s", a.name)
	a.do(g, t)
	g.scheduleNext(a.quiet)
}

// may reports whether a disturbance is possible now: the next of the script, or whatever makes sense.
func (g *javaGroup) may(a disturbance) bool {
	if g.script != nil {
		return a.name == g.script[0]
	}
	return a.may(g)
}

// scheduleNext leaves some seconds to the next disturbance; in the long run, now and then hardly any.
func (g *javaGroup) scheduleNext(quiet time.Duration) {
	g.quiet = time.Now().Add(quiet)
	pause := 4*time.Second + time.Duration(g.random.Int64N(int64(3*time.Second)))
	switch {
	case g.script != nil:
		pause = 2500 * time.Millisecond
	case g.random.IntN(12) == 0:
		pause, quiet = 500*time.Millisecond, 0
	}
	g.due = time.Now().Add(quiet + pause)
}

func (g *javaGroup) join() {
	g.next++
	id := fmt.Sprintf("%s-%d", g.group, g.next)
	g.members = append(g.members, id)
	g.fleet.Join(g.consumer(id))
}

func (g *javaGroup) drop(i int) string {
	id := g.members[i]
	g.members = slices.Delete(g.members, i, i+1)
	delete(g.onMore, id)
	return id
}

func (g *javaGroup) any() int { return g.random.IntN(len(g.members)) }

func (g *javaGroup) leave() { g.fleet.Stop(g.drop(g.any())) }

func (g *javaGroup) vanish() { g.fleet.Vanish(g.drop(g.any())) }

func (g *javaGroup) hang() {
	g.hangs = append(g.hangs, time.Now())
	g.fleet.Stall(g.members[g.any()], overPoll)
}

// restart restarts a member, as a supervisor does: it closes and is back.
func (g *javaGroup) restart(t *testing.T, i int) {
	id := g.members[i]
	g.fleet.Stop(id)
	delete(g.onMore, id)
	pause(t, 300*time.Millisecond+time.Duration(g.random.Int64N(int64(700*time.Millisecond)))) // as a JVM takes to start
	g.fleet.Join(g.consumer(id))
}

func (g *javaGroup) restartAll(t *testing.T) {
	for i := range g.members {
		g.restart(t, i)
		g.fleet.AwaitAssigned(g.members[i])
	}
}

func (g *javaGroup) grow(t *testing.T) { g.cluster.AddPartitions(t, g.topic, 1) }

func (g *javaGroup) subscribe() {
	id := g.members[g.any()]
	topics := []string{g.topic}
	if !g.onMore[id] {
		topics = append(topics, g.more)
	}
	g.onMore[id] = !g.onMore[id]
	g.fleet.Subscribe(id, topics...)
}

func (g *javaGroup) kill() {
	g.separate.Kill()
	g.separate = nil
}

// joinInOwnJVM adds a member in a JVM of its own, which may be killed.
func (g *javaGroup) joinInOwnJVM(t *testing.T) {
	g.separate = g.cluster.Fleet(t)
	g.next++
	g.separate.Join(g.consumer(fmt.Sprintf("%s-%d", g.group, g.next)))
}
