package scaler_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/say"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// bend changes what a poll of a world reads.
type bend func(in *scaler.Input, g *lag.GroupLag)

// polls lets a world live for a while, every poll bent, and returns all decisions.
func (w *world) polls(d time.Duration, bends ...bend) (list []scaler.Decision) {
	for end := w.now.Add(d); w.now.Before(end); {
		for range 10 {
			w.second()
		}
		w.readAgain()
		in := w.input()
		g := *in.Sources[0].Lag
		g.Members = append([]lag.Member{}, g.Members...)
		for _, b := range bends {
			b(&in, &g)
		}
		in.Sources[0].Lag = &g
		r := scaler.Evaluate(in)
		w.memory = r.Memory
		if r.Fresh {
			list = append(list, r.Decision)
		}
		w.write(r)
	}
	return list
}

// fullFleet is a fleet of so many replicas that are all needed: 12 consumers at 100/s for 1 050/s.
func fullFleet(t *testing.T, partitions int, replicas int32, perPod int) *world {
	t.Helper()
	w := newWorld()
	w.each, w.rate, w.perPod = partitions, 1050, perPod
	w.source.ProcessingTime = 10 * time.Millisecond
	if err := w.start(replicas); err != nil {
		t.Fatal(err)
	}
	return w
}

// ownPods gives every replica a pod; names have the replica's number in them.
func ownPods(w *world, format string) bend {
	return func(in *scaler.Input, _ *lag.GroupLag) {
		in.Workload.Pods = nil
		for i, p := range w.pods {
			in.Workload.Pods = append(in.Workload.Pods, seen.Pod{Name: fmt.Sprintf(format, i), IP: fmt.Sprintf("10.0.0.%d", i), Ready: w.ready(p)})
		}
	}
}

// behind puts all members behind one address.
func behind(host string) bend {
	return func(_ *scaler.Input, g *lag.GroupLag) {
		for i := range g.Members {
			g.Members[i].Host = host
		}
	}
}

// ids gives the members client ids.
func ids(format string, number func(member int) int) bend {
	return func(_ *scaler.Input, g *lag.GroupLag) {
		for i := range g.Members {
			g.Members[i].ClientID = fmt.Sprintf(format, number(i))
		}
	}
}

// joined adds members that hold nothing, and that a coordinator lists after the others.
func joined(hosts ...string) bend {
	return func(_ *scaler.Input, g *lag.GroupLag) {
		for i, h := range hosts {
			g.Members = append(g.Members, lag.Member{ID: fmt.Sprintf("zz-%02d", i), Host: h})
		}
	}
}

const nat = "/203.0.113.7"

func neverDown(t *testing.T, what string, list []scaler.Decision) {
	t.Helper()
	for _, d := range list {
		if d.Desired < d.Current {
			t.Errorf("%s: %s", what, say.Line(d))
		}
	}
}

func neverUp(t *testing.T, what string, list []scaler.Decision) {
	t.Helper()
	for _, d := range list {
		if d.Desired > d.Current {
			t.Errorf("%s: %s", what, say.Line(d))
		}
	}
}

// A fleet at its partition limit under full load. Members are there that do not work, or not for long; no step down follows
// from them. The last row is the twin of the first: two consumers in each replica that work.
func TestMembersThatDoNotWork(t *testing.T) {
	every := func(n int) (hosts []string) {
		for i := range n {
			hosts = append(hosts, fmt.Sprintf("/10.0.0.%d", i))
		}
		return hosts
	}
	for _, c := range []struct {
		name  string
		joins []string
		for_  time.Duration
		also  bend
	}{
		{"a container restarts: its dead member and its new one", every(1), 40 * time.Second, nil},
		{"every container restarts", every(12), 40 * time.Second, nil},
		{"half of them", every(6), 40 * time.Second, nil},
		{"every container restarts, and sessions last ten minutes", every(12), 10 * time.Minute, nil},
		{"a debug consumer that holds nothing", []string{"/10.9.9.9"}, 30 * time.Minute, nil},
		{"a debug consumer in a pod", every(1), 30 * time.Minute, nil},
		{"a KIP-848 group that reconciles", every(12), 40 * time.Second, func(_ *scaler.Input, g *lag.GroupLag) {
			g.Type, g.Assignor, g.State = lag.Consumer, "uniform", lag.Reconciling
		}},
	} {
		w := fullFleet(t, 12, 12, 1)
		pods := ownPods(w, "pod-%03d")
		neverDown(t, c.name+", before", w.polls(10*time.Minute, pods))
		bends := []bend{pods, joined(c.joins...)}
		if c.also != nil {
			bends = append(bends, c.also)
		}
		neverDown(t, c.name, w.polls(c.for_, bends...))
		neverDown(t, c.name+", after", w.polls(5*time.Minute, pods))
		if w.wl.Spec != 12 {
			t.Errorf("%s: %d replicas, want 12", c.name, w.wl.Spec)
		}
	}

	w := fullFleet(t, 12, 12, 2)
	if list := w.polls(10 * time.Minute); list[len(list)-1].Current != 6 {
		t.Errorf("two consumers in each of 12 replicas, 12 partitions: %s, want 6 replicas", say.Line(list[len(list)-1]))
	}
}

// Client ids that are the pods' names tell the members apart behind one address, also worker-1 from worker-10. The twins: ids
// that count from 1 in every process, whatever the pods are called.
func TestIDsThatNamePods(t *testing.T) {
	same := func(n int) func(int) int { return func(int) int { return n } }
	for _, c := range []struct {
		name, group, format string
		number              func(int) int
		by                  seen.MappedBy
	}{
		{"pod names", "orders", "worker-%d", func(i int) int { return i }, seen.ByName},
		{"Java's default in group worker", "worker", "consumer-worker-%d", same(1), seen.ByRatio},
		{"a framework's prefix and a counter", "orders", "worker-%d", same(0), seen.ByRatio},
		{"no ids", "orders", "%.0d", same(0), seen.ByRatio},
	} {
		w := newWorld()
		w.source.Group, w.source.ProcessingTime = c.group, 10*time.Millisecond
		w.each, w.rate = 48, 1050
		if err := w.start(12); err != nil {
			t.Fatal(err)
		}
		bends := []bend{ownPods(w, "worker-%d"), behind(nat), ids(c.format, c.number)}
		list := w.polls(20*time.Minute, bends...)
		neverDown(t, c.name, list)
		last := list[len(list)-1]
		if last.Why.MembersBy != c.by || last.Why.PerReplica != 1 || last.Verdict == scaler.MembersMissing || last.Why.Elsewhere > 0 {
			t.Errorf("%s: %s, by %s", c.name, say.Line(last), last.Why.MembersBy)
		}
		w.rate = 1700
		w.polls(10*time.Minute, bends...)
		if w.wl.Spec < 16 || w.wl.Spec > 24 {
			t.Errorf("%s: %d replicas for 1 700/s, want about 19", c.name, w.wl.Spec)
		}
	}
}

// Threads worker-0 to -2 in each of the pods worker-0 to -2: the ids are numbers and name no pod, although they look so. When a pod
// leaves, no living member counts as gone. The twin: three consumers in each of eight pods, all with the name of their pod.
func TestIDsThatCountAsManyAsPods(t *testing.T) {
	for _, c := range []struct {
		name     string
		replicas int32
		number   func(i int) int
		by       seen.MappedBy
	}{
		{"numbers", 3, func(i int) int { return i % 3 }, seen.ByRatio},
		{"twin: names", 8, func(i int) int { return i / 3 }, seen.ByName},
	} {
		w := fullFleet(t, 48, c.replicas, 3)
		w.rate = 80 * float64(c.replicas) * 3
		bends := []bend{ownPods(w, "worker-%d"), behind(nat), ids("worker-%d", c.number)}
		list := w.polls(20*time.Minute, bends...)
		w.scale(c.replicas - 1)
		list = append(list, w.polls(20*time.Minute, bends...)...)
		for _, d := range list {
			if d.Verdict == scaler.MembersMissing || d.Why.MembersBy != c.by || d.Why.Gone > 0 {
				t.Errorf("%s: %s, by %s, %d gone", c.name, say.Line(d), d.Why.MembersBy, d.Why.Gone)
			}
		}
		if last := list[len(list)-1]; last.Why.PerReplica != 3 {
			t.Errorf("%s: %d in a replica", c.name, last.Why.PerReplica)
		}
	}
}

// Three consumers in a replica behind one address, and nothing tells them apart: steps up count three, steps down one. The
// twins give three members for each replica, too: dead ones for a session, and another Deployment behind the address.
func TestThreadsBehindOneAddress(t *testing.T) {
	w := fullFleet(t, 48, 4, 3)
	list := w.polls(20*time.Minute, behind(nat))
	if last := list[len(list)-1]; w.wl.Spec != 4 || last.Why.PerReplica != 3 || last.Why.LeastPerReplica != 1 {
		t.Errorf("at rest: %d replicas: %s", w.wl.Spec, say.Line(last))
	}
	w.rate = 1700
	w.polls(20*time.Minute, behind(nat))
	if w.wl.Spec != 16 {
		t.Errorf("1 700/s: %d replicas, want 16: a jump to 2 350/s was expected, for which a consumer has one partition", w.wl.Spec)
	}
	w.rate = 250
	w.polls(100*time.Minute, behind(nat))
	if w.wl.Spec != 3 {
		t.Errorf("250/s: %d replicas, want 3: one consumer in each counts", w.wl.Spec)
	}

	w = fullFleet(t, 48, 12, 1)
	w.polls(10*time.Minute, behind(nat))
	dead := joined(make([]string, 12)...)
	neverDown(t, "12 dead members", w.polls(40*time.Second, dead, behind(nat)))
	w.rate = 1950
	w.polls(10*time.Minute, behind(nat))
	if w.wl.Spec != 24 {
		t.Errorf("12 members were dead for 40 s: %d replicas for 1 950/s, want 24", w.wl.Spec)
	}

	w = newWorld()
	w.each, w.rate, w.foreign = 48, 1050, 8 // eight members of another Deployment: 12 in all, three for each replica
	w.source.ProcessingTime = 10 * time.Millisecond
	if err := w.start(4); err != nil {
		t.Fatal(err)
	}
	neverDown(t, "another Deployment", w.polls(20*time.Minute, behind(nat)))
	w.rate = 2100
	w.polls(20*time.Minute, behind(nat))
	if w.wl.Spec < 16 {
		t.Errorf("another Deployment behind the address: %d replicas for 2 100/s, want 16", w.wl.Spec)
	}
}

// The specification says how many consumers a replica runs: both directions count with it. Six replicas are 18 consumers, and 16
// are needed for the peaks; a debug consumer behind the same address is none of them.
func TestConsumersPerReplicaIsSaid(t *testing.T) {
	w := fullFleet(t, 48, 8, 3)
	w.source.ConsumersPerReplica = 3
	list := w.polls(30*time.Minute, behind(nat), joined(nat))
	last := list[len(list)-1]
	if w.wl.Spec != 6 || last.Why.MembersBy != seen.BySpec {
		t.Errorf("%d replicas: %s, by %s", w.wl.Spec, say.Line(last), last.Why.MembersBy)
	}
}

// What was learned of a replica is saved: after a restart of ours the same counts.
func TestARestartOfOursChangesNothing(t *testing.T) {
	for _, bends := range [][]bend{{behind(nat)}, nil, {joined("/10.9.9.9")}, {behind(nat), joined(nat)}} {
		w := fullFleet(t, 48, 4, 3)
		w.polls(20*time.Minute, bends...)
		data, err := w.memory.Save()
		if err != nil {
			t.Fatal(err)
		}
		if w.memory, err = scaler.LoadMemory(data); err != nil {
			t.Fatal(err)
		}
		list := w.polls(20*time.Minute, bends...)
		neverUp(t, "after a restart", list)
		neverDown(t, "after a restart", list)
		if list[0].Why.PerReplica != 3 {
			t.Errorf("after a restart: %d in a replica", list[0].Why.PerReplica)
		}
	}
}

// A session of five minutes is learned from members that outlive their pods, and saved.
func TestASessionIsLearned(t *testing.T) {
	w := fullFleet(t, 12, 12, 1)
	c := &crew{world: w, network: "pods", session: 5 * time.Minute}
	live := func(d time.Duration) {
		for end := w.now.Add(d); w.now.Before(end); {
			w.write(c.poll())
		}
	}
	live(2 * time.Minute)
	for i := range 6 {
		c.die(i, true)
	}
	live(10 * time.Minute)
	if got := w.memory.Sources[0].Session; got < 280 || got > 300 {
		t.Errorf("learned %v s, want about 300", got)
	}
}
