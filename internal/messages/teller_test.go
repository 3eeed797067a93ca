package messages

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/lagtest"
	"github.com/lagscaler/lagscaler/rebalancemon"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/breaker"
	"github.com/lagscaler/lagscaler/scaler/need"
	"github.com/lagscaler/lagscaler/scaler/promise"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func at(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }

// one is a scaler with a decision that was made at the time.
func one(name string, when time.Time, verdict scaler.Reason, from, to int32) engine.ScalerReport {
	return engine.ScalerReport{Outcome: scaler.Outcome{
		Scaler: scaler.Scaler{
			Name: name, Mode: scaler.Act, Sources: []seen.SourceSpec{{Cluster: "main", Group: "orders"}}, Owners: map[string]string{"team": "shop"},
			Workload: seen.Workload{Ref: seen.Ref{Kind: "Deployment", Namespace: "shop", Name: "orders-worker"}},
		},
		Decision: scaler.Decision{At: when, Current: from, Desired: to, Wanted: to, Verdict: verdict}, Disposition: scaler.Applied,
		Line: fmt.Sprintf("%s %d -> %d", verdict, from, to),
	}}
}

func report(when time.Time, scalers ...engine.ScalerReport) *engine.Report {
	return &engine.Report{At: when, Leader: true, Scalers: scalers}
}

// lines are what is told, as people read it.
func lines(all []Message) (out []string) {
	for i := range all {
		d := &all[i].Data
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s", d.Kind, d.State, d.Line)))
	}
	return out
}

func expect(t *testing.T, what string, got []Message, want ...string) {
	t.Helper()
	if g := lines(got); !slices.Equal(g, want) {
		t.Errorf("%s:\n%s\nwant\n%s", what, strings.Join(g, "\n"), strings.Join(want, "\n"))
	}
}

// A decision is told when it is another answer, has another reason, or something else became of it; numbers do not matter.
func TestDecisions(t *testing.T) {
	teller := NewTeller(Told{})
	expect(t, "the first", teller.Next(report(at(0), one("shop/orders", at(0), scaler.Steady, 12, 12))), "decision  shop/orders: Steady 12 -> 12 (Applied)")
	again := one("shop/orders", at(10), scaler.Steady, 12, 12)
	again.Line = "Steady with other numbers"
	expect(t, "the same", teller.Next(report(at(10), again)))
	expect(t, "a follower's", teller.Next(report(at(15), func() engine.ScalerReport {
		s := one("shop/orders", at(15), scaler.ScaleUp, 12, 30)
		s.Disposition = scaler.Follower
		return s
	}())))
	up := one("shop/orders", at(20), scaler.ScaleUp, 12, 30)
	told := teller.Next(report(at(20), up))
	expect(t, "another", told, "decision  shop/orders: ScaleUp 12 -> 30 (Applied)")
	up.Decision.At, up.Disposition, up.Failure = at(30), scaler.Failed, "forbidden"
	expect(t, "that failed", teller.Next(report(at(30), up)), "decision  shop/orders: ScaleUp 12 -> 30 (Failed): forbidden")
	d := told[0].Data
	want := Data{
		Kind: Decision, Scaler: "shop/orders", Namespace: "shop", Target: "Deployment/shop/orders-worker", Groups: []Group{{"main", "orders"}},
		Owners: map[string]string{"team": "shop"}, Reason: "ScaleUp", Disposition: "Applied", From: new(int32(12)), To: new(int32(30)), Line: "shop/orders: ScaleUp 12 -> 30 (Applied)",
	}
	if !reflect.DeepEqual(d, want) || !told[0].At.Equal(at(20)) {
		t.Errorf("%+v at %v\nwant %+v", d, told[0].At, want)
	}
}

func TestRefusals(t *testing.T) {
	teller, s := NewTeller(Told{}), one("shop/orders", at(0), scaler.Steady, 12, 12)
	refused := func(reason scaler.Reason, why string) engine.ScalerReport {
		return engine.ScalerReport{Outcome: scaler.Outcome{Scaler: scaler.Scaler{Name: "shop/orders", Refusal: scaler.RefuseTarget(reason, "%s", why)}}}
	}
	expect(t, "the target is being listed", teller.Next(report(at(0), refused(NotReadYet, "listing"))))
	teller.Next(report(at(5), s))
	expect(t, "it begins", teller.Next(report(at(10), refused("NotAllowed", "group x"))), "refusal begun shop/orders: no decision is made: NotAllowed: group x")
	expect(t, "it lasts", teller.Next(report(at(20), refused("NotAllowed", "group y"))))
	expect(t, "a restart", teller.Next(report(at(25), refused(NotReadYet, "listing"))))
	expect(t, "it ends", teller.Next(report(at(30), s)), "refusal ended shop/orders: decisions are made again")
}

func TestFreezes(t *testing.T) {
	teller, s := NewTeller(Told{}), one("shop/orders", at(0), scaler.Steady, 12, 12)
	teller.Next(report(at(0), s))
	s.Workload.Freeze = &seen.Freeze{Stops: seen.StopsDown, By: "window peak", Why: "sale", Until: at(600)}
	begun := teller.Next(report(at(10), s))
	expect(t, "it begins", begun, "freeze begun shop/orders: frozen: no scale down until 2026-03-02T12:10Z (window peak: sale)")
	if d := begun[0].Data; d.Stops != "down" || d.By != "window peak" || !d.Until.Equal(at(600)) {
		t.Errorf("%+v", d)
	}
	expect(t, "it lasts", teller.Next(report(at(20), s)))
	s.Workload.Freeze = nil
	ended := teller.Next(report(at(610), s))
	expect(t, "it ends", ended, "freeze ended shop/orders: the freeze has ended (window peak)")
	if !ended[0].At.Equal(at(600)) {
		t.Errorf("ended at %v", ended[0].At)
	}
}

func TestPromises(t *testing.T) {
	teller, s := NewTeller(Told{}), one("shop/orders", at(0), scaler.Steady, 12, 12)
	next := func(seconds int, c promise.Choice) []Message {
		s.Decision.Needs = []need.Need{{Promise: &c}}
		s.Promise = "the words"
		return teller.Next(report(at(seconds), s))
	}
	expect(t, "learning", next(0, promise.Choice{Objective: .999, Learning: true}), "decision  shop/orders: Steady 12 -> 12 (Applied)")
	expect(t, "kept from the start", next(10, promise.Choice{Objective: .999, Reachable: true}))
	expect(t, "out of reach", next(20, promise.Choice{Objective: .999}), "promise broken shop/orders: the words")
	expect(t, "still", next(30, promise.Choice{Objective: .999, Reachable: true, Measured: new(.9)}))
	expect(t, "unknown for a while", next(35, promise.Choice{Objective: .999, Learning: true}))
	expect(t, "kept again", next(40, promise.Choice{Objective: .999, Reachable: true, Measured: new(.9995)}), "promise kept shop/orders: the words")
	expect(t, "missed", next(50, promise.Choice{Objective: .999, Reachable: true, Measured: new(.99)}), "promise broken shop/orders: the words; 99 % of the records were within the target")
}

func TestStops(t *testing.T) {
	teller, s := NewTeller(Told{}), one("shop/orders", at(0), scaler.Steady, 12, 12)
	teller.Next(report(at(0), s))
	s.Decision.Why.Stopped = &breaker.Stop{Since: at(10), Until: at(3610), Cause: breaker.MadeLate}
	s.Decision.Why.Fleet = &breaker.Stop{Since: at(12), Until: at(3612)}
	expect(t, "both", teller.Next(report(at(15), s)),
		"stop begun all scalers: no scale down until 2026-03-02T13:00Z, because of own steps down",
		"stop begun shop/orders: no scale down until 2026-03-02T13:00Z, because of own steps down ("+string(breaker.MadeLate)+")")
	expect(t, "they last", teller.Next(report(at(25), s)))
	expect(t, "their time is over, the decision still stands", teller.Next(report(at(3620), s)),
		"stop ended all scalers: scale down again: the stop because of own steps has ended",
		"stop ended shop/orders: scale down again: the stop because of own steps has ended")
	expect(t, "once", teller.Next(report(at(3630), s)))
	s.Decision.Why.Stopped = &breaker.Stop{Since: at(4000), Until: at(9000), Cause: breaker.MadeLate}
	teller.Next(report(at(4001), s))
	s.Decision.Why.Stopped = nil
	expect(t, "early", teller.Next(report(at(4010), s)), "stop ended shop/orders: scale down again: the stop because of own steps has ended")
}

// rebalanced is a report with a group that has these rebalances.
func rebalanced(when time.Time, events ...rebalancemon.Event) *engine.Report {
	g := engine.GroupReport{Lag: &lag.GroupLag{GroupState: lag.GroupState{Group: "orders"}}, Rebalances: rebalancemon.Stats{Events: rebalancemon.NewEvents(events)}, Labels: map[string]string{"team": "shop"}}
	r := report(when, one("shop/orders", at(0), scaler.Steady, 12, 12))
	r.Clusters = []*engine.ClusterReport{{Name: "main", Groups: []engine.GroupReport{g}}}
	return r
}

func moved(start, end int) rebalancemon.Event {
	return rebalancemon.Event{
		Cluster: "main", Group: "orders", Start: at(start), End: at(end), Outcome: rebalancemon.Success, Cause: rebalancemon.Deploy, Count: 1, Evidence: "the target rolls out",
	}
}

func TestRebalances(t *testing.T) {
	teller := NewTeller(Told{})
	teller.Next(rebalanced(at(0), moved(-500, -495)))
	got := teller.Next(rebalanced(at(20), moved(-500, -495), moved(10, 14)))
	expect(t, "a new one", got, "rebalance  group orders of main: a rebalance of 4 s ended (deploy): the target rolls out")
	if d := got[0].Data; d.Scaler != "shop/orders" || d.Namespace != "shop" || d.Owners["team"] != "shop" || *d.Seconds != 4 || d.Reason != "deploy" || !got[0].At.Equal(at(14)) {
		t.Errorf("%+v", got[0])
	}
	expect(t, "the same", teller.Next(rebalanced(at(30), moved(-500, -495), moved(10, 14))))
	late := moved(5, 32)
	late.Count, late.Outcome = 3, rebalancemon.UnknownOutcome
	expect(t, "several that polling counted", teller.Next(rebalanced(at(40), moved(10, 14), late)),
		"rebalance  group orders of main: 3 rebalances within 27 s ended (deploy): the target rolls out; outcome unknown")

	// Another replica has seen them a moment later, and one more.
	next := NewTeller(reload(t, teller))
	shifted := moved(10, 14)
	shifted.Start, shifted.End = shifted.Start.Add(700*time.Millisecond), shifted.End.Add(-time.Second)
	got = next.Next(rebalanced(at(60), moved(-500, -495), shifted, late, moved(50, 52)))
	expect(t, "after a change of the leader", got, "rebalance  group orders of main: a rebalance of 2 s ended (deploy): the target rolls out")

	// A process that never told one tells none of the past.
	expect(t, "a first start", NewTeller(Told{}).Next(rebalanced(at(60), moved(10, 14)))[1:])
}

// reload saves what was told and loads it again.
func reload(t interface{ Fatal(...any) }, teller *Teller) Told {
	data, _, err := Encode(teller.Told(), &Outbox{})
	if err != nil {
		t.Fatal(err)
	}
	told, _, err := Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	return told
}

// A leader that ended right after a write could not tell it. The target has it.
func TestAWriteThatNobodyTold(t *testing.T) {
	for name, c := range map[string]struct {
		told  engine.ScalerReport
		write seen.Write
		want  []string
	}{
		"told":                {one("shop/orders", at(20), scaler.ScaleUp, 12, 30), seen.Write{At: at(21), From: 12, To: 30}, nil},
		"not told":            {one("shop/orders", at(0), scaler.Steady, 12, 12), seen.Write{At: at(20), From: 12, To: 30}, []string{"decision  shop/orders: 12 -> 30, by a leader that ended before it could say why"}},
		"what followed it":    {one("shop/orders", at(25), scaler.Settling, 30, 30), seen.Write{At: at(20), From: 12, To: 30}, nil},
		"the same one, later": {one("shop/orders", at(20), scaler.ScaleUp, 12, 30), seen.Write{At: at(90), From: 12, To: 30}, []string{"decision  shop/orders: 12 -> 30, by a leader that ended before it could say why"}},
	} {
		first := NewTeller(Told{})
		first.Next(report(at(25), c.told))
		s := c.told
		s.Workload.LastWrite, s.Disposition = c.write, scaler.Follower
		next := NewTeller(reload(t, first))
		expect(t, name, next.Next(report(at(100), s)), c.want...)
		expect(t, name+", then", next.Next(report(at(110), s)))
	}
}

// What was told of a scaler outlives a report without it: a new leader reads declarations later.
func TestAScalerThatIsNotReadYet(t *testing.T) {
	teller, s := NewTeller(Told{}), one("shop/orders", at(0), scaler.Steady, 12, 12)
	teller.Next(report(at(0), s))
	teller.Next(report(at(10)))
	expect(t, "it comes back", teller.Next(report(at(20), s)))
	teller.Next(report(at(30)))
	teller.Next(report(at(30 + 601)))
	expect(t, "it was deleted", teller.Next(report(at(640), s)), "decision  shop/orders: Steady 12 -> 12 (Applied)")
}

// Wherever leaders change: what all of them tell is what one would have told, with the same ids; what was sent twice has one id.
func TestChangesOfTheLeader(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		alone, teller := NewTeller(Told{}), NewTeller(Told{})
		var want, got []string
		size := int32(4)
		var events []rebalancemon.Event
		for i := range rapid.IntRange(1, 40).Draw(t, "polls") {
			now := 10 * i
			verdict := rapid.SampledFrom([]scaler.Reason{scaler.Steady, scaler.HoldLag, scaler.ScaleUp}).Draw(t, "verdict")
			to := size
			if verdict == scaler.ScaleUp {
				to++
			}
			if rapid.Bool().Draw(t, "rebalances") {
				events = append(slices.Clone(events), moved(now-9, now-3))
			}
			r := rebalanced(at(now), events...)
			s := one("shop/orders", at(now), verdict, size, to)
			if rapid.Bool().Draw(t, "frozen") {
				s.Workload.Freeze = &seen.Freeze{Stops: seen.StopsAll, By: "x", Until: at(10_000)}
			}
			r.Scalers = []engine.ScalerReport{s}
			size = to
			for _, m := range alone.Next(r) {
				want = append(want, m.ID)
			}
			if i > 0 && rapid.Bool().Draw(t, "another leader") {
				teller = NewTeller(reload(t, teller))
			}
			if rapid.IntRange(0, 3).Draw(t, "ends before it saves") == 0 {
				again := NewTeller(reload(t, teller))
				again.Next(r) // nobody hears of it
			}
			for _, m := range teller.Next(r) {
				got = append(got, m.ID)
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("told %v, want %v", got, want)
		}
		slices.Sort(got)
		if n := len(got); n != len(slices.Compact(got)) {
			t.Fatal("two messages have one id")
		}
	})
}

func TestFilter(t *testing.T) {
	re := func(text string) []*regexp.Regexp { return []*regexp.Regexp{regexp.MustCompile("^(?:" + text + ")$")} }
	decision := Data{Kind: Decision, Scaler: "shop/orders", Namespace: "shop", Groups: []Group{{"main", "a"}, {"main", "orders"}}, Reason: "ScaleUp"}
	rebalance := Data{Kind: Rebalance, Groups: []Group{{"main", "pay"}}, Reason: "deploy"}
	lost, all := Data{Kind: Decision, Namespace: "shop"}, Data{Kind: Stop}
	for i, c := range []struct {
		filter Filter
		want   []bool // decision, rebalance, a decision without a reason, a stop of all
	}{
		{Filter{}, []bool{true, true, true, true}},
		{Filter{Kinds: []Kind{Rebalance}}, []bool{false, true, false, false}},
		{Filter{Namespaces: re("sho.")}, []bool{true, false, true, true}},
		{Filter{Namespaces: re("bank")}, []bool{false, false, false, true}},
		{Filter{Groups: re("orders")}, []bool{true, false, false, true}},
		{Filter{Groups: re("rders")}, []bool{false, false, false, true}},
		{Filter{Reasons: re("ScaleUp|deploy")}, []bool{true, true, true, false}},
		{Filter{Reasons: re("ScaleDown")}, []bool{false, false, true, false}},
	} {
		got := []bool{c.filter.Wants(&decision), c.filter.Wants(&rebalance), c.filter.Wants(&lost), c.filter.Wants(&all)}
		if !slices.Equal(got, c.want) {
			t.Errorf("%d: %v, want %v", i, got, c.want)
		}
	}
}

func TestOutbox(t *testing.T) {
	var o Outbox
	add := func(n int, to ...string) []Item {
		return o.Add(message(at(n), Data{Kind: Decision, Line: fmt.Sprint(n)}), to)
	}
	add(1, "a", "b")
	add(2, "b")
	add(3, "a")
	if got := o.For("a", o.Next, 10); len(got) != 2 || got[1].Data.Line != "3" {
		t.Errorf("for a: %+v", got)
	}
	if got := o.For("a", 1, 10); len(got) != 1 {
		t.Errorf("only what is saved: %+v", got)
	}
	o.Done("a", o.For("a", o.Next, 1))
	o.Keep([]string{"a"})
	if n, oldest := o.Waiting("a"); n != 1 || !oldest.Equal(at(3)) || len(o.Items) != 1 {
		t.Errorf("%d since %v, %+v", n, oldest, o.Items)
	}
	if dropped := o.Expire(at(3).Add(MostAge + 1)); len(dropped) != 1 || len(o.Items) != 0 {
		t.Errorf("%+v", dropped)
	}
	for i := range MostWaiting {
		if dropped := add(i, "a"); dropped != nil {
			t.Fatal("dropped", i)
		}
	}
	if dropped := add(7, "a"); len(dropped) != 1 || dropped[0].Data.Line != "0" || len(o.Items) != MostWaiting {
		t.Errorf("%+v", dropped)
	}
}

func TestSavedHasABound(t *testing.T) {
	var o Outbox
	random := strings.Builder{}
	for i := range 100_000 {
		fmt.Fprintf(&random, "%x", message(at(i), Data{}).ID)
	}
	for i := range 10 {
		o.Add(message(at(i), Data{Kind: Decision, Line: random.String()[i*310_000:][:310_000]}), []string{"a"})
	}
	data, dropped, err := Encode(&Told{}, &o)
	if err != nil || len(dropped) == 0 || len(o.Items) == 0 || len(data) > mostSaved {
		t.Errorf("%d bytes, %d dropped, %d left, %v", len(data), len(dropped), len(o.Items), err)
	}
	if _, got, err := Decode(data); err != nil || !reflect.DeepEqual(got, o) {
		t.Errorf("%v", err)
	}
}

func TestWhatCannotBeLoaded(t *testing.T) {
	broken := func(s Saved) []byte {
		data, err := compress(s)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	for _, data := range [][]byte{
		[]byte("x"), broken(Saved{Version: 2, Told: &Told{}}), broken(Saved{Version: 1}),
		broken(Saved{Version: 1, Told: &Told{}, Outbox: Outbox{Items: []Item{{Number: 3}}, Next: 9}}),
		broken(Saved{Version: 1, Told: &Told{}, Outbox: Outbox{Items: []Item{{Message: Message{ID: "a"}, Number: 9}}, Next: 9}}),
	} {
		if _, _, err := Decode(data); err == nil {
			t.Errorf("loaded %q", data)
		}
	}
	if told, o, err := Decode(nil); err != nil || !told.At.IsZero() || o.Items != nil {
		t.Errorf("nothing: %+v %+v %v", told, o, err)
	}
}

// Whatever is saved: decoding ends with what can be encoded again, or an error.
func FuzzDecode(f *testing.F) {
	data, _, err := Encode(&Told{At: noon}, &Outbox{Items: []Item{{Message: Message{ID: "a"}}}, Next: 1})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte("x"))
	f.Fuzz(func(t *testing.T, data []byte) {
		told, o, err := Decode(data)
		if err != nil {
			return
		}
		if _, _, err := Encode(&told, &o); err != nil {
			t.Error(err)
		}
	})
}

func items(all ...Message) (out []Item) {
	for _, m := range all {
		out = append(out, Item{Message: m})
	}
	return out
}

// A text keeps within the limits of the receivers, loses no message, and no name in it is markup.
func TestText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var left []Item
		for range rapid.IntRange(1, 60).Draw(t, "messages") {
			left = append(left, items(message(noon, Data{Line: rapid.StringN(0, 1500, -1).Draw(t, "line"), Owners: map[string]string{"team": "<!channel>"}}))...)
		}
		for len(left) > 0 {
			body, n, err := Text(left)
			var post struct{ Text string }
			if err != nil || n < 1 || json.Unmarshal(body, &post) != nil {
				t.Fatalf("%d, %v: %s", n, err, body)
			}
			if count := len([]rune(post.Text)); count > MostText {
				t.Fatalf("%d characters", count)
			}
			if strings.ContainsAny(post.Text, "<>\r\t") || strings.Count(post.Text, "\n") != n-1 {
				t.Fatalf("%q", post.Text)
			}
			left = left[n:]
		}
	})
	body, _, err := Text(items(message(noon, Data{Line: "a <!channel> & b\n\u202ec", Owners: map[string]string{"team": "shop", "area": "x"}})))
	if want := `{"text":"a \u0026lt;!channel\u0026gt; \u0026amp; b  c area=x team=shop"}`; err != nil || string(body) != want {
		t.Errorf("%s, %v\nwant %s", body, err, want)
	}
}

// A Report of which only one cluster was read again costs what that cluster costs, and tells its rebalances; nothing is kept of a
// cluster that is not read any more.
func TestOtherClustersAreNotLookedAt(t *testing.T) {
	cluster := func(name string, ends ...time.Duration) *engine.ClusterReport {
		c := &engine.ClusterReport{Name: name, Snapshot: &lag.Snapshot{}, Groups: []engine.GroupReport{{Lag: &lag.GroupLag{GroupState: lag.GroupState{Group: "g"}}}}}
		for _, end := range ends {
			c.Groups[0].Rebalances.Events = rebalancemon.NewEvents(append(c.Groups[0].Rebalances.Events.All(), rebalancemon.Event{Cluster: name, Group: "g", Start: noon.Add(end - time.Second), End: noon.Add(end)}))
		}
		return c
	}
	teller := NewTeller(Told{At: noon})
	next := func(after time.Duration, clusters ...*engine.ClusterReport) (lines []string) {
		for _, m := range teller.Next(&engine.Report{At: noon.Add(after), Clusters: clusters}) {
			lines = append(lines, m.Data.Line)
		}
		return lines
	}
	a, b := cluster("a", time.Minute), cluster("b", time.Minute)
	if told := next(2*time.Minute, a, b); len(told) != 2 {
		t.Fatalf("told %q", told)
	}
	if told := next(3*time.Minute, a, b); len(told) != 0 {
		t.Errorf("told again: %q", told)
	}
	if told := next(4*time.Minute, a, cluster("b", time.Minute, 3*time.Minute)); len(told) != 1 || !strings.Contains(told[0], "of b") {
		t.Errorf("told %q", told)
	}
	if told := next(5*time.Minute, a); len(told) != 0 || len(teller.newest) != 1 {
		t.Errorf("told %q; %d groups are remembered", told, len(teller.newest))
	}
	if told := next(6*time.Minute, a, cluster("b", time.Minute, 3*time.Minute)); len(told) != 0 {
		t.Errorf("told again after it came back: %q", told)
	}
}

// A rebalance that was told is known when it is not the last one any more, also if the wall clock was set while it lasted.
func TestTheClockIsSetDuringARebalance(t *testing.T) {
	began := time.Now()
	one := rebalancemon.Event{Group: "g", Start: began, End: lagtest.WallSet(began.Add(time.Second), time.Hour), Generation: 1, Count: 1}
	two := rebalancemon.Event{Group: "g", Start: began.Add(time.Minute), End: began.Add(time.Minute + time.Second), Generation: 2, Count: 1}
	teller, g := NewTeller(Told{At: began}), Group{"main", "g"}
	for _, c := range []struct {
		kept []rebalancemon.Event
		want int32
	}{{[]rebalancemon.Event{one}, 1}, {[]rebalancemon.Event{one, two}, 2}} {
		if got := teller.fresh(g, rebalancemon.NewEvents(c.kept)); len(got) != 1 || got[0].Generation != c.want {
			t.Errorf("%d rebalances are new, want that of generation %d: %+v", len(got), c.want, got)
		}
	}
}
