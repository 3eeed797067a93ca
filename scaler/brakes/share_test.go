package brakes_test

import (
	"fmt"
	"maps"
	"regexp"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/brakes"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// up is an ask for what a rate needs, of consumers that process 100/s each.
func up(name string, from, to int32, rate float64) brakes.Ask {
	return brakes.Ask{Name: name, Asks: scaler.Asks{
		From: from, To: to, First: max(1, from), Consumers: 1, PerConsumer: 100, Now: rate, Planned: rate,
	}}
}

// round has the asking scalers as its members.
func round(at time.Time, limits []brakes.Limit, asks ...brakes.Ask) brakes.Round {
	r := brakes.Round{Now: at, Limits: limits, Asks: asks}
	for _, a := range asks {
		r.Members = append(r.Members, brakes.Member{Name: a.Name, Replicas: a.From, Known: true, Acts: true})
	}
	return r
}

func allowed(cut map[string]scaler.Brake, a *brakes.Ask) int32 {
	if b, less := cut[a.Name]; less {
		return b.To
	}
	return a.To
}

// A pool has room for 405 more replicas, and a hundred scalers jump at once: 5 that sleep, 75 of middling size, and 20 large ones that
// are the latest. Every sleeper and every middling one gets all that it asks for, the large ones share what is left.
func TestAPoolThatIsTooSmall(t *testing.T) {
	var asks []brakes.Ask
	for i := range 5 {
		asks = append(asks, up(fmt.Sprintf("shop/sleeper-%d", i), 0, 3, 300))
	}
	for i := range 75 {
		asks = append(asks, up(fmt.Sprintf("shop/middling-%02d", i), 3, 8, 800))
	}
	for i := range 20 {
		asks = append(asks, up(fmt.Sprintf("shop/large-%02d", i), 10, 100, 10_000))
	}
	running := int32(75*3 + 20*10)
	limits := []brakes.Limit{{Name: "pool", Replicas: running + 405}}
	cut := brakes.NewLedger(seen.Clock{}).Share(round(noon, limits, asks...))
	total := int32(0)
	served := map[string]int{}
	for i := range asks {
		to := allowed(cut, &asks[i])
		total += to
		if to == asks[i].To {
			served[regexp.MustCompile(`\w+`).FindAllString(asks[i].Name, 2)[1]]++
		}
	}
	if served["sleeper"] != 5 || served["middling"] != 75 || total != running+405 {
		t.Errorf("served %v, %d replicas of %d", served, total, running+405)
	}
}

func TestShare(t *testing.T) {
	twelve := up("shop/orders", 4, 12, 1200)
	twelve.Units = 12
	pending := up("shop/orders", 4, 12, 1200)
	pending.Pending = 2
	least := up("shop/big", 2, 40, 40_000)
	least.First = 10
	for _, c := range []struct {
		name   string
		limits []brakes.Limit
		asks   []brakes.Ask
		want   map[string]int32
		reason scaler.Reason // of every brake
	}{
		{"no limit", nil, []brakes.Ask{twelve}, map[string]int32{"shop/orders": 12}, ""},
		{"it fits", []brakes.Limit{{AddedPerMinute: 8}}, []brakes.Ask{twelve}, map[string]int32{"shop/orders": 12}, ""},
		{"cut at a useful number: 4, 6, 12", []brakes.Limit{{AddedPerMinute: 7}}, []brakes.Ask{twelve}, map[string]int32{"shop/orders": 6}, scaler.FleetUpLimit},
		{"no minute has room for a useful step: it is made in two", []brakes.Limit{{AddedPerMinute: 1}}, []brakes.Ask{twelve}, map[string]int32{"shop/orders": 5}, scaler.FleetUpLimit},
		{"a pool has no room for a useful step", []brakes.Limit{{Replicas: 5}}, []brakes.Ask{twelve}, map[string]int32{"shop/orders": 4}, scaler.PoolFull},
		{"a pool below what runs", []brakes.Limit{{Replicas: 2}}, []brakes.Ask{twelve}, map[string]int32{"shop/orders": 4}, scaler.PoolFull},
		{
			"a pool below what runs takes nothing away, and lets go down",
			[]brakes.Limit{{Replicas: 2}},
			[]brakes.Ask{{Name: "shop/orders", Asks: scaler.Asks{From: 8, To: 4}}},
			map[string]int32{"shop/orders": 4},
			"",
		},
		{"pods wait for a node", []brakes.Limit{{Replicas: 100}}, []brakes.Ask{pending}, map[string]int32{"shop/orders": 4}, scaler.PodsPending},
		{"pods wait for a node, and no limit is near", []brakes.Limit{{SteppingDown: 1}}, []brakes.Ask{pending}, map[string]int32{"shop/orders": 12}, ""},
		{"another namespace", []brakes.Limit{{Replicas: 2, Selector: brakes.Selector{Namespaces: []*regexp.Regexp{regexp.MustCompile("^(?:bank)$")}}}}, []brakes.Ask{twelve}, map[string]int32{"shop/orders": 12}, ""},
		{"another label", []brakes.Limit{{Replicas: 2, Selector: brakes.Selector{Labels: map[string]string{"tier": "batch"}}}}, []brakes.Ask{twelve}, map[string]int32{"shop/orders": 12}, ""},
		{
			"the first replica of a target at zero comes before the latest",
			[]brakes.Limit{{AddedPerMinute: 1}},
			[]brakes.Ask{up("shop/late", 10, 11, 1100), up("shop/asleep", 0, 200, 20_000)},
			map[string]int32{"shop/late": 10, "shop/asleep": 1},
			scaler.FleetUpLimit,
		},
		{
			"minReplicas comes before everything else",
			[]brakes.Limit{{AddedPerMinute: 9}},
			[]brakes.Ask{up("shop/small", 1, 2, 200), least},
			map[string]int32{"shop/small": 2, "shop/big": 10},
			scaler.FleetUpLimit,
		},
		{
			"a replica that ends half of the lateness comes before one that ends a twentieth",
			[]brakes.Limit{{AddedPerMinute: 3}},
			[]brakes.Ask{up("shop/a-large", 10, 20, 2000), up("shop/b-small", 1, 2, 200)},
			map[string]int32{"shop/a-large": 12, "shop/b-small": 2},
			scaler.FleetUpLimit,
		},
		{
			"what is late now comes before what is only planned for",
			[]brakes.Limit{{AddedPerMinute: 1}},
			[]brakes.Ask{
				{Name: "shop/headroom", Asks: scaler.Asks{From: 1, To: 2, First: 1, Consumers: 1, PerConsumer: 100, Now: 90, Planned: 200}},
				up("shop/late", 10, 11, 1100),
			},
			map[string]int32{"shop/headroom": 1, "shop/late": 11},
			scaler.FleetUpLimit,
		},
		{
			"one may step down, the one that saves most",
			[]brakes.Limit{{SteppingDown: 0.1}},
			[]brakes.Ask{{Name: "shop/a", Asks: scaler.Asks{From: 4, To: 3}}, {Name: "shop/b", Asks: scaler.Asks{From: 9, To: 3}}},
			map[string]int32{"shop/a": 4, "shop/b": 3},
			scaler.FleetDownLimit,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			cut := brakes.NewLedger(seen.Clock{}).Share(round(noon, c.limits, c.asks...))
			have := map[string]int32{}
			for i := range c.asks {
				have[c.asks[i].Name] = allowed(cut, &c.asks[i])
			}
			if !maps.Equal(have, c.want) {
				t.Errorf("%v, want %v: %v", have, c.want, cut)
			}
			for name, b := range cut {
				if b.Reason != c.reason || b.Why == "" {
					t.Errorf("%s: %+v, want %s", name, b, c.reason)
				}
			}
		})
	}
}

// Scalers decide at different polls. One that got nothing keeps its claim until its next decision: a poll in between leaves it what
// frees up, if it is worth more there.
func TestAClaimIsKeptUntilTheNextDecision(t *testing.T) {
	limits := []brakes.Limit{{Name: "all", AddedPerMinute: 4}}
	large, small := up("shop/a-large", 10, 14, 1400), up("shop/b-small", 1, 5, 500)
	all := round(noon, limits, large, small)
	l := brakes.NewLedger(seen.Clock{})
	l.Book("shop/c", seen.Write{At: noon.Add(-50 * time.Second), From: 1, To: 5})
	l.Confirm("shop/c")
	all.Asks = []brakes.Ask{small}
	if cut := l.Share(all); cut["shop/b-small"].To != 1 {
		t.Fatalf("nothing is left, and it gets %v", cut)
	}
	all.Now, all.Asks = noon.Add(15*time.Second), []brakes.Ask{large}
	if cut := l.Share(all); cut["shop/a-large"].To != 10 {
		t.Errorf("the large one takes what the small one waits for: %v", cut)
	}
	all.Now, all.Asks = noon.Add(30*time.Second), []brakes.Ask{small}
	if cut := l.Share(all); len(cut) != 0 {
		t.Errorf("the small one gets %v", cut)
	}
	all.Now, all.Asks = noon.Add(80*time.Second), []brakes.Ask{large} // nothing was booked, and nobody asks any more
	if cut := l.Share(all); len(cut) != 0 {
		t.Errorf("a claim outlives its scaler: %v", cut)
	}
}

// Down, the one that has waited for longest comes first, so that none waits for ever.
func TestStepsDownTakeTurns(t *testing.T) {
	limits := []brakes.Limit{{SteppingDown: 0.5}}
	a, b := brakes.Ask{Name: "shop/a", Asks: scaler.Asks{From: 9, To: 1}}, brakes.Ask{Name: "shop/b", Asks: scaler.Asks{From: 2, To: 1}}
	l := brakes.NewLedger(seen.Clock{})
	at := noon
	r := round(at, limits, a, b)
	if cut := l.Share(r); len(cut) != 1 || cut["shop/b"].Reason != scaler.FleetDownLimit {
		t.Fatalf("%v", cut)
	}
	l.Book("shop/a", seen.Write{At: at, From: 9, To: 1})
	l.Confirm("shop/a")
	for at = at.Add(30 * time.Second); at.Sub(noon) < brakes.DownFor; at = at.Add(30 * time.Second) {
		r.Now, r.Asks = at, []brakes.Ask{b}
		if cut := l.Share(r); len(cut) != 1 {
			t.Fatalf("after %v: %v", at.Sub(noon), cut)
		}
	}
	r.Now, r.Asks = at, []brakes.Ask{a, b} // a saves more, and has waited for less
	if cut := l.Share(r); len(cut) != 1 || cut["shop/a"].To != 9 {
		t.Errorf("%v", cut)
	}
}

// A write that failed without an answer may have been made. What the same scaler asks next is a part of it, not more.
func TestAWriteWithoutAnAnswer(t *testing.T) {
	limits := []brakes.Limit{{Name: "all", AddedPerMinute: 8}}
	ask := up("shop/orders", 4, 12, 1200)
	other := up("shop/other", 4, 12, 1200)
	l := brakes.NewLedger(seen.Clock{})
	r := round(noon, limits, ask, other)
	r.Asks = []brakes.Ask{ask}
	if cut := l.Share(r); len(cut) != 0 {
		t.Fatal(cut)
	}
	l.Book(ask.Name, seen.Write{At: noon, From: 4, To: 12})
	r.Now = noon.Add(30 * time.Second)
	if cut := l.Share(r); len(cut) != 0 {
		t.Errorf("the same step counts twice: %v", cut)
	}
	r.Asks = []brakes.Ask{other}
	if cut := l.Share(r); cut["shop/other"].To != 4 {
		t.Errorf("another scaler gets what may have been written: %v", cut)
	}
	l.Refund(ask.Name) // it was refused
	if cut := l.Share(r); len(cut) != 0 {
		t.Errorf("what was refused still counts: %v", cut)
	}
}

// Another autoscaler walks to the number that it is given, and is asked for at each poll: no replica counts twice, and each for a minute
// from when it was seen.
func TestAWalkCountsOnce(t *testing.T) {
	limits := []brakes.Limit{{Name: "all", AddedPerMinute: 8, Replicas: 20}}
	walker, other := up("shop/orders", 4, 12, 1200), up("shop/other", 4, 12, 1200)
	l := brakes.NewLedger(seen.Clock{})
	size := int32(4)
	at := func(seconds int) brakes.Round {
		r := round(noon.Add(time.Duration(seconds)*time.Second), limits, walker, other)
		r.Members[0].Replicas, r.Asks = size, nil
		return r
	}
	for i, now := range []int32{4, 8, 8, 10} { // at 0, 20, 40 and 60 s
		size = now
		r := at(20 * i)
		ask := walker
		ask.From = size
		r.Asks = []brakes.Ask{ask}
		if cut := l.Share(r); len(cut) != 0 {
			t.Errorf("at %d: %v", size, cut)
		}
		l.Give(ask.Name, seen.Write{At: r.Now, From: size, To: 12})
		if u := l.Uses(r)[0]; u.AddedPerMinute != 8 || u.Replicas != 12+4 {
			t.Errorf("at %d, %d s: %d added a minute, %d replicas", size, 20*i, u.AddedPerMinute, u.Replicas)
		}
	}
	size = 12
	for _, c := range []struct {
		seconds int
		added   int32
	}{{80, 4}, {119, 4}, {130, 2}, {141, 0}} { // 2 were seen at 60 s, 2 at 80 s; 4 at 20 s
		if u := l.Uses(at(c.seconds))[0]; u.AddedPerMinute != c.added || u.Replicas != 12+4 {
			t.Errorf("after %d s: %d added a minute, %d replicas", c.seconds, u.AddedPerMinute, u.Replicas)
		}
	}
}

// What is used is shown, also of a target that cannot be read now.
func TestUses(t *testing.T) {
	l := brakes.NewLedger(seen.Clock{})
	l.Observe("shop/a", seen.Write{At: noon.Add(-30 * time.Second), From: 2, To: 6}, noon)
	l.Observe("shop/a", seen.Write{At: noon.Add(-30 * time.Second), From: 2, To: 6}, noon)
	l.Observe("shop/b", seen.Write{At: noon.Add(-4 * time.Minute), From: 6, To: 2}, noon)
	l.Observe("shop/b", seen.Write{At: noon.Add(-6 * time.Minute), From: 9, To: 6}, noon)
	r := brakes.Round{Now: noon, Limits: []brakes.Limit{{AddedPerMinute: 10, SteppingDown: 0.1, Replicas: 20}}, Members: []brakes.Member{
		{Name: "shop/a", Replicas: 6, Known: true, Acts: true}, {Name: "shop/b", Replicas: 2, Known: true, Acts: true},
	}}
	for _, known := range []bool{true, false} {
		r.Members[0].Known, r.Members[0].Replicas = known, 6*map[bool]int32{true: 1}[known]
		u := l.Uses(r)[0]
		if u.AddedPerMinute != 4 || u.SteppingDown != 1 || u.MayStepDown != 1 || u.Replicas != 8 {
			t.Errorf("known %v: %+v", known, u)
		}
	}
}
