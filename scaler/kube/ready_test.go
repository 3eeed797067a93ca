package kube

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/kube/v1alpha1"
	"github.com/lagscaler/lagscaler/scaler/need"
)

// Ready names the group or the topic that does not exist, whatever the verdict is. A group that no consumer could have
// joined yet is unknown, not wrong.
func TestReadyNamesWhatDoesNotExist(t *testing.T) {
	for _, c := range []struct {
		name    string
		need    need.Need
		verdict scaler.Reason
		ready   int32
		status  metav1.ConditionStatus
		reason  string
		says    string
	}{
		{"all exist", need.Need{}, scaler.Steady, 1, metav1.ConditionTrue, "Evaluated", "can be read"},
		{"no topic", need.Need{MissingTopics: []string{"orderz"}}, scaler.TopicNotFound, 1, metav1.ConditionFalse, "TopicNotFound", `topic "orderz"`},
		{"no topic, while another is scaled up for", need.Need{MissingTopics: []string{"orderz"}}, scaler.ScaleUp, 1, metav1.ConditionFalse, "TopicNotFound", `topic "orderz"`},
		{"no group", need.Need{Group: "shop", NoGroup: true}, scaler.GroupNotFound, 1, metav1.ConditionFalse, "GroupNotFound", `group "shop"`},
		{"twin: no consumer has started", need.Need{Group: "shop", NoGroup: true}, scaler.NoCommittedOffsets, 0, metav1.ConditionUnknown, v1alpha1.WaitingForGroup, `group "shop"`},
		{"no group and no topic", need.Need{Group: "shop", NoGroup: true, MissingTopics: []string{"a"}}, scaler.TopicNotFound, 0, metav1.ConditionFalse, "TopicNotFound", `group "shop" and topic "a"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := scaler.Decision{Verdict: c.verdict, Current: 1, Needs: []need.Need{c.need}, Why: scaler.Evidence{Ready: c.ready}}
			got := readyCondition(scaler.Outcome{Decision: d})
			if got.Status != c.status || got.Reason != c.reason || !strings.Contains(got.Message, c.says) {
				t.Errorf("%s %s %q, want %s %s with %q", got.Status, got.Reason, got.Message, c.status, c.reason, c.says)
			}
		})
	}
}

// The Event of an advice says first that it is one: its reason names a change that nobody made.
func TestTheEventOfAnAdviceIsNoDeed(t *testing.T) {
	o := scaler.Outcome{Line: "ScaleUp 4 -> 12: why", Disposition: scaler.Advised, Decision: scaler.Decision{Verdict: scaler.ScaleUp, Current: 4, Desired: 12, Wanted: 12}}
	both, _, _ := eventState{}.newEvents(o, time.Unix(1_800_000_000, 0))
	if len(both) != 1 || !strings.HasPrefix(both[0].message, "advice only, nothing is written: it would go from 4 to 12 replicas") {
		t.Errorf("events %+v", both)
	}
	o.Disposition, o.Decision.At = scaler.Applied, time.Unix(1_800_000_000, 0)
	if both, _, _ = (eventState{}).newEvents(o, time.Unix(1_800_000_000, 0)); len(both) != 1 || both[0].message != o.Line {
		t.Errorf("of a deed: events %+v", both)
	}
}
