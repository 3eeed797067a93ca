package scaler_test

import (
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/say"
)

// twoPlaces are two targets whose consumers are one group. The first has the logs and the group; the second sees the same.
type twoPlaces [2]*world

// newTwoPlaces starts both; a place without a share is scaled by a version that does not know of places.
func newTwoPlaces(t interface{ Fatal(...any) }, shares [2]*scaler.Place, replicas [2]int32, change func(*world)) twoPlaces {
	var p twoPlaces
	for i := range p {
		w := newWorld()
		w.source.ProcessingTime, w.spec.Place, w.perPod = 10*time.Millisecond, shares[i], 1
		w.foreign = int(replicas[1-i])
		if change != nil {
			change(w)
		}
		if err := w.start(replicas[i]); err != nil {
			t.Fatal(err)
		}
		p[i] = w
	}
	return p
}

// decides lets time pass in both places, and returns the last decisions; a place that is down neither runs consumers nor decides.
func (p twoPlaces) decides(d time.Duration, each func(asked [2]scaler.Decision), down ...int) (last [2]scaler.Decision) {
	a, b := p[0], p[1]
	for second := range int(d.Seconds()) {
		a.foreign = int(b.readyPods())
		for _, i := range down {
			p[i].pods, p[i].wl.Spec = nil, 0
			p[1-i].foreign = 0
		}
		a.second()
		b.now, b.rebalance = a.now, a.rebalance
		b.foreign = int(a.readyPods())
		b.joined = b.members()
		copy(b.end, a.end)
		copy(b.pos, a.pos)
		copy(b.commit, a.commit)
		for i, w := range p {
			if second%10 != 9 || len(down) > 0 && down[0] == i {
				continue
			}
			w.readAgain()
			r := scaler.Evaluate(w.input())
			w.memory, last[i] = r.Memory, r.Decision
			w.write(r)
		}
		if each != nil && second%10 == 9 {
			each(last)
		}
	}
	return last
}

func (p twoPlaces) replicas() int32 { return p[0].wl.Spec + p[1].wl.Spec }

func shares(a, b int32) [2]*scaler.Place { return [2]*scaler.Place{{Share: a}, {Share: b}} }

// Two places follow one traffic together: with shares that are declared, that are learned, and beside a version that does not know of places.
// consumers are what one place alone would have.
func TestTwoPlacesFollowTraffic(t *testing.T) {
	for name, of := range map[string][2]*scaler.Place{
		"declared":                     shares(60, 40),
		"declared, uneven":             shares(85, 15),
		"learned":                      {{}, {}},
		"declared here, learned there": {{Share: 50}, {}},
		"the other one does not know":  {{Share: 60}, nil},
	} {
		p := newTwoPlaces(t, of, [2]int32{8, 8}, nil)
		for _, c := range []struct {
			rate      float64
			consumers int32 // of 100/s, 92 % utilization, 48 partitions
		}{{1500, 24}, {3000, 48}, {1000, 12}, {400, 5}} {
			for _, w := range p {
				w.rate = c.rate
			}
			last := p.decides(65*time.Minute, nil)
			most := c.consumers + 3
			if of[1] == nil { // what joins at the same time was not there when it decided
				most = 2 * c.consumers
			}
			if n := p.replicas(); n < c.consumers || n > most {
				t.Errorf("%s: %.0f/s: %d and %d replicas, want %d together:\n%s\n%s", name, c.rate, p[0].wl.Spec, p[1].wl.Spec, c.consumers, say.Line(last[0]), say.Line(last[1]))
			}
			if s := of[0].Share; s > 0 && of[1] != nil {
				if want := (c.consumers*s + 99) / 100; p[0].wl.Spec < want || p[0].wl.Spec > want+1 {
					t.Errorf("%s: %.0f/s: %d replicas here, want %d", name, c.rate, p[0].wl.Spec, want)
				}
			}
		}
	}
}

// Nothing of what runs at the moment feeds back: two places that are far from their shares come to them, and neither swings. A tenth more is
// not worth a rebalance.
func TestTwoPlacesDoNotSwing(t *testing.T) {
	for _, c := range []struct {
		share int32
		begin [2]int32
	}{{50, [2]int32{24, 24}}, {50, [2]int32{1, 1}}, {30, [2]int32{24, 1}}, {80, [2]int32{3, 25}}} {
		p := newTwoPlaces(t, shares(c.share, 100-c.share), c.begin, func(w *world) { w.rate = 1500 })
		p.decides(40*time.Minute, nil)
		before := [2]int{p[0].writes, p[1].writes}
		p.decides(15*time.Minute, nil)
		if p[0].writes != before[0] || p[1].writes != before[1] {
			t.Errorf("%+v: it goes on: %d and %d writes, %d and %d replicas", c, p[0].writes, p[1].writes, p[0].wl.Spec, p[1].wl.Spec)
		}
		if n := p.replicas(); n < 24 || n > 27 {
			t.Errorf("%+v: %d and %d replicas, want 24 or 25", c, p[0].wl.Spec, p[1].wl.Spec)
		}
	}
}

// A place that goes away leaves all to the other one, within its session and three minutes; and when it comes back, the other one gives back
// as much as it takes.
func TestAPlaceGoesAway(t *testing.T) {
	p := newTwoPlaces(t, shares(50, 50), [2]int32{12, 12}, func(w *world) { w.rate = 1500 })
	p.decides(20*time.Minute, nil)
	var took time.Duration
	p.decides(15*time.Minute, func([2]scaler.Decision) {
		if took += 10 * time.Second; took > 5*time.Minute && p[0].wl.Spec < 24 {
			t.Fatalf("after %v: %d replicas", took, p[0].wl.Spec)
		}
	}, 1)
	if n := p[0].wl.Spec; n != 24 {
		t.Fatalf("alone with %d replicas: %s", n, say.Line(p.decides(30*time.Second, nil, 1)[0]))
	}
	p[1].memory = scaler.Memory{}
	p[1].scale(1)
	least := int32(99)
	p.decides(3*time.Hour, func([2]scaler.Decision) { least = min(least, p[0].readyPods()+p[1].readyPods()) })
	if n := p.replicas(); n != 24 || least < 24 {
		t.Errorf("back: %d and %d replicas, at least %d ran", p[0].wl.Spec, p[1].wl.Spec, least)
	}
}

// The capacity of a consumer is what all members did over all members, whichever pods are the target's.
func TestCapacityIsThatOfAllMembers(t *testing.T) {
	p := newTwoPlaces(t, [2]*scaler.Place{{Share: 50}, {Share: 50}}, [2]int32{6, 6}, func(w *world) {
		w.source.ProcessingTime, w.rate, w.speed = 20*time.Millisecond, 1500, 80 // declared as 50/s, and it is 80/s
		w.spec.MaxReplicas = new(int32(6))
	})
	last := p.decides(30*time.Minute, nil)
	for i, d := range last {
		if n, _ := d.Need(); n.PerConsumer < 75 || n.PerConsumer > 85 {
			t.Errorf("place %d: %.1f/s, want 80/s: %s", i, n.PerConsumer, say.Line(d))
		}
	}
}

// A line says which part of the consumers is here.
func TestPlacesInWords(t *testing.T) {
	p := newTwoPlaces(t, shares(50, 50), [2]int32{2, 2}, func(w *world) { w.rate = 1500 })
	var up string
	p.decides(5*time.Minute, func(d [2]scaler.Decision) {
		if d[0].Verdict == scaler.ScaleUp {
			up = say.Line(d[0])
		}
	})
	if want := "50 % of the consumers run here"; !strings.Contains(up, want) {
		t.Errorf("%q does not say %q", up, want)
	}
}
