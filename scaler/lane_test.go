package scaler_test

import (
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// Between two steps up for arrivals that the members can still process there are 20 s, whoever wrote the first one: a new leader decides
// at its first poll, seconds after a write of the leader before. For arrivals that they cannot process there is no pause.
func TestAPauseAfterAWriteOfAnotherLeader(t *testing.T) {
	w := newWorld()
	w.source.ProcessingTime, w.rate = 10*time.Millisecond, 300
	if err := w.start(4); err != nil {
		t.Fatal(err)
	}
	w.run(20*time.Minute, nil)
	w.noWrites = true
	for _, c := range []struct {
		rate  float64
		ago   time.Duration
		grows bool
	}{
		{390, time.Second, false},
		{390, 10 * time.Second, false},
		{390, 20 * time.Second, true},
		{390, time.Minute, true},
		{1500, time.Second, true},
	} {
		w.rate = c.rate
		w.run(2*time.Minute, nil)
		in := w.input()
		in.Memory = w.memory.Undecided()
		in.Workload.LastWrite = seen.Write{At: w.now.Add(-c.ago), From: 3, To: in.Workload.Spec}
		d := scaler.Evaluate(in).Decision
		if grows := d.Desired > d.Current; grows != c.grows {
			t.Errorf("%v/s, %v after a write: %d to %d, %s", c.rate, c.ago, d.Current, d.Desired, d.Verdict)
		}
	}
}
