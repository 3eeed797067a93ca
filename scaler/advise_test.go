package scaler_test

import (
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
)

// played is what a scaler answered, each second after the arrivals rose.
type played struct{ size, answer []int32 }

// rise plays arrivals that rise from 300/s to a rate, with 4 consumers of 100/s. Where nothing is written, the target stays.
func rise(t *testing.T, mode scaler.Mode, rate float64, lasts time.Duration) played {
	t.Helper()
	w := newWorld()
	w.spec.Mode, w.noWrites = mode, mode != scaler.Act
	w.rate, w.source.ProcessingTime = 300, 10*time.Millisecond
	if err := w.start(4); err != nil {
		t.Fatal(err)
	}
	w.run(15*time.Minute, nil)
	w.rate = rate
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

// Advise answers what act would do on the same traffic. Nothing is written, so that nothing settles, and each answer is for the
// target as it is, with the backlog. So advise never asks for less than act has by then, and is there as soon.
func TestAdviseAnswersWhatActWouldDo(t *testing.T) {
	for _, rate := range []float64{500, 800, 1500} {
		act, advise := rise(t, scaler.Act, rate, 5*time.Minute), rise(t, scaler.Advise, rate, 5*time.Minute)
		most := int32(0)
		for i := range act.size {
			most = max(most, act.size[i])
			// a regular decision is at most 30 s away
			if now := max(advise.answer[i], later(advise.answer, i, 3)); now < act.size[i] {
				t.Errorf("%v/s, %d s after the rise: advise says %d, act runs %d\nact %v\nadvise %v", rate, 10*i, advise.answer[i], act.size[i], act.size, advise.answer)
				break
			}
		}
		if first := advise.answer[12]; first < most {
			t.Errorf("%v/s: two minutes after the rise advise says %d, act runs at most %d\nact %v\nadvise %v", rate, first, most, act.size, advise.answer)
		}
		if last := advise.answer[len(advise.answer)-1]; last > 2*most {
			t.Errorf("%v/s: after five minutes advise says %d, docs/scaling.md says up to twice the %d of act", rate, last, most)
		}
	}
}

func later(list []int32, from, polls int) (most int32) {
	for _, n := range list[from:min(len(list), from+polls+1)] {
		most = max(most, n)
	}
	return most
}
