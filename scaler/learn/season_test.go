package learn

import (
	"math"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/scaler/seen"
)

// The peak of the hour is that of the steps within it, the present one included.
func TestPeak(t *testing.T) {
	now := seen.State{Now: time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC), Sources: []seen.History{{}}}
	for _, c := range []struct {
		name string
		ago  time.Duration // of 900/s
		want float64
	}{
		{"within the hour", 40 * time.Minute, 900},
		{"long ago", 2 * time.Hour, 300},
		{"now", 0, 900},
	} {
		s := State{Memory: Memory{Sources: []Source{{}}}, Progress: Progress{sources: make([]progress, 1)}}
		maxima := &s.Memory.Sources[0].Season.Maxima
		for ago := 3 * time.Hour; ago > 0; ago -= SeasonStep {
			rate := 300.0
			if ago == c.ago {
				rate = 900
			}
			*maxima = maxima.put(now.Now.Add(-ago), rate)
		}
		hour := &s.Progress.sources[0].hour
		*hour = hour.next(now.Now, &seen.History{Quality: seen.Stale})
		if c.ago == 0 {
			hour.current.max = 900
		}
		if got := s.Peak(0, &now, 55*time.Minute); math.Abs(got-c.want) > 1 {
			t.Errorf("%s: %v/s, want %v/s", c.name, got, c.want)
		}
	}
}

// A memory whose steps down are not in order, because the wall clock was set back between them, is loaded.
func TestLoadOfASetClock(t *testing.T) {
	ten := time.Date(2026, 1, 5, 10, 0, 0, 0, time.UTC)
	data, err := Memory{Downs: []time.Time{ten, ten.Add(-30 * time.Minute)}}.Save()
	if err != nil {
		t.Fatal(err)
	}
	m, err := Load(data)
	if err != nil || len(m.Downs) != 2 || !m.Downs[1].Equal(ten) {
		t.Errorf("%v, %v", m.Downs, err)
	}
}
