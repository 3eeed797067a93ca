package lag_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/kafka"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/say"
	seenscaler "github.com/lagscaler/lagscaler/scaler/seen"
)

// pods are four replicas whose consumers a real cluster knows, all behind one address, and what a scaler decides for them.
type pods struct {
	t      *testing.T
	source *kafkasource.Source
	group  string
	policy scaler.Policy
	memory scaler.Memory
	last   *lag.Snapshot
	alive  []int // the pods, by number
	most   int   // members at one poll
	gone   int32 // members at one poll whose pods are gone
}

// A second stands for five, and the session of the group is a little shorter than 45 s are at this pace.
const (
	podPace    = 5
	podSession = 8 * time.Second
)

// watch polls for a while, and fails when fewer replicas are wanted.
func (p *pods) watch(d time.Duration) (last scaler.Decision) {
	p.t.Helper()
	p.most, p.gone = 0, 0
	wl := seenscaler.Workload{Found: true, HasScale: true, Spec: 4, Status: 4, Ready: 4}
	for _, i := range p.alive {
		wl.Pods = append(wl.Pods, seenscaler.Pod{Name: fmt.Sprintf("worker-%d", i), UID: fmt.Sprint(i), IP: fmt.Sprintf("10.0.0.%d", i), Ready: true})
	}
	ticks := time.NewTicker(time.Second)
	defer ticks.Stop()
	for end := time.Now().Add(d); time.Now().Before(end); <-ticks.C {
		p.last = lag.Compute(p.source.Observe(p.t.Context()), p.last, nil)
		g, err := seen(p.last, p.group)
		if err != nil {
			p.t.Fatal(err)
		}
		p.most = max(p.most, len(g.Members))
		r := scaler.Evaluate(scaler.Input{
			Now: time.Now(), Clock: seenscaler.Clock{Poll: time.Second, Pace: podPace}, Workload: wl, Policy: p.policy, Memory: p.memory,
			Sources: []seenscaler.Source{{SourceSpec: p.policySource(), Lag: g}},
		})
		p.memory, last = r.Memory, r.Decision
		p.gone = max(p.gone, last.Why.Gone)
		if last.Desired < last.Current {
			p.t.Errorf("%d members: %s", len(g.Members), say.Line(last))
		}
	}
	return last
}

func (p *pods) policySource() seenscaler.SourceSpec {
	return seenscaler.SourceSpec{Cluster: "e2e", Group: p.group, ProcessingTime: 80 * time.Millisecond}
}

// TestContainersRestart has the containers of two pods of four killed and started again, under full load, and then the other two
// pods killed and replaced. Their KIP-848 group keeps the dead members until their session ends, so that two pods have two
// members, and half of the members hold nothing.
func TestContainersRestart(t *testing.T) {
	t.Parallel() // most of it is waiting
	c := kafka.Shared(t, kafka.V44)
	orders, fleet := c.CreateTopic(t, "orders", 4), c.Fleet(t)
	p := &pods{t: t, source: source(t, kafkasource.Config{Brokers: addresses(c)}), group: c.Name("containers"), alive: []int{0, 1, 2, 3}}
	spec := scaler.Spec{Sources: []seenscaler.SourceSpec{p.policySource()}}
	var err error
	if p.policy, err = spec.Policy(); err != nil {
		t.Fatal(err)
	}
	c.ConfigureGroup(t, p.group, map[string]string{"consumer.session.timeout.ms": fmt.Sprint(podSession.Milliseconds())})
	fleet.Produce(kafka.Load{ID: "load", Topic: orders, PerSecond: 40})
	join := func(pod, process int) string {
		id := fmt.Sprintf("worker-%d.%d", pod, process)
		fleet.Join(kafka.Consumer{
			ID: id, Group: p.group, Topics: []string{orders}, Protocol: kafka.KIP848,
			Properties: map[string]string{"client.id": fmt.Sprintf("worker-%d", pod)},
		})
		return id
	}
	var ids []string
	for pod := range 4 {
		ids = append(ids, join(pod, 1))
	}
	fleet.AwaitBalanced(orders, 4, ids...)

	rest := p.watch(25 * time.Second)
	if rest.Why.MembersBy != seenscaler.ByName || rest.Why.PerReplica != 1 || p.most != 4 {
		t.Errorf("at rest %d members, by %q: %s", p.most, rest.Why.MembersBy, say.Line(rest))
	}
	for pod := range 2 {
		fleet.Vanish(ids[pod])
		join(pod, 2)
	}
	p.watch(podSession + 5*time.Second)
	if p.most != 6 {
		t.Errorf("%d members at most, want 6: two dead ones and their successors", p.most)
	}
	after := p.watch(10 * time.Second)
	if p.most != 4 || after.Why.PerReplica != 1 {
		t.Errorf("after the sessions %d members: %s", p.most, say.Line(after))
	}

	p.alive = []int{0, 1, 4, 5}
	for pod := range 2 {
		fleet.Vanish(ids[2+pod])
		join(4+pod, 1)
	}
	after = p.watch(podSession + 5*time.Second)
	if p.most != 6 || p.gone != 2 || after.Why.Joined != 4 {
		t.Errorf("two pods were replaced: %d members at most, %d of pods that are gone: %s", p.most, p.gone, say.Line(after))
	}
}
