package scaler

import (
	"testing"
	"time"
)

// Two groups on one target: the greatest need wins, and it goes down only when both agree.
func TestSeveralSources(t *testing.T) {
	a, b := newWorld(), newWorld()
	b.source.Group, b.topics = "refunds", []string{"refunds"}
	for _, w := range []*world{a, b} {
		w.source.ProcessingTime, w.noWrites = 10*time.Millisecond, true
		if err := w.start(24); err != nil {
			t.Fatal(err)
		}
	}
	var m Memory
	run := func(d time.Duration) Decision {
		var last Decision
		for second := range int(d.Seconds()) {
			a.second()
			b.second()
			if second%10 == 9 {
				a.readAgain()
				b.readAgain()
				in := a.input()
				in.Memory = m
				in.Sources = append(in.Sources, b.input().Sources...)
				last, m = Evaluate(in)
			}
		}
		return last
	}
	tests := []struct {
		name    string
		a, b    float64
		set     func()
		verdict Reason
		wanted  int32
		group   string
	}{
		{"both need less", 300, 700, nil, ScaleDown, 10, "refunds"},
		{"one needs what runs", 300, 1700, nil, Steady, 24, "refunds"},
		{"one needs more", 3000, 700, nil, ScaleUp, 48, "orders"},
		{"one needs less, the other is not read", 300, 700, func() { b.unread = true }, Fallback, 24, "refunds"},
	}
	for _, tt := range tests {
		a.rate, b.rate = tt.a, tt.b
		if tt.set != nil {
			tt.set()
		}
		d := run(20 * time.Minute)
		n, _ := d.Need()
		if d.Verdict != tt.verdict || d.Wanted != tt.wanted || n.Group != tt.group {
			t.Errorf("%s: %s by %s", tt.name, d.Line(), n.Group)
		}
	}
	if len(m.Sources) != 2 || m.Sources[0].Group != "orders" {
		t.Errorf("remembered: %+v", m.Sources)
	}
}

// In advise, somebody else's writes are their business: they neither gate nor count as a fight.
func TestAdviseIgnoresOthers(t *testing.T) {
	for _, mode := range []Mode{Advise, Act} {
		w := newWorld()
		w.source.ProcessingTime, w.spec.Mode, w.noWrites, w.rate = 10*time.Millisecond, mode, true, 500
		if err := w.start(24); err != nil {
			t.Fatal(err)
		}
		w.run(20*time.Minute, nil)
		w.scale(23)
		w.run(2*time.Minute, nil)
		want := map[Mode]Reason{Advise: ScaleDown, Act: ExternalChange}[mode]
		if d := w.memory.work.standing; d.Verdict != want {
			t.Errorf("%s: %s", mode, d.Line())
		}
	}
}

// Members are told apart by their host, else by a client id with the pod's name; when nobody can be told apart, each
// counts as one replica.
func TestCrew(t *testing.T) {
	w := newWorld()
	if err := w.start(3); err != nil {
		t.Fatal(err)
	}
	w.perPod, w.foreign = 2, 5
	w.joined = w.members()
	g := w.read()
	pods := []Pod{{Name: "pod-000", IP: "10.0.0.0"}, {Name: "pod-001", IP: "10.0.0.1"}, {Name: "pod-002", IP: "10.0.0.2"}}
	if got, want := crewOf(g, pods), (crew{joined: 6, foreign: 5, perReplica: 2}); got != want {
		t.Errorf("by host: %+v, want %+v", got, want)
	}
	for i := range g.Members {
		g.Members[i].Host = "/192.168.1.1" // behind a proxy
	}
	if got, want := crewOf(g, pods), (crew{joined: 11, perReplica: 1}); got != want {
		t.Errorf("nobody known: %+v, want %+v", got, want)
	}
	g.Members[4].ClientID = "consumer-pod-001-7"
	if got, want := crewOf(g, pods), (crew{joined: 1, foreign: 10, perReplica: 1}); got != want {
		t.Errorf("by client id: %+v, want %+v", got, want)
	}
	c := crew{foreign: 5, perReplica: 2}
	for consumers, want := range map[int32]int32{0: 0, 5: 0, 6: 1, 7: 1, 8: 2, 24: 10} {
		if got := c.replicas(consumers); got != want {
			t.Errorf("%d consumers need %d replicas, want %d", consumers, got, want)
		}
	}
}
