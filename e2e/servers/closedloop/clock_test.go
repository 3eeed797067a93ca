package closedloop

import (
	"path/filepath"
	"testing"
	"time"
)

// A clock that is set forward or back jumps, the monotonic clock goes on, and the times that a daemon tells are right nevertheless.
func TestStepClock(t *testing.T) {
	if !CanStepClocks {
		t.Skip("skipped: the clock of a process can be set only on Linux with amd64")
	}
	file := filepath.Join(t.TempDir(), "clock")
	StepClock(t, file, 0)
	if err := skewClock(file); err != nil {
		t.Fatal(err)
	}
	p := publisher{began: time.Now()}
	for _, by := range []time.Duration{10 * time.Minute, -10 * time.Minute, 0} {
		StepClock(t, file, by)
		now := time.Now()
		jumped := now.Round(0).Sub(p.began.Round(0)).Round(time.Minute) // of the wall clock
		if went := now.Sub(p.began); jumped != by || went < 0 || went > time.Minute {
			t.Errorf("set by %v: the clock jumped by %v, and %v passed", by, jumped, went)
		}
		if told := p.right(now).Round(0).Sub(p.began.Round(0)); told < 0 || told > time.Minute {
			t.Errorf("set by %v: a time is told that is wrong by %v", by, told)
		}
	}
	if !p.right(time.Time{}).IsZero() {
		t.Error("no time is told as one")
	}
}
