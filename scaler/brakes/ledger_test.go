package brakes_test

import (
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/brakes"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// For how long a step counts, to the nanosecond: an added replica a minute, a step down five, and replicas of which it is not known
// whether they were written a minute, as if they ran.
func TestHowLongAStepCounts(t *testing.T) {
	limits := []brakes.Limit{{Name: "all", AddedPerMinute: 10, SteppingDown: 1, Replicas: 20}}
	for _, c := range []struct {
		name     string
		from, to int32
		sure     bool
		of       time.Duration
		before   brakes.Use // what is used until then
		after    brakes.Use
	}{
		{"replicas were added", 2, 6, true, time.Minute, brakes.Use{AddedPerMinute: 4, Replicas: 6}, brakes.Use{Replicas: 6}},
		{"replicas may have been added", 2, 9, false, time.Minute, brakes.Use{AddedPerMinute: 7, Replicas: 9}, brakes.Use{Replicas: 6}},
		{"a step down", 8, 6, true, 5 * time.Minute, brakes.Use{SteppingDown: 1, Replicas: 6}, brakes.Use{Replicas: 6}},
		{"a step down that may have been made", 8, 6, false, 5 * time.Minute, brakes.Use{SteppingDown: 1, Replicas: 6}, brakes.Use{Replicas: 6}},
	} {
		for passed, want := range map[time.Duration]brakes.Use{c.of - 1: c.before, c.of: c.after} {
			l := brakes.NewLedger(seen.Clock{})
			l.Book("shop/a", seen.Write{At: noon, From: c.from, To: c.to})
			if c.sure {
				l.Confirm("shop/a")
			}
			r := brakes.Round{Now: noon.Add(passed), Limits: limits, Members: []brakes.Member{{Name: "shop/a", Replicas: 6, Known: true, Acts: true}}}
			u := l.Uses(r)[0]
			if u.AddedPerMinute != want.AddedPerMinute || u.SteppingDown != want.SteppingDown || u.Replicas != want.Replicas {
				t.Errorf("%s, after %v: %+v, want %+v", c.name, passed, u, want)
			}
		}
	}
}

// A claim is remembered for 45 s: then others get what it waits for.
func TestHowLongAClaimIsKept(t *testing.T) {
	large, small := up("shop/a-large", 10, 14, 1400), up("shop/b-small", 1, 5, 500)
	for passed, want := range map[time.Duration]int32{45*time.Second - 1: 10, 45 * time.Second: 14} {
		l := brakes.NewLedger(seen.Clock{})
		all := round(noon, []brakes.Limit{{Name: "all", Replicas: 15}}, large, small)
		all.Members[0].Replicas = 14 // another autoscaler has taken what is left
		all.Asks = []brakes.Ask{small}
		if cut := l.Share(all); cut["shop/b-small"].To != 1 {
			t.Fatalf("the small one gets %v", cut)
		}
		all.Members[0].Replicas, all.Now, all.Asks = 10, noon.Add(passed), []brakes.Ask{large}
		if got := allowed(l.Share(all), &large); got != want {
			t.Errorf("after %v the large one gets %d, want %d", passed, got, want)
		}
	}
}

// A write as the platform shows it is a step that was booked, or a part of it, or another one.
func TestObservedWrites(t *testing.T) {
	booked := func(at time.Duration, from, to int32) seen.Write {
		return seen.Write{At: noon.Add(at), From: from, To: to}
	}
	for _, c := range []struct {
		name     string
		booked   []seen.Write
		observed seen.Write
		added    int32
	}{
		{"none was booked", nil, booked(0, 2, 6), 4},
		{"none was written", nil, seen.Write{From: 2, To: 6}, 0},
		{"it changed nothing", nil, booked(0, 6, 6), 0},
		{"it is too old to count", nil, booked(-5*time.Minute, 2, 6), 0},
		{"the booked one", []seen.Write{booked(-time.Second, 2, 6)}, booked(0, 2, 6), 4},
		{"a part of the booked one", []seen.Write{booked(-time.Second, 2, 6)}, booked(0, 2, 4), 4},
		{"the other part", []seen.Write{booked(-time.Second, 2, 6)}, booked(0, 4, 6), 4},
		{"more than the booked one", []seen.Write{booked(-time.Second, 2, 6)}, booked(0, 2, 7), 4 + 5},
		{"from fewer", []seen.Write{booked(-time.Second, 2, 6)}, booked(0, 1, 6), 4 + 5},
		{"the same step, nearly a minute later", []seen.Write{booked(-30*time.Second, 2, 6)}, booked(30*time.Second-1, 2, 6), 4},
		{"the same step, a minute later", []seen.Write{booked(-30*time.Second, 2, 6)}, booked(30*time.Second, 2, 6), 4 + 4},
		{"down after up", []seen.Write{booked(-time.Second, 2, 6)}, booked(0, 6, 2), 4},
	} {
		l := brakes.NewLedger(seen.Clock{})
		for _, w := range c.booked {
			l.Book("shop/a", w)
		}
		l.Observe("shop/a", c.observed, noon)
		r := brakes.Round{Now: noon, Limits: []brakes.Limit{{AddedPerMinute: 100}}, Members: []brakes.Member{{Name: "shop/a", Replicas: 6, Known: true}}}
		if u := l.Uses(r)[0]; u.AddedPerMinute != c.added {
			t.Errorf("%s: %d added, want %d", c.name, u.AddedPerMinute, c.added)
		}
	}
}

// What is sure is not taken back, and of a scaler without a step there is nothing to take.
func TestRefunds(t *testing.T) {
	added := func(l *brakes.Ledger) int32 {
		r := brakes.Round{Now: noon, Limits: []brakes.Limit{{AddedPerMinute: 100}}, Members: []brakes.Member{{Name: "shop/a", Replicas: 6, Known: true}}}
		return l.Uses(r)[0].AddedPerMinute
	}
	l := brakes.NewLedger(seen.Clock{})
	l.Refund("shop/a")
	l.Confirm("shop/a")
	if n := added(l); n != 0 {
		t.Errorf("of nothing %d are added", n)
	}
	l.Book("shop/a", seen.Write{At: noon, From: 2, To: 4})
	l.Confirm("shop/a")
	l.Refund("shop/a")
	l.Book("shop/a", seen.Write{At: noon, From: 4, To: 7})
	if n := added(l); n != 5 {
		t.Errorf("%d are added, want 5", n)
	}
	l.Refund("shop/a")
	if n := added(l); n != 2 {
		t.Errorf("%d are added after a refund, want 2", n)
	}
	l.Forget("shop/a")
	if n := added(l); n != 2 {
		t.Errorf("of a scaler that is not declared any more %d count, want 2", n)
	}
	l.Leave("shop/a")
	if n := added(l); n != 0 {
		t.Errorf("of a scaler that another process counts %d count", n)
	}
}

// A consumer more helps only if the one with the most partitions then has fewer of them: the table of useful.
func TestUsefulReplicas(t *testing.T) {
	for _, c := range []struct {
		name              string
		units             int32
		from, pool, gets  int32
		consumers, others int32
	}{
		{"12 partitions, 4 replicas, room for 5", 12, 4, 9, 6, 1, 0},
		{"12 partitions, 6 replicas, room for 5", 12, 6, 11, 6, 1, 0},
		{"12 partitions, 6 replicas, room for 6", 12, 6, 12, 12, 1, 0},
		{"not known, 4 replicas, room for 5", 0, 4, 9, 9, 1, 0},
		{"12 partitions, two consumers in a replica, 2 replicas, room for 2", 12, 2, 4, 3, 2, 0},
		{"12 partitions, two consumers elsewhere, 2 replicas, room for 3", 12, 2, 5, 4, 1, 2},
		{"none runs, room for 5", 12, 0, 5, 4, 1, 0},
		{"no room", 12, 4, 4, 4, 1, 0},
	} {
		ask := brakes.Ask{Name: "shop/orders", Asks: scaler.Asks{
			From: c.from, To: 20, First: c.from, Units: c.units, Consumers: c.consumers, Others: c.others, PerConsumer: 100, Now: 5000, Planned: 5000,
		}}
		cut := brakes.NewLedger(seen.Clock{}).Share(round(noon, []brakes.Limit{{Name: "pool", Replicas: c.pool}}, ask))
		if got := allowed(cut, &ask); got != c.gets {
			t.Errorf("%s: %d, want %d", c.name, got, c.gets)
		}
	}
}
