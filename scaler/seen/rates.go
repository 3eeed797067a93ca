package seen

import (
	"math"
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

// ShareWindow is the window over which it is counted how arrivals spread over partitions. For arrivals and commits it is
// [lag.RateWindow].
const ShareWindow = 600 * time.Second

// rate adds up arrivals and commits over the rate window, and since the poll before; read are the newest offsets, as they were read.
//
// It is not the rate of metrics and pages (lag.Rates), which is unknown when no interval of the window is valid. A decision is
// made also then, so this one takes the whole window: with the pause of a rebalance in it, and of the partitions that answer.
func (r *Readings) rate(last *Newest, read []Offsets, clk Clock) {
	base, before := r.From(r.Before(clk.Scale(lag.RateWindow), clk.Slack())), r.From(max(0, r.Len()-2))
	for c, now := range read {
		if arriving, committing, ok := base.rates(c, now); ok {
			last.Rate, last.Consumed, last.Rated = last.Rate+arriving, last.Consumed+committing, true
		}
		if arriving, _, ok := before.rates(c, now); ok {
			last.LastRate += arriving
		}
	}
	if jump, before, ok := r.jump(clk); ok {
		last.Jump, last.JumpTo = jump, r.jumpTo(jump, before)
	}
}

// Span is the time from one reading to the newest.
type Span struct {
	readings   *Readings
	from       int // the first reading
	then, last *Reading
	seconds    float64
}

// From is the time from reading i to the newest.
func (r *Readings) From(i int) Span {
	then, last := r.list[i], r.Last().Reading
	return Span{readings: r, from: i, then: then, last: last, seconds: time.Duration(last.At - then.At).Seconds()}
}

// Seconds is how long it is.
func (s *Span) Seconds() float64 { return s.seconds }

// Rates are a partition's arrivals and commits in the span, in records/s. When an offset goes back, the group was rewound or
// the topic is a new one: the rate is then 0.
func (s *Span) Rates(column int) (arriving, committing float64, ok bool) {
	return s.rates(column, s.last.Offsets.Of(column))
}

// rates are the Rates of a column with these newest offsets.
func (s *Span) rates(column int, now Offsets) (arriving, committing float64, ok bool) {
	was, seconds := s.then.Offsets.Of(column), s.seconds
	if now.Known&KnowsEnd == 0 {
		return 0, 0, false
	}
	if was.Known&KnowsEnd == 0 {
		other, at, known := s.readings.lastKnown(s.from, column)
		if !known {
			return 0, 0, false
		}
		was, seconds = other, time.Duration(s.last.At-at).Seconds()
	}
	if seconds <= 0 {
		return 0, 0, false
	}
	arrived, _ := lag.Progress(was.End, now.End)
	arriving = float64(arrived) / seconds
	if now.Known&was.Known&KnowsPosition != 0 {
		committed, _ := lag.Progress(was.Position, now.Position)
		committing = float64(committed) / seconds
	}
	return arriving, committing, true
}

// lastKnown is the last answer of a partition at reading i or before it, else the first after it.
func (r *Readings) lastKnown(i, column int) (o Offsets, at int64, ok bool) {
	for k := i; k >= 0; k-- {
		if o = r.list[k].Offsets.Of(column); o.Known&KnowsEnd != 0 {
			return o, r.list[k].At, true
		}
	}
	for k := i + 1; k < len(r.list)-1; k++ {
		if o = r.list[k].Offsets.Of(column); o.Known&KnowsEnd != 0 {
			return o, r.list[k].At, true
		}
	}
	return Offsets{}, 0, false
}

const (
	jumpNoise   = 4  // standard deviations that a jump must exceed
	jumpUsual   = 3  // times the median change from poll to poll that it must exceed
	jumpHistory = 12 // polls
)

// jump is what arrives now and what arrived before, if far more arrived since the last poll than the rate window makes expect: beyond
// the noise of counting, and beyond the usual change of the traffic from poll to poll. A producer that stops for some seconds sends
// afterwards what it could not send: what was missing in the two polls before is no part of a jump.
//
//	100/s, then 100, 300        100 to 300
//	100/s, then 50, 150         the 50 that are too many were missing before: no jump
//	100/s, then 50, 350         100 to 300
func (r *Readings) jump(clk Clock) (jump, before float64, ok bool) {
	n := r.Len()
	if n < jumpHistory/2 {
		return 0, 0, false
	}
	last := r.Last()
	jump, before = last.LastRate, r.At(n-2).LastRate
	expected := last.Rate
	if missing, usually := r.missing(clk); missing > 0 {
		jump, before, expected = jump-missing, max(before, usually), max(expected, usually)
	}
	more := jump - expected
	if more < noise(expected, clk) {
		return 0, 0, false
	}
	var usual []float64
	for i := max(1, n-jumpHistory); i < n-3; i++ {
		usual = append(usual, math.Abs(r.At(i).LastRate-r.At(i-1).LastRate))
	}
	slices.Sort(usual)
	return jump, before, more >= jumpUsual*usual[len(usual)/2]
}

// noise is what counting alone may change of a rate from poll to poll.
func noise(rate float64, clk Clock) float64 { return jumpNoise * math.Sqrt(rate/clk.Poll.Seconds()) }

// missing is how much less arrived at the two polls before the newest than usually before them, beyond the noise. A poll that some
// partitions did not answer shows less than arrived: it tells nothing.
func (r *Readings) missing(clk Clock) (rate, usually float64) {
	n := r.Len()
	usually = r.At(n - 4).Rate
	for i := n - 3; i < n-1; i++ {
		at := r.At(i)
		if short := usually - at.LastRate; at.Complete && short > noise(usually, clk) {
			rate += short
		}
	}
	return rate, usually
}

// jumpTo is what a jump is expected to come to. Nothing tells when between two polls it began: the first poll after it saw half of
// it on average, so that the difference to the poll before counts twice. It is one more reason for replicas, and no record that waits.
func (r *Readings) jumpTo(jump, before float64) float64 {
	if previous := r.At(r.Len() - 2); previous.Jump > 0 || !r.Last().Complete || !previous.Complete {
		return jump
	}
	return max(jump, 2*jump-before)
}

// peaks are the greatest rate over a window that moves: the maximum of every part of it.
type peaks struct {
	step int64 // the newest part
	max  [peakParts]float64
}

// peakParts is how many parts a window has: 240 s in parts of 8 s, and one more so that it is never shorter.
const peakParts = 31

func (p *peaks) add(now int64, window time.Duration, rate float64) {
	step := now / max(1, int64(window)/(peakParts-1))
	for p.step < step-peakParts {
		*p = peaks{step: step}
	}
	for p.step < step {
		p.step++
		p.max[p.step%peakParts] = 0
	}
	p.max[step%peakParts] = max(p.max[step%peakParts], rate)
}

func (p *peaks) greatest() float64 { return max(0, slices.Max(p.max[:])) }
