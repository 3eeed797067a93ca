package learn

import (
	"math"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/scaler/seen"
)

// Capacity at most doubles in an hour, however often a consumer did more.
func TestCapacityRisesSlowly(t *testing.T) {
	m, s := Source{PerConsumer: 10}, samples{}
	now := seen.State{Now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Clock: seen.Clock{}.Filled()}
	take := func(one sample) {
		s = s.with(one)
		m.update(one, s.sustained(), &now)
	}
	for range 119 {
		take(sample{members: 3, best: 1000, sum: 3000})
		now.Now = now.Now.Add(30 * time.Second)
	}
	if m.PerConsumer != 20 {
		t.Errorf("after an hour: %v, want 20", m.PerConsumer)
	}
	take(sample{members: 3, saturated: 3, median: 1, best: 1, sum: 3})
	if want := 0.7*20 + 0.3; math.Abs(m.PerConsumer-want) > 1e-9 {
		t.Errorf("one slow window: %v, want %v", m.PerConsumer, want)
	}
}
