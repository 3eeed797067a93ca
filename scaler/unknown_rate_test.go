package scaler_test

import (
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/asleep"
	"github.com/lagscaler/lagscaler/scaler/need"
	"github.com/lagscaler/lagscaler/scaler/say"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// A source names a topic that the group does not consume. The group's members belong to somebody else, so their number says
// nothing about what the target needs, and no arrival is known. The twin names the topic that the group consumes.
func TestAnUnknownRateScalesNothing(t *testing.T) {
	for topic, up := range map[string]bool{"orderz": false, "orders": true} {
		t.Run(topic, func(t *testing.T) {
			source := seen.SourceSpec{Cluster: "main", Group: "orders", Topics: []string{topic}, ProcessingTime: 20 * time.Millisecond}
			policy, err := scaler.Spec{Mode: scaler.Act, Sources: []seen.SourceSpec{source}}.Policy()
			if err != nil {
				t.Fatal(err)
			}
			in := scaler.Input{
				Policy: policy, Sources: []seen.Source{{SourceSpec: source}},
				Workload: seen.Workload{Ref: seen.Ref{Kind: "Deployment", Name: "orders"}, Found: true, HasScale: true, Spec: 1, Status: 1, Ready: 1},
			}
			scaled := false
			for poll := range int64(30) {
				in.Now = time.Unix(1_800_000_000+10*poll, 0)
				in.Sources[0].Lag = groupOfOthers(in.Now, 3000*poll)
				r := scaler.Evaluate(in)
				in.Memory = r.Memory
				if r.Decision.Desired > 1 {
					scaled = true
				}
				t.Log(say.Line(r.Decision))
			}
			if scaled != up {
				t.Errorf("scaled up: %v, want %v", scaled, up)
			}
		})
	}
}

// A line has no number for a lag that is not known. Twins: it is known.
func TestLinesOfAnUnknownLag(t *testing.T) {
	known, unknown := need.Need{RateKnown: true, LagKnown: true}, need.Need{RateKnown: true}
	for _, c := range []struct {
		name    string
		verdict scaler.Reason
		kind    scaler.PolicyKind
		need    need.Need
		want    string
	}{
		{"to zero", scaler.ScaleToZero, scaler.Capacity, unknown, "no arrivals for 5 min (idleTime); lag unknown, no partition has a committed offset"},
		{"twin: to zero, all is read", scaler.ScaleToZero, scaler.Capacity, known, "no lag and no arrivals for 5 min (idleTime)"},
		{"kept awake", scaler.KeptAwake, scaler.Capacity, unknown, "no arrivals for 5 min (idleTime); lag unknown, no partition has a committed offset"},
		{"below the limits", scaler.Steady, scaler.Thresholds, unknown, "lag unknown; 0/s arrive"},
		{"twin: below the limits, all is read", scaler.Steady, scaler.Thresholds, known, "lag 0 records, worst partition 0, below the limits 100 000 and 50 000"},
	} {
		d := scaler.Decision{
			At: time.Unix(1_800_000_000, 0), Verdict: c.verdict, Current: 1, Wanted: 1, Needs: []need.Need{c.need},
			Policy: scaler.Policy{Kind: c.kind, IdleTime: 5 * time.Minute}, Why: scaler.Evidence{Keeps: &asleep.Keeps{}},
		}
		if got := say.Detail(d); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// A line has no number of members while nobody has said who is in the group. Twins: the group has none.
func TestLinesOfUnknownMembers(t *testing.T) {
	for _, c := range []struct {
		verdict scaler.Reason
		unknown bool
		want    string
	}{
		{scaler.NoMembers, true, "who is in the group is not known, though 3 replicas are ready"},
		{scaler.NoMembers, false, "the group has no member, though 3 replicas are ready"},
		{scaler.MembersMissing, true, "who is in the group is not known, though 3 replicas are ready"},
		{scaler.MembersMissing, false, "only 0 of 3 consumers joined the group, though 3 replicas are ready"},
		{scaler.Settling, true, "waits until the last change is complete; 3 of 3 replicas ready, who joined is not known; arrivals unknown"},
		{scaler.Settling, false, "waits until the last change is complete; 3 of 3 replicas ready, 0 consumers joined; arrivals unknown"},
	} {
		d := scaler.Decision{
			Verdict: c.verdict, Desired: 3, Current: 3, Needs: []need.Need{{Group: "orders", MembersUnknown: c.unknown}},
			Why: scaler.Evidence{Ready: 3, Expected: 3, PerReplica: 1},
		}
		if got := say.Detail(d); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s, unknown %v: %q, want %q", c.verdict, c.unknown, got, c.want)
		}
	}
}

// groupOfOthers has two members, one topic of two partitions, and consumes all that arrives.
func groupOfOthers(at time.Time, end int64) *lag.GroupLag {
	g := &lag.GroupLag{Members: []lag.Member{{ID: "a", ClientID: "a", Host: "10.0.0.1"}, {ID: "b", ClientID: "b", Host: "10.0.0.2"}}}
	g.At, g.ReadAt, g.Group, g.State = at, at, "orders", lag.Stable
	topic := lag.TopicLag{Topic: "orders"}
	for p := range int32(2) {
		topic.Partitions = append(topic.Partitions, lag.PartitionLag{
			Partition: p, Owner: p, Committed: end, End: end, Known: lag.KnownCommitted | lag.KnownEnd | lag.KnownStart,
		})
	}
	g.Topics = []lag.TopicLag{topic}
	return g
}

// A lower bound of the time lag is what polls have read: an estimate by rates is none, also where some partitions are not known.
func TestALowerBoundIsNoEstimate(t *testing.T) {
	const backlog, polled = 20_000, 2 * time.Minute
	for name, c := range map[string]struct {
		unknown int
		from    need.TimeLagFrom
	}{
		"all partitions answer":             {0, need.LateEstimated},
		"twin: one of them does not answer": {1, need.LateAtLeast},
	} {
		w := newWorld()
		w.source.ProcessingTime, w.noWrites = 10*time.Millisecond, true
		if err := w.start(1); err != nil {
			t.Fatal(err)
		}
		w.rate = 90
		for p := range w.end {
			w.end[p] += backlog
		}
		w.unknown = c.unknown
		d := lastOf(w.polls(polled))
		n := d.Needs[0]
		if n.LagSecondsFrom != c.from {
			t.Fatalf("%s: the time lag is %s: %s", name, n.LagSecondsFrom, say.Line(d))
		}
		if bound := n.LagSecondsFrom == need.LateAtLeast; bound == (n.LagSeconds > polled.Seconds()+10) {
			t.Errorf("%s: %.0f s of a group that was read for %v", name, n.LagSeconds, polled)
		}
	}
}
