package standby

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

const delay = time.Minute

func TestMirror(t *testing.T) {
	type poll struct {
		at           time.Duration
		active, copy Ends
	}
	read := func(n int64) Ends { return Ends{n, true} }
	for name, c := range map[string]struct {
		polls []poll
		own   int64
	}{
		"first look":                    {[]poll{{0, read(10), read(9)}}, 0},
		"the mirror is late":            {[]poll{{0, read(10), read(4)}, {30 * time.Second, read(10), read(10)}, {2 * time.Minute, read(10), read(10)}}, 0},
		"records of its own":            {[]poll{{0, read(10), read(10)}, {70 * time.Second, read(10), read(10)}, {2 * time.Minute, read(10), read(13)}}, 3},
		"both grow":                     {[]poll{{0, read(10), read(10)}, {2 * time.Minute, read(14), read(14)}}, 0},
		"then the active one is quiet":  {[]poll{{0, read(10), read(10)}, {2 * time.Minute, read(14), read(14)}, {190 * time.Second, read(14), read(14)}, {4 * time.Minute, read(14), read(15)}}, 1},
		"the active one cannot be read": {[]poll{{0, read(10), read(10)}, {20 * time.Second, Ends{}, read(12)}, {70 * time.Second, Ends{}, read(15)}}, 5},
		"for one poll only":             {[]poll{{0, read(10), read(10)}, {20 * time.Second, Ends{}, read(12)}, {30 * time.Second, read(12), read(12)}, {40 * time.Second, read(12), read(12)}}, 0},
		"the copy cannot be read":       {[]poll{{0, read(10), read(10)}, {2 * time.Minute, read(10), Ends{}}}, 0},
		"nothing was read for long":     {[]poll{{0, read(10), read(10)}, {2 * time.Minute, read(10), read(13)}}, 0},
		"the copy is made anew":         {[]poll{{0, read(10), read(10)}, {70 * time.Second, read(10), read(10)}, {2 * time.Minute, read(10), read(0)}, {3 * time.Minute, read(10), read(2)}}, 2},
	} {
		m, now := Mirror{}, noon
		for _, p := range c.polls {
			now = noon.Add(p.at)
			m = m.Next(now, p.active, p.copy, delay)
		}
		if own := m.Own(now, delay); own != c.own {
			t.Errorf("%s: %d records of its own, want %d: %+v", name, own, c.own, m)
		}
	}
}

// A mirror that is never later than its delay never wakes anybody, whatever cannot be read in between. Records that producers write to
// the copy wake as soon as the active cluster has had none for longer than the delay, if they come after that.
func TestMirrorTellsCopiesFromProducers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type appended struct {
			at time.Time
			n  int64
		}
		var underWay []appended
		m, now, active, copied, last := Mirror{}, noon, int64(0), int64(0), noon
		step := func(arrives int64, activeRead, copyRead bool) {
			now = now.Add(10 * time.Second)
			if arrives > 0 {
				active, last = active+arrives, now
				underWay = append(underWay, appended{now, arrives})
			}
			activeRead = activeRead || len(underWay) > 0
			for len(underWay) > 0 && (now.Sub(underWay[0].at) >= delay || rapid.Bool().Draw(t, "copied")) {
				copied, underWay = copied+underWay[0].n, underWay[1:]
			}
			m = m.Next(now, Ends{active, activeRead}, Ends{copied, copyRead}, delay)
		}
		for range rapid.IntRange(2, 60).Draw(t, "polls") {
			step(rapid.SampledFrom([]int64{0, 0, 0, 5}).Draw(t, "arrives"), rapid.Bool().Draw(t, "active read"), rapid.Bool().Draw(t, "copy read"))
			if own := m.Own(now, delay); own != 0 {
				t.Fatalf("%d records of the mirror wake: %+v", own, m)
			}
		}
		read := rapid.Bool().Draw(t, "active read at the end")
		for now.Sub(last) <= 3*delay {
			step(0, read, true)
		}
		before := m.Own(now, delay)
		copied += 3
		if step(0, read, true); before != 0 || m.Own(now, delay) != 3 {
			t.Fatalf("%d, then %d records of its own, want 0, then 3: %+v", before, m.Own(now, delay), m)
		}
	})
}
