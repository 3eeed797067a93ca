package scaler_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/say"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// crew is a fleet under full load whose pods die, restart and are replaced. Members that died stay in the group until their
// session ends, and hold their partitions; those that follow hold none until then.
type crew struct {
	*world
	network  string // how members look: what a broker sees of them
	ids      string
	stateful bool // a replaced pod has the name of the one before
	session  time.Duration
	pods     []crewman // by replica
	dead     []deadMember
	guests   []string // hosts of debug consumers
	serial   int
	loops    int  // every so many polls all processes die again; 0: they live
	podsToo  bool // with their pods
	polled   int
}

type crewman struct{ pod, process int } // serial numbers

type deadMember struct {
	lag.Member
	index int // of the living member that follows it
	until time.Time
}

func (c *crew) next() int { c.serial++; return c.serial }

// grow gives new replicas pods.
func (c *crew) grow() {
	for len(c.pods) < len(c.world.pods) {
		c.pods = append(c.pods, crewman{c.next(), c.next()})
	}
	c.pods = c.pods[:len(c.world.pods)]
}

func (c *crew) podName(replica int) string {
	if c.stateful {
		return fmt.Sprintf("worker-%d", replica)
	}
	return fmt.Sprintf("worker-5f7d9c-x%dz", c.pods[replica].pod)
}

func (c *crew) podIP(replica int) string {
	if c.network == "host" {
		return "10.1.0.1"
	}
	return fmt.Sprintf("10.0.%d.%d", c.pods[replica].pod/250, c.pods[replica].pod%250)
}

func (c *crew) member(replica, thread int) lag.Member {
	m := lag.Member{ID: fmt.Sprintf("m-%04d-%d", c.pods[replica].process, thread), Host: "/" + c.podIP(replica)}
	if c.network == "nat" {
		m.Host = nat
	}
	switch c.ids {
	case "names":
		m.ClientID = c.podName(replica)
	case "counters":
		m.ClientID = fmt.Sprintf("worker-%d", thread)
	case "defaults":
		m.ClientID = fmt.Sprintf("consumer-worker-%d", thread+1)
	case "instances":
		m.ClientID, m.InstanceID = "app", c.podName(replica)
	}
	return m
}

// die ends the process of a replica without a word; the pod may go with it.
func (c *crew) die(replica int, podToo bool) {
	for thread := range c.perPod {
		c.dead = append(c.dead, deadMember{c.member(replica, thread), replica*c.perPod + thread, c.now.Add(c.session)})
	}
	c.pods[replica].process = c.next()
	if podToo {
		c.pods[replica].pod = c.next()
	}
}

// stand lets nobody read what dead members hold.
func (c *crew) stand() {
	c.stuck = map[int]bool{}
	held := map[int32]bool{}
	for _, d := range c.dead {
		if c.now.Before(d.until) {
			held[int32(d.index)] = true
		}
	}
	for p := range c.end {
		c.stuck[p] = held[c.owner(p)]
	}
}

func (c *crew) poll() scaler.Result {
	for range 10 {
		c.stand()
		c.second()
	}
	c.grow()
	if c.polled++; c.loops > 0 && c.polled%c.loops == 0 {
		for i := range c.pods {
			c.die(i, c.podsToo)
		}
	}
	c.readAgain()
	in, g := c.input(), *c.reading
	in.Workload.Pods, g.Members = nil, nil
	for i, p := range c.world.pods {
		in.Workload.Pods = append(in.Workload.Pods, seen.Pod{
			Name: c.podName(i), UID: fmt.Sprint("uid-", c.pods[i].pod), IP: c.podIP(i), HostNetwork: c.network == "host", Ready: c.ready(p),
		})
	}
	for i := range c.joined {
		g.Members = append(g.Members, c.member(i/c.perPod, i%c.perPod))
	}
	c.addDead(&g)
	for i, host := range c.guests {
		g.Members = append(g.Members, lag.Member{ID: fmt.Sprintf("guest-%d", i), Host: host, ClientID: "console-consumer"})
	}
	in.Sources[0].Lag = &g
	r := scaler.Evaluate(in)
	c.memory = r.Memory
	return r
}

// addDead adds the dead members of sessions that have not ended, and gives them the partitions of their replicas.
func (c *crew) addDead(g *lag.GroupLag) {
	holder := map[int]int32{}
	for _, d := range c.dead {
		if c.now.Before(d.until) {
			holder[d.index] = int32(len(g.Members))
			g.Members = append(g.Members, d.Member)
		}
	}
	for t := range g.Topics {
		for p := range g.Topics[t].Partitions {
			part := &g.Topics[t].Partitions[p]
			if h, ok := holder[int(part.Owner)]; ok {
				part.Owner = h
			}
		}
	}
}

// happens is one event of a crew.
func (c *crew) happens(t *rapid.T) {
	c.grow()
	some := rapid.IntRange(1, len(c.pods)).Draw(t, "how many")
	switch rapid.SampledFrom([]string{"containers", "pods", "pods", "loop", "loop", "guests", "guests", "guests go", "restart of ours", "nothing"}).Draw(t, "what") {
	case "containers":
		for i := range some {
			c.die(i, false)
		}
	case "pods":
		for i := range some {
			c.die(len(c.pods)-1-i, true)
		}
	case "loop":
		c.loops, c.podsToo = rapid.IntRange(2, 6).Draw(t, "every"), rapid.Bool().Draw(t, "pods too")
	case "nothing":
		c.loops = 0
	case "guests":
		host := rapid.SampledFrom([]string{"/10.9.9.9", nat, "/" + c.podIP(0)}).Draw(t, "guests")
		for range rapid.SampledFrom([]int{1, 2, 12, 24}).Draw(t, "how many guests") {
			c.guests = append(c.guests, host)
		}
	case "guests go":
		c.guests = nil
	case "restart of ours":
		data, err := c.memory.Save()
		if err != nil {
			t.Fatal(err)
		}
		if c.memory, err = scaler.LoadMemory(data); err != nil {
			t.Fatal(err)
		}
	}
}

// For any deaths, restarts, shared addresses and look-alike names, a fleet under full load is never made smaller.
func TestConsumersThatAreNeededStay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld()
		c := &crew{
			world: w, network: rapid.SampledFrom([]string{"pods", "nat", "host"}).Draw(t, "network"),
			ids:      rapid.SampledFrom([]string{"none", "names", "counters", "defaults", "instances"}).Draw(t, "ids"),
			stateful: rapid.Bool().Draw(t, "stateful"), session: time.Duration(rapid.IntRange(10, 45).Draw(t, "session")) * time.Second,
		}
		w.perPod = rapid.SampledFrom([]int{1, 1, 2, 3}).Draw(t, "per pod")
		w.each, w.rate = rapid.SampledFrom([]int{12, 48}).Draw(t, "partitions"), 1050
		w.source.Group, w.source.ProcessingTime = "worker", 10*time.Millisecond
		replicas := int32(12 / w.perPod)
		if err := w.start(replicas); err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(1, 6).Draw(t, "events") {
			for range rapid.SampledFrom([]int{1, 3, 5, 9, 40, 90}).Draw(t, "polls") {
				r := c.poll()
				if d := r.Decision; r.Fresh && d.Desired < d.Current && d.Desired < replicas {
					t.Fatalf("%d are needed: %s", replicas, say.Line(d))
				}
				w.write(r)
			}
			c.happens(t)
		}
	})
}
