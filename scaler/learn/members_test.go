package learn

import (
	"slices"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/scaler/seen"
)

// How long a member that died may stay: as declared, as seen within a day, 45 s, and 30 min at most.
func TestSessionTime(t *testing.T) {
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name     string
		source   *Source
		declared time.Duration
		want     time.Duration
	}{
		{"nothing is known", nil, 0, 45 * time.Second},
		{"declared", &Source{Session: 300, SessionAt: now}, 10 * time.Second, 10 * time.Second},
		{"seen", &Source{Session: 300, SessionAt: now.Add(-23 * time.Hour)}, 0, 5 * time.Minute},
		{"seen the day before", &Source{Session: 300, SessionAt: now.Add(-25 * time.Hour)}, 0, 45 * time.Second},
		{"longer than brokers allow", &Source{Session: 7200, SessionAt: now}, 0, 30 * time.Minute},
		{"shorter than the default", &Source{Session: 6, SessionAt: now}, 0, 45 * time.Second},
	} {
		if got := c.source.SessionTime(c.declared, now, seen.Clock{}.Filled()); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// The least ratio of the last hour counts, and the last one for as long as there is no other.
func TestTheLeastRatioOfAnHour(t *testing.T) {
	at := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	var list []Ratio
	for _, c := range []struct {
		after   time.Duration
		members int32
		want    []int32
	}{
		{0, 3, []int32{3}},
		{time.Minute, 4, []int32{3, 4}},         // another Deployment grew, or a debug consumer
		{59 * time.Minute, 5, []int32{3, 4, 5}}, //
		{2 * time.Minute, 4, []int32{4}},        // 3 was an hour ago, and 4 is less than 5
		{10 * time.Hour, 7, []int32{7}},
		{time.Minute, 1, []int32{1}},
	} {
		at = at.Add(c.after)
		list = withRatio(list, Ratio{c.members, at}, time.Hour)
		var got []int32
		for _, r := range list {
			got = append(got, r.Members)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%v later %d members for each replica: %v, want %v", c.after, c.members, got, c.want)
		}
	}
}
