package scaler_test

import (
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler"
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
