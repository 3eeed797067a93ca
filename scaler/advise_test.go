package scaler_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
)

// played is what a scaler answered, each ten seconds after the arrivals rose.
type played struct{ size, answer []int32 }

// rise plays arrivals that rise from 300/s to a rate, with 4 consumers of 100/s and a backlog. Where nothing is written, the
// target stays as it is.
func rise(t *testing.T, mode scaler.Mode, rate, backlog float64, lasts time.Duration) played {
	t.Helper()
	w := newWorld()
	w.spec.Mode, w.noWrites = mode, mode != scaler.Act
	w.rate, w.source.ProcessingTime = 300, 10*time.Millisecond
	if err := w.start(4); err != nil {
		t.Fatal(err)
	}
	w.run(15*time.Minute, nil)
	w.rate = rate
	if err := w.happen([]string{"replay", fmt.Sprint(backlog)}); err != nil {
		t.Fatal(err)
	}
	var p played
	for range int(lasts.Seconds()) {
		w.second()
		if w.now.Unix()%10 == 0 {
			p.answer = append(p.answer, w.poll().Decision.Desired)
			p.size = append(p.size, w.wl.Spec)
		}
	}
	return p
}

// Advise answers what act would do: the same traffic leads to the same number of replicas, though nothing is written and the
// backlog of the target grows. Advise plays its advice along, as if it had been written.
func TestAdviseAnswersWhatActWouldDo(t *testing.T) {
	for _, c := range []struct{ rate, backlog float64 }{{500, 0}, {800, 0}, {1500, 0}, {380, 100_000}, {300, 80_000}, {800, 100_000}} {
		t.Run(fmt.Sprintf("%v per s and %v waiting", c.rate, c.backlog), func(t *testing.T) {
			const lasts = 10 * time.Minute
			act, advise := rise(t, scaler.Act, c.rate, c.backlog, lasts), rise(t, scaler.Advise, c.rate, c.backlog, lasts)
			t.Logf("\nact    %v\nadvise %v", act.size, advise.answer)
			most, end := slices.Max(act.size), act.size[len(act.size)-1]
			if got := slices.Max(advise.answer); 2*got < 2*most || 2*got > 3*most {
				t.Errorf("advise asks for up to %d, act runs up to %d", got, most)
			}
			if got := advise.answer[len(advise.answer)-1]; got != end {
				t.Errorf("after %v advise says %d, act runs %d", lasts, got, end)
			}
			for i, got := range advise.answer[6:] {
				if got < end {
					t.Errorf("%d s after the rise advise says %d, act ends at %d", 10*(i+6), got, end)
				}
			}
		})
	}
}
