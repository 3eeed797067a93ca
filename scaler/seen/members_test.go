package seen

import (
	"fmt"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

// fleetOf is a target and a group that are polled: what a poll shows is the last of each.
type polled struct {
	state State
	now   time.Time
	two   bool // places
}

func (p *polled) poll(wl Workload, g lag.GroupLag) *State {
	p.now = p.now.Add(10 * time.Second)
	g.GroupState, g.At, g.ReadAt = lag.GroupState{Group: g.Group, State: lag.Stable, At: p.now}, p.now, p.now
	p.state = See(p.state, &Poll{
		Now: p.now, Clock: Clock{}.Filled(), Workload: wl, Sources: []Source{{SourceSpec: SourceSpec{Cluster: "main", Group: g.Group}, Lag: &g}},
		TwoPlaces: p.two,
	})
	return &p.state
}

func podsNamed(ready int, format string) Workload {
	wl := Workload{Found: true, HasScale: true, Spec: int32(ready), Status: int32(ready), Ready: int32(ready)}
	for i := range ready {
		wl.Pods = append(wl.Pods, Pod{Name: fmt.Sprintf(format, i), UID: fmt.Sprintf("uid-%d", i), IP: fmt.Sprintf("10.0.0.%d", i), Ready: true})
	}
	return wl
}

func groupOf(group string, members ...lag.Member) lag.GroupLag {
	for i := range members {
		members[i].ID = fmt.Sprintf("m-%03d", i)
		members[i].Assigned = []lag.TopicPartitions{{Topic: "orders", Partitions: []int32{int32(i)}}}
	}
	return lag.GroupLag{GroupState: lag.GroupState{Group: group}, Members: members, Described: true}
}

func each(n int, member func(i int) lag.Member) (list []lag.Member) {
	for i := range n {
		list = append(list, member(i))
	}
	return list
}

const nat = "/203.0.113.7"

// Who runs where, and the twins: worlds that look alike.
func TestWhichMemberRunsWhere(t *testing.T) {
	byID := func(format string) func(i int) lag.Member {
		return func(i int) lag.Member { return lag.Member{Host: nat, ClientID: fmt.Sprintf(format, i)} }
	}
	counted := func(format string, to int) func(i int) lag.Member {
		return func(i int) lag.Member { return lag.Member{Host: nat, ClientID: fmt.Sprintf(format, i%to)} }
	}
	always := func(id string) func(int) lag.Member {
		return func(int) lag.Member { return lag.Member{Host: nat, ClientID: id} }
	}
	hosts := func(format string, pods int) func(i int) lag.Member {
		return func(i int) lag.Member { return lag.Member{Host: fmt.Sprintf(format, i%pods)} }
	}
	node := podsNamed(3, "worker-%d")
	for i := range node.Pods {
		node.Pods[i].IP, node.Pods[i].HostNetwork = "10.1.0.9", true
	}
	dual := podsNamed(2, "worker-%d")
	for i := range dual.Pods {
		dual.Pods[i].OtherIP = fmt.Sprintf("fd00::%d", i+1)
	}
	hashed := podsNamed(3, "orders-7c9d8b5f6-x2x%dz")
	for _, c := range []struct {
		name    string
		wl      Workload
		g       lag.GroupLag
		by      MappedBy
		inPods  int32
		unknown int32
		perPod  int32
	}{
		{"each its own address", podsNamed(3, "worker-%d"), groupOf("g", each(6, hosts("/10.0.0.%d", 3))...), ByAddress, 6, 0, 2},
		{"and three elsewhere", podsNamed(3, "worker-%d"), groupOf("g", each(6, hosts("/10.0.0.%d", 6))...), ByAddress, 3, 3, 1},
		{"the other address family, as Java writes it", dual, groupOf("g", each(2, func(i int) lag.Member {
			return lag.Member{Host: fmt.Sprintf("/fd00:0:0:0:0:0:0:%d", i+1)}
		})...), ByAddress, 2, 0, 1},
		{"an address whose name was resolved, as Java writes it", podsNamed(3, "worker-%d"), groupOf("g", each(3, hosts("ip-10-0-0-%[1]d.internal/10.0.0.%[1]d", 3))...), ByAddress, 3, 0, 1},
		{"twin: only its name", podsNamed(3, "pod-%d"), groupOf("g", each(3, hosts("ip-10-0-0-%d.internal", 3))...), ByRatio, 0, 3, 0},
		{"the address of a node", node, groupOf("g", each(3, hosts("/10.1.0.%d", 1))...), ByRatio, 0, 3, 0},

		{"ids are the names of twelve pods", podsNamed(12, "worker-%d"), groupOf("g", each(12, byID("worker-%d"))...), ByName, 12, 0, 1},
		{"Java's default in group worker", podsNamed(12, "worker-%d"), groupOf("worker", each(12, always("consumer-worker-1"))...), ByRatio, 0, 12, 0},
		{"three of them in each process", podsNamed(3, "worker-%d"), groupOf("worker", each(9, counted("consumer-worker-%d", 3))...), ByRatio, 0, 9, 0},
		{"a prefix that counts in each process", podsNamed(4, "worker-%d"), groupOf("g", each(12, counted("worker-%d", 3))...), ByRatio, 0, 12, 0},
		{"a prefix that counts in each process, as many as pods", podsNamed(3, "worker-%d"), groupOf("g", each(9, counted("worker-%d", 3))...), ByRatio, 0, 9, 0},
		{"the same after a pod left", podsNamed(2, "worker-%d"), groupOf("g", each(6, counted("worker-%d", 3))...), ByRatio, 0, 6, 0},
		{"the same in one pod", podsNamed(1, "worker-%d"), groupOf("g", each(3, byID("worker-%d"))...), ByRatio, 0, 3, 0},
		{"the same behind a longer prefix", podsNamed(3, "worker-%d"), groupOf("g", each(9, func(i int) lag.Member {
			return lag.Member{Host: nat, ClientID: fmt.Sprintf("app-worker-%d", i%3), InstanceID: fmt.Sprintf("static-%d", i)}
		})...), ByRatio, 0, 9, 0},
		{"twin: two consumers with the name of their pod, in six pods", podsNamed(6, "worker-%d"), groupOf("g", each(12, counted("worker-%d", 6))...), ByName, 12, 0, 2},
		{"two with one id, in each of four pods", podsNamed(4, "worker-%d"), groupOf("g", each(8, counted("worker-%d", 4))...), ByRatio, 0, 8, 0},
		{"twin: in each of five pods", podsNamed(5, "worker-%d"), groupOf("g", each(10, counted("worker-%d", 5))...), ByName, 10, 0, 2},
		{"the address of one says more than its id", podsNamed(3, "worker-%d"), groupOf("g", each(3, func(i int) lag.Member {
			return lag.Member{Host: []string{"/10.0.0.0", nat, nat}[i], ClientID: []string{"worker-1", "worker-1", "worker-2"}[i]}
		})...), ByName, 3, 0, 1},
		{"the id of one that has an address is no name of another pod", podsNamed(3, "worker-%d"), groupOf("g", each(3, func(i int) lag.Member {
			return lag.Member{Host: []string{"/10.0.0.0", nat, nat}[i], ClientID: []string{"worker-7", "worker-1", "worker-2"}[i]}
		})...), ByName, 3, 0, 1},
		{"the instance id says more than the client id", podsNamed(3, "worker-%d"), groupOf("g", each(3, func(i int) lag.Member {
			return lag.Member{Host: nat, ClientID: "worker-0", InstanceID: fmt.Sprintf("worker-%d", i)}
		})...), ByName, 3, 0, 1},
		{"twin: three in one pod", podsNamed(1, "worker-%d"), groupOf("g", each(3, always("worker-0"))...), ByName, 3, 0, 3},
		{"twin: three in each of three pods of a Deployment", hashed, groupOf("g", each(9, counted("orders-7c9d8b5f6-x2x%dz", 3))...), ByName, 9, 0, 3},
		{"twin: their instance ids say it", podsNamed(2, "worker-%d"), groupOf("g", each(4, func(i int) lag.Member {
			return lag.Member{Host: nat, ClientID: fmt.Sprintf("worker-%d", i%2), InstanceID: fmt.Sprintf("worker-%d.%d", i%2, i/2)}
		})...), ByName, 4, 0, 2},
		{"an instance id in Java's default", podsNamed(3, "worker-%d"), groupOf("worker", each(3, byID("consumer-worker-worker-%d"))...), ByName, 3, 0, 1},
		{"a thread of a pod with a hash", hashed, groupOf("g", each(3, byID("orders-7c9d8b5f6-x2x%dz-0"))...), ByName, 3, 0, 1},
		{"the first pods of other StatefulSets", podsNamed(3, "worker-%d"), groupOf("g", each(3, byID("worker-%d-0"))...), ByRatio, 0, 3, 0},
		{"the pods of other Deployments", podsNamed(3, "worker-%d"), groupOf("g", each(3, byID("worker-%d-bc9d8b5f6-x2x4z"))...), ByRatio, 0, 3, 0},
		{"the pods of other DaemonSets", podsNamed(3, "worker-%d"), groupOf("g", each(3, byID("worker-%d-x2x4z"))...), ByRatio, 0, 3, 0},
		{"twin: words after the name", podsNamed(3, "worker-%d"), groupOf("g", each(3, byID("worker-%d-orders-in"))...), ByName, 3, 0, 1},
		{"Connect's tasks of connector worker", podsNamed(3, "worker-%d"), groupOf("connect-worker", each(3, byID("connector-consumer-worker-%d"))...), ByRatio, 0, 3, 0},
		{"Streams in one pod", podsNamed(1, "worker-%d"), groupOf("worker-0", each(2, func(i int) lag.Member {
			return lag.Member{Host: nat, ClientID: fmt.Sprintf("worker-0-0f8fad5b-d9cb-469f-a165-70867728950e-StreamThread-%d-consumer", i+1)}
		})...), ByRatio, 0, 2, 0},
		{"Streams with a client.id", podsNamed(2, "worker-%d"), groupOf("g", each(4, func(i int) lag.Member {
			return lag.Member{Host: nat, ClientID: fmt.Sprintf("worker-%d-StreamThread-%d-consumer", i%2, i/2+1)}
		})...), ByName, 4, 0, 2},
		{"kafka-go names its host", podsNamed(2, "worker-%d"), groupOf("g", each(2, byID("app@worker-%d (github.com/segmentio/kafka-go)"))...), ByName, 2, 0, 1},
		{"librdkafka's default", podsNamed(2, "rdkafka-%d"), groupOf("g", each(2, func(int) lag.Member {
			return lag.Member{Host: nat, ClientID: "rdkafka"}
		})...), ByRatio, 0, 2, 0},
		{"instance ids are the names", podsNamed(2, "worker-%d"), groupOf("g", each(2, func(i int) lag.Member {
			return lag.Member{Host: nat, ClientID: "app", InstanceID: fmt.Sprintf("worker-%d", i)}
		})...), ByName, 2, 0, 1},
		{"another StatefulSet's pods have look-alike names", podsNamed(2, "worker-%d"), groupOf("g", each(4, func(i int) lag.Member {
			return lag.Member{Host: nat, ClientID: []string{"worker-0", "worker-1", "my-worker-0", "my-worker-1"}[i]}
		})...), ByName, 2, 2, 1},
	} {
		p := &polled{now: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)}
		s := p.poll(c.wl, c.g)
		m := s.Map(&s.Sources[0], SessionDefault, "")
		if m.By != c.by || m.InPods != c.inPods || m.Unknown != c.unknown || m.PerPod != c.perPod {
			t.Errorf("%s: %+v, want by %s, %d in pods, %d unknown, %d in a pod", c.name, m, c.by, c.inPods, c.unknown, c.perPod)
		}
	}
}

// A member that died and the one that follows it are never both settled; a member whose pod went away is not elsewhere.
func TestDeadMembersCountNowhere(t *testing.T) {
	p := &polled{now: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)}
	wl := podsNamed(4, "worker-%d")
	host := func(i int) lag.Member { return lag.Member{Host: fmt.Sprintf("/10.0.0.%d", i)} }
	alive := groupOf("g", each(4, host)...)
	for range 12 {
		p.poll(wl, alive)
	}
	s := &p.state
	if m := s.Map(&s.Sources[0], SessionDefault, ""); m.Settled != 4 || m.PerPodSettled != 1 || !m.Watched {
		t.Errorf("at rest: %+v", m)
	}

	restarted := groupOf("g", append(each(4, host), each(4, host)...)...) // every container: two members in each pod
	for range 4 {
		s = p.poll(wl, restarted)
		if m := s.Map(&s.Sources[0], SessionDefault, ""); m.PerPod != 2 || m.PerPodSettled != 1 || m.Settled != 4 {
			t.Errorf("every container restarted: %+v, want 2 in a pod of which 1 is settled", m)
		}
	}

	replaced := podsNamed(8, "worker-%d")
	replaced.Pods, replaced.Spec, replaced.Status, replaced.Ready = replaced.Pods[4:], 4, 4, 4
	for range 3 {
		s = p.poll(replaced, groupOf("g", each(8, host)...))
	}
	m := s.Map(&s.Sources[0], SessionDefault, "")
	if m.Gone != 4 || m.InPods != 4 || m.Unknown != 0 || s.Sources[0].Outlived() != 20*time.Second {
		t.Errorf("all pods were killed and replaced: %+v, outlived %v", m, s.Sources[0].Outlived())
	}
}

// After a pod of a StatefulSet left, ids that are names still are: its member may be dead. Numbers that processes count never were.
func TestAPodWithNumberedIDsLeaves(t *testing.T) {
	for _, c := range []struct {
		name         string
		pods, each   int // at first; consumers in each pod
		counts       bool
		by           MappedBy
		inPods, gone int32
		stayed       time.Duration
	}{
		{"names, one in each", 3, 1, false, ByName, 2, 1, 30 * time.Second},
		{"twin: numbers, three in each", 3, 3, true, ByRatio, 0, 0, 10 * time.Minute},
		{"names, two in each of six", 6, 2, false, ByName, 10, 2, 30 * time.Second},
	} {
		p := &polled{now: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)}
		members := func(alive int, dead bool) (list []lag.Member) {
			n := alive * c.each
			if dead && !c.counts {
				n = c.pods * c.each
			}
			return each(n, func(i int) lag.Member {
				if c.counts {
					return lag.Member{Host: nat, ClientID: fmt.Sprintf("worker-%d", i%c.each)}
				}
				return lag.Member{Host: nat, ClientID: fmt.Sprintf("worker-%d", i/c.each)}
			})
		}
		for range 30 {
			p.poll(podsNamed(c.pods, "worker-%d"), groupOf("g", members(c.pods, false)...))
		}
		var s *State
		for range int(c.stayed / (10 * time.Second)) {
			s = p.poll(podsNamed(c.pods-1, "worker-%d"), groupOf("g", members(c.pods-1, true)...))
		}
		if m := s.Map(&s.Sources[0], SessionDefault, c.by); m.By != c.by || m.InPods != c.inPods || m.Gone != c.gone {
			t.Errorf("%s: %+v, want by %s, %d in pods, %d gone", c.name, m, c.by, c.inPods, c.gone)
		}
	}
}

// Who runs elsewhere for sure: not at the address of a node, not before a session has passed, and while a pod shows no member
// nobody.
func TestElsewhereForSure(t *testing.T) {
	for _, c := range []struct {
		name  string
		polls int
		hosts []string
		want  int32
	}{
		{"an address of its own", 7, []string{"/10.0.0.0", "/10.0.0.1", "/10.9.9.9"}, 1},
		{"not yet for a session", 4, []string{"/10.0.0.0", "/10.0.0.1", "/10.9.9.9"}, 0},
		{"the node of a pod", 7, []string{"/10.0.0.0", "/10.0.0.1", "/10.1.0.9"}, 0},
		{"a pod shows none", 7, []string{"/10.0.0.0", "/10.9.9.8", "/10.9.9.9"}, 0},
	} {
		p := &polled{now: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)}
		wl := podsNamed(3, "worker-%d")
		wl.Pods[2].IP, wl.Pods[2].HostNetwork, wl.Pods[2].Ready = "10.1.0.9", true, false
		g := groupOf("g", each(3, func(i int) lag.Member { return lag.Member{Host: c.hosts[i]} })...)
		for range c.polls {
			p.poll(wl, g)
		}
		if m := p.state.Map(&p.state.Sources[0], SessionDefault, ""); m.Elsewhere != c.want {
			t.Errorf("%s: %+v, want %d", c.name, m, c.want)
		}
	}
}

// Replicas count differently up and down where nothing tells the members apart.
func TestReplicas(t *testing.T) {
	told := Members{Elsewhere: 5, PerReplica: 2}
	not := Members{PerReplica: 3, Least: Least{PerReplica: 1}}
	for _, c := range []struct{ consumers, up, down, upNot, downNot int32 }{
		{0, 0, 0, 0, 0}, {5, 0, 0, 2, 5}, {6, 1, 1, 2, 6}, {8, 2, 2, 3, 8}, {24, 10, 10, 8, 24},
	} {
		got := [4]int32{told.Replicas(c.consumers), told.Enough(c.consumers), not.Replicas(c.consumers), not.Enough(c.consumers)}
		if want := [4]int32{c.up, c.down, c.upNot, c.downNot}; got != want {
			t.Errorf("%d consumers: %v replicas, want %v", c.consumers, got, want)
		}
	}
}
