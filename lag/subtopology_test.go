package lag

import (
	"reflect"
	"testing"
)

func TestSubtopologyOf(t *testing.T) {
	g := GroupLag{Subtopologies: []Subtopology{{"0", []string{"both", "left", "right"}}, {"1", []string{"both", "other"}}}}
	for topic, want := range map[string]string{"left": "0", "right": "0", "other": "1", "both": "", "none": ""} {
		if got, ok := g.SubtopologyOf(topic); got != want || ok != (want != "") {
			t.Errorf("%s: %q, %v", topic, got, ok)
		}
	}
}

// What is known of subtopologies outlasts a rebalance, and no more than that.
func TestSubtopologiesOutlastARebalance(t *testing.T) {
	join := []Subtopology{{"0", []string{"left", "right"}}}
	apart := []Subtopology{{"0", []string{"left"}}, {"1", []string{"right"}}}
	half, otherHalf := []Subtopology{{"0", []string{"left"}}}, []Subtopology{{"1", []string{"right"}}}
	both := []Member{{ID: "a", Topics: []string{"left", "right"}}}
	for name, c := range map[string]struct {
		state       State
		members     []Member
		undescribed bool
		now, before []Subtopology
		want        []Subtopology
	}{
		"at rest":                             {state: Stable, members: both, now: join, before: apart, want: join},
		"the first poll":                      {state: Stable, members: both, now: half, want: half},
		"some tasks are being moved":          {state: Stable, members: both, now: half, before: join, want: join},
		"a changed program, half of it":       {state: Stable, members: both, now: otherHalf, before: join, want: otherHalf},
		"between two assignments":             {state: PreparingRebalance, members: both, undescribed: true, before: join, want: join},
		"nobody is there":                     {state: Empty, before: join, want: join},
		"members of something else":           {state: Stable, members: both, before: join},
		"nothing was ever known":              {state: Empty},
		"KIP-1071, whose topology is checked": {state: NotReady, members: both, before: join, want: join},
	} {
		r := &GroupRead{
			GroupState: GroupState{State: c.state}, Members: c.members, Subtopologies: c.now, Described: !c.undescribed,
		}
		if got := describe(r, &GroupLag{Subtopologies: c.before, Members: c.members}).Subtopologies; !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}
