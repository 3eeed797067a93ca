package seen

import (
	"fmt"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

// Members elsewhere are expected where consumers run in two places. The same numbers mean something else in one place: the second row of
// each pair.
func TestMembersOfTwoPlaces(t *testing.T) {
	here := func(i int) lag.Member { return lag.Member{Host: fmt.Sprintf("/10.0.0.%d", i)} }
	there := func(i int) lag.Member { return lag.Member{Host: fmt.Sprintf("/10.8.0.%d", i)} }
	names := func(i int) lag.Member { return lag.Member{Host: nat, ClientID: fmt.Sprintf("worker-%d", i%8)} }
	hashed := func(i int) lag.Member {
		return lag.Member{Host: nat, ClientID: fmt.Sprintf("orders-7c9d8b5f6-x2x%dz", i)}
	}
	starting := podsNamed(4, "worker-%d")
	for _, c := range []struct {
		name            string
		wl              Workload
		members         []lag.Member
		two             bool
		by              MappedBy
		inPods, unknown int32
	}{
		{"pods that have just become ready beside twenty elsewhere", starting, each(20, there), true, ByAddress, 0, 20},
		{"twin: in one place they may be theirs", starting, each(20, there), false, ByRatio, 0, 20},
		{"no pod runs here", podsNamed(0, "worker-%d"), each(20, there), true, ByAddress, 0, 20},
		{"each place has some", starting, append(each(4, here), each(6, there)...), true, ByAddress, 4, 6},
		{"a StatefulSet of the same name in each place, behind NAT", podsNamed(8, "worker-%d"), each(16, names), true, ByRatio, 0, 16},
		{"twin: in one place each pod runs two", podsNamed(8, "worker-%d"), each(16, names), false, ByName, 16, 0},
		{"names of pods of a Deployment are in one place only", podsNamed(3, "orders-7c9d8b5f6-x2x%dz"), each(6, hashed), true, ByName, 3, 3},
	} {
		p := &polled{now: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC), two: c.two}
		if c.wl.Ready == starting.Ready {
			before := podsNamed(4, "worker-%d")
			before.Ready, before.Pods[0].Ready, before.Pods[1].Ready, before.Pods[2].Ready, before.Pods[3].Ready = 0, false, false, false, false
			p.poll(before, groupOf("g", each(20, there)...))
		}
		s := p.poll(c.wl, groupOf("g", c.members...))
		if m := s.Map(&s.Sources[0], SessionDefault, ""); m.By != c.by || m.InPods != c.inPods || m.Unknown != c.unknown {
			t.Errorf("%s: %+v, want by %s, %d in pods, %d unknown", c.name, m, c.by, c.inPods, c.unknown)
		}
	}
}

// Where nothing tells where members run, the evidence is missing in two places, too, once the pods had time to join.
func TestNothingTellsInTwoPlaces(t *testing.T) {
	p := &polled{now: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC), two: true}
	var s *State
	for range 30 {
		s = p.poll(podsNamed(4, "pod-%d"), groupOf("g", each(10, func(int) lag.Member { return lag.Member{Host: nat, ClientID: "app"} })...))
	}
	if m := s.Map(&s.Sources[0], SessionDefault, ""); m.By != ByRatio || m.Living != 10 {
		t.Errorf("%+v", m)
	}
}

// A place that comes back finds all partitions taken: its members count although they hold none. In one place such members may be anybody's.
func TestMembersElsewhereWithoutAPartition(t *testing.T) {
	for two, want := range map[bool]int32{true: 3, false: 0} {
		g := groupOf("g", each(7, func(i int) lag.Member {
			if i < 4 {
				return lag.Member{Host: fmt.Sprintf("/10.0.0.%d", i)}
			}
			return lag.Member{Host: fmt.Sprintf("/10.8.0.%d", i)}
		})...)
		for i := 4; i < 7; i++ {
			g.Members[i].Assigned = nil
		}
		p := &polled{now: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC), two: two}
		for range 12 {
			p.poll(podsNamed(4, "worker-%d"), g)
		}
		if m := p.state.Map(&p.state.Sources[0], SessionDefault, ""); m.Elsewhere != want {
			t.Errorf("two places %v: %d elsewhere, want %d", two, m.Elsewhere, want)
		}
	}
}
