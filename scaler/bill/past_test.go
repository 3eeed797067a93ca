package bill

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Hours come out as they were put in, to the last bit.
func TestPast(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.OneOf(rapid.Just[float32](0), rapid.Just[float32](3600), rapid.Float32Range(0, 1e12))
		var want []hour
		for range rapid.IntRange(0, 30).Draw(t, "hours") {
			h := hour{}
			for _, v := range h.numbers() {
				*v = number.Draw(t, "number")
			}
			want = append(want, h)
		}
		kept := pastOf(want)
		if got := kept.hours(); !slices.Equal(got, want) {
			t.Fatalf("%+v became %+v", want, got)
		}
	})
}

// A week takes 2 KB where the size and arrivals change all the time, and little where nothing changes.
func TestRoomOfAWeek(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		name    string
		changes bool
		most    int
	}{{"changes", true, 2500}, {"stays", false, 200}} {
		w := begin()
		for range 200 {
			w.run(time.Hour, func(p *Poll) {
				if p.Ours = true; c.changes {
					p.Replicas = float64(5 + r.IntN(40))
					p.Judged.Records += uint64(r.IntN(10_000_000))
					p.Judged.Late += uint64(r.IntN(500))
				}
			})
		}
		if took := len(w.a.past); took > c.most || len(w.a.past.hours()) != Week-1 {
			t.Errorf("%s: %d hours take %d bytes, want at most %d", c.name, len(w.a.past.hours()), took, c.most)
		}
	}
}
