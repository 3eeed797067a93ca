package engine

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/bill"
)

// disk keeps memories as bytes, as every store does.
type disk map[string][]byte

func (d disk) load(t *testing.T) map[string]scaler.Memory {
	t.Helper()
	out := map[string]scaler.Memory{}
	for name, data := range d {
		m, err := scaler.LoadMemory(data)
		if err != nil {
			t.Fatal(err)
		}
		out[name] = m
	}
	return out
}

// The bill and the timeline go on after a handover to another replica, and the time in which nobody led is unknown. What the follower saw
// itself counts for nothing: the leader has it.
func TestTheBillGoesOnWithAnotherLeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		other, leads := &memories{}, true
		advising := settings(&kafka{name: "main", end: 100, committed: 100, members: 3})
		advising.Mode = scaler.Advise
		first := New(advising, Options{Targets: idle(t), Memories: &memories{}, Leading: func() bool { return leads }})
		second := New(advising, Options{Targets: idle(t), Memories: other, Leading: func() bool { return !leads }})
		tick := func(d time.Duration, engines ...*Engine) {
			for range int(d / (10 * time.Second)) {
				for _, e := range engines {
					e.Tick(t.Context(), time.Now())
				}
				time.Sleep(10 * time.Second)
			}
		}
		begun := time.Now()
		tick(2*time.Hour, first, second)
		saved := disk{}
		for name, m := range first.scaling.memory.learned {
			data, err := m.Save()
			if err != nil {
				t.Fatal(err)
			}
			saved[name] = data
		}
		time.Sleep(30 * time.Minute) // nobody
		other.saved, leads = saved.load(t), false
		tick(time.Hour, second)
		one := second.Latest().Scalers[0]
		sum := one.Bill.Sum(time.Now(), bill.Week)
		if hours := sum.Seconds / 3600; hours < 2.9 || hours > 3.01 || sum.Ran < 2.99*sum.Seconds || sum.Ran > 3.01*sum.Seconds || sum.From.Sub(begun).Abs() > time.Minute {
			t.Errorf("%.2f h of 3 h are known since %v: %+v", hours, sum.From, sum)
		}
		if _, since := one.Timeline.Rebalances(time.Now()); since.Sub(begun).Abs() > time.Minute {
			t.Errorf("the timeline begins at %v", since)
		}
	})
}
