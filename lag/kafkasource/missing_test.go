package kafkasource_test

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource"
)

// leaveOut makes coordinators tell only the first commits of each group, without an error, as one does that has not
// seen the others replicated. It lasts until the polls that are given are over.
func (r *rig) leaveOut(tell int, polls int) {
	r.ControlKey(int16(kmsg.OffsetFetch), func(req kmsg.Request) (kmsg.Response, error, bool) {
		if polls--; polls > 0 {
			r.KeepControl()
		}
		resp := req.ResponseKind().(*kmsg.OffsetFetchResponse)
		for _, g := range req.(*kmsg.OffsetFetchRequest).Groups {
			told := kmsg.OffsetFetchResponseGroup{Group: g.Group}
			for p := range tell {
				told.Topics = append(told.Topics, kmsg.OffsetFetchResponseGroupTopic{
					Topic:      "orders",
					Partitions: []kmsg.OffsetFetchResponseGroupTopicPartition{{Partition: int32(p), Offset: 5}},
				})
			}
			resp.Groups = append(resp.Groups, told)
		}
		return resp, nil, true
	})
}

func TestCommitsAreMissingForAMoment(t *testing.T) {
	for name, told := range map[string]int{"none is told": 0, "some are told": 1} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, kafkasource.Config{}, kfake.NumBrokers(1))
			r.Create("orders", 2)
			r.Append("orders", 0, 10)
			r.Append("orders", 1, 10)
			r.Commit("shop", "orders", 0, 5)
			r.Commit("shop", "orders", 1, 5)
			first := lag.Compute(r.observe(), nil, nil)
			r.leaveOut(told, 1)
			o := r.observe()
			if g := group(t, o, "shop"); g.Err != lag.CommitsMissing || !g.CommitsAt.IsZero() || len(g.Commits) > 0 {
				t.Errorf("group %+v: commits do not vanish without a word", g)
			}
			s := lag.Compute(o, first, nil)
			g, _ := s.Group("shop")
			if total, complete := g.Total(); total != 10 || complete {
				t.Errorf("total %d, complete %v: want the last one, and that it is not of this poll", total, complete)
			}
			quiet(t, r.observe())
		})
	}
}

func TestCommitsThatStayAwayAreGone(t *testing.T) {
	r := newRig(t, atOnce, kfake.NumBrokers(1))
	r.Create("orders", 1)
	r.Commit("shop", "orders", 0, 5)
	quiet(t, r.observe())
	r.leaveOut(0, 2)
	r.observe() // missing from now on
	o := r.observe()
	quiet(t, o)
	if g := group(t, o, "shop"); len(g.Commits) > 0 || g.CommitsAt.IsZero() {
		t.Errorf("group %+v", g)
	}
}

func TestCommitsGoWithTheirTopic(t *testing.T) {
	for name, after := range map[string]func(r *rig){
		"deleted":   func(r *rig) { r.Delete("orders") },
		"recreated": func(r *rig) { r.Delete("orders"); r.Create("orders", 1) },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, kafkasource.Config{}, kfake.NumBrokers(1))
			r.Create("orders", 1)
			r.Commit("shop", "orders", 0, 5)
			quiet(t, r.observe())
			after(r)
			r.leaveOut(0, 1)
			quiet(t, r.observe())
		})
	}
}
