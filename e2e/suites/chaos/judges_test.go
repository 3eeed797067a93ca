package chaos

import (
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/closedloop"
	"github.com/lagscaler/lagscaler/e2e/servers/kafka/coordlog"
	"github.com/lagscaler/lagscaler/e2e/servers/kube"
	"github.com/lagscaler/lagscaler/rebalancemon"
	"github.com/lagscaler/lagscaler/scaler"
)

func at(second int) time.Time { return time.Unix(1_800_000_000+int64(second), 0) }

// said is a report of the leader.
func said(second int, from, to int32, verdict scaler.Reason, whole ...string) closedloop.Report {
	return closedloop.Report{
		At: at(second), Leader: true, Polled: at(second), Whole: whole, Scalers: []closedloop.ScalerReport{{
			Decision: scaler.Decision{At: at(second), Current: from, Desired: to, Verdict: verdict},
		}},
	}
}

func proceedings(perSecond int, sizes []int32, reports ...closedloop.Report) evidence {
	e := evidence{group: "orders", traffic: &traffic{rates: []rate{{at(0), perSecond}}}, said: []testimony{{"one", at(0), reports}}}
	for i, n := range sizes {
		e.sizes = append(e.sizes, kube.Size{At: at(100 * i), Replicas: n})
	}
	return e
}

// The judges must see what is wrong, or the page proves nothing. Each case has its twin, which is right.
func TestJudgesOfWrites(t *testing.T) {
	for _, test := range []struct {
		name  string
		given evidence
		wrong int
	}{
		{"down to what the traffic needs", proceedings(90, []int32{3, 2}, said(100, 3, 2, scaler.ScaleDown, "orders", "others")), 0},
		{"down below it", proceedings(110, []int32{3, 2}, said(100, 3, 2, scaler.ScaleDown, "orders")), 1},
		{"down on partial data", proceedings(90, []int32{3, 2}, said(100, 3, 2, scaler.ScaleDown, "others")), 1},
		{"up on partial data", proceedings(110, []int32{2, 3}, said(100, 2, 3, scaler.ScaleUp)), 0},
		{"partial only after the decision", proceedings(90, []int32{3, 2}, said(99, 3, 2, scaler.ScaleDown, "orders"), said(101, 2, 2, scaler.DataPartial)), 0},
		{"by nobody", proceedings(90, []int32{3, 2}, said(100, 3, 3, scaler.Steady, "orders")), 1},
		{"by a decision of long ago", proceedings(90, []int32{3, 2}, said(20, 3, 2, scaler.ScaleDown, "orders")), 1},
	} {
		if got := test.given.wrongWrites(); len(got) != test.wrong {
			t.Errorf("%s: %d wrong, want %d: %v", test.name, len(got), test.wrong, got)
		}
	}
}

// Traffic that rose a moment ago is no reason to call what was written before it wrong.
func TestTrafficThatHasJustRisen(t *testing.T) {
	e := proceedings(90, []int32{3, 2}, said(100, 3, 2, scaler.ScaleDown, "orders"))
	e.traffic.rates = append(e.traffic.rates, rate{at(99), 170})
	if got := e.wrongWrites(); len(got) != 0 {
		t.Error(got)
	}
	e.traffic.rates[1].At = at(80)
	if got := e.wrongWrites(); len(got) != 1 {
		t.Errorf("%v: it was so high for 20 s", got)
	}
}

func TestJudgeOfTheLease(t *testing.T) {
	lease := func(by string, second int) apiWrite { return apiWrite{by, true, at(second), at(second)} }
	scale := func(by string, second int) apiWrite { return apiWrite{by, false, at(second), at(second)} }
	for _, test := range []struct {
		name   string
		writes []apiWrite
		wrong  int
	}{
		{"by its holder", []apiWrite{lease("one", 1), scale("one", 10)}, 0},
		{"by its holder before another had it", []apiWrite{lease("one", 1), scale("one", 10), lease("two", 17), scale("two", 18)}, 0},
		{"by who had it before", []apiWrite{lease("one", 1), lease("two", 17), scale("one", 18)}, 1},
		{"after it had ended", []apiWrite{lease("one", 1), scale("one", 20)}, 1},
		{"by who never had it", []apiWrite{scale("one", 20)}, 1},
	} {
		if got := (evidence{writes: test.writes}).withoutLease(); len(got) != test.wrong {
			t.Errorf("%s: %v", test.name, got)
		}
	}
}

func TestJudgeOfRebalances(t *testing.T) {
	e := proceedings(90, nil)
	e.logged = []coordlog.Rebalance{{Group: "orders", Epoch: 4, Start: at(10), End: at(11), Outcome: coordlog.Completed}}
	event := rebalancemon.Event{Group: "orders", Start: at(10), End: at(12), Generation: 4, Count: 1, Resolution: time.Second}
	later := event
	later.End = at(13) // the same, told again
	e.said[0].reports = []closedloop.Report{{At: at(12), Rebalances: []rebalancemon.Event{event}}, {At: at(13), Rebalances: []rebalancemon.Event{later}}}
	if got := e.madeUp(); len(got) != 0 {
		t.Error(got)
	}
	e.said[0].reports[1].Rebalances[0].Count = 2
	if got := e.madeUp(); len(got) != 1 {
		t.Errorf("%v: one of two was logged", got)
	}
	e.said[0].reports[1].Rebalances[0] = rebalancemon.Event{Group: "orders", Start: at(50), End: at(51), Generation: 4, Count: 1}
	if got := e.madeUp(); len(got) != 1 {
		t.Errorf("%v: the same generation cannot come twice", got)
	}
}

func TestJudgeOfLateRecords(t *testing.T) {
	for _, test := range []struct {
		name       string
		verdict    scaler.Reason
		perSecond  int
		late, held int64
	}{
		{"held below the traffic", scaler.DataStale, 110, 7, 7},
		{"held, and enough", scaler.DataStale, 90, 7, 0},
		{"not held", scaler.Steady, 110, 7, 0},
	} {
		e := proceedings(test.perSecond, nil, said(100, 2, 2, test.verdict))
		e.records = [][]consumed{{{at(90), 0}, {at(105), 7}, {at(300), 7}}}
		var late, held int64
		for _, c := range e.late() {
			late += c.N
			if c.Held {
				held += c.N
			}
		}
		if late != test.late || held != test.held {
			t.Errorf("%s: %d late, %d of them held; want %d, %d", test.name, late, held, test.late, test.held)
		}
	}
}

func TestCountersThatGoBack(t *testing.T) {
	c := newCounters()
	for _, v := range []float64{1, 3, 3, 2, 4} {
		c.compare("one polls_total", v)
	}
	c.compare("two polls_total", 1) // another process has its own
	if len(c.fallen) != 1 {
		t.Errorf("%v: it went back once", c.fallen)
	}
}
