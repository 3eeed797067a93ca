package scaler

import (
	"math"
	"regexp"
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

// work is the part of a Memory that is not saved: the readings of the last minutes and since when conditions hold.
// It is replaced, never changed, once Evaluate has returned it.
type work struct {
	standing *Decision
	held     Reason // the standing hold, and since when
	heldFrom time.Time
	sources  []watch // as Input.Sources
	target   targetWatch
	week     weekStep
}

// watch is what is being seen of one source.
type watch struct {
	cluster, group string
	window         window
	lag            *lag.GroupLag // the last reading
	took           bool          // this poll brought it
	fresh          fresh         // how good this poll was
	crew           crew
	useful         int32 // partitions of the last complete poll that can have a consumer each; 0: none yet

	outage  time.Time // since when polls have been partial or stale; zero: they are not
	from    time.Time // windows begin here: they restart after an outage
	fewer   time.Time // since when fewer replicas would do; zero: they would not
	missing time.Time // since when members are missing
	idle    time.Time // since when there is neither lag nor an arrival
	peaks   peaks     // of arrivals, over the stabilization window
	season  peak      // of the current five minutes
	judged  int64     // up to here forecasts were held against what came
	learned lessons
	ended   time.Time // of the last rebalance that was learned from
}

// fresh says how good this poll was.
type fresh uint8

const (
	complete fresh = iota
	partial        // some partitions did not answer
	stale          // the group could not be read
)

// observe takes this poll's reading in.
func (w *watch) observe(in *Input, src *Source, clk Clock) {
	gap := w.gap(src.Lag, clk)
	w.took = src.Lag != nil && src.Lag.Err == lag.OK && w.isNew(src.Lag)
	if w.took {
		w.take(src, clk)
		tip := w.window.tip()
		tip.sustained = w.window.sustained(in.Policy.TargetLag / 2)
	}
	w.fresh = w.state(in.Now, src, clk)
	switch {
	case w.fresh != complete && w.outage.IsZero():
		w.outage = in.Now
	case w.fresh == complete && (gap || !w.outage.IsZero() || w.from.IsZero()):
		w.outage, w.from, w.fewer, w.idle, w.peaks = time.Time{}, in.Now, time.Time{}, time.Time{}, peaks{}
	}
	if w.fresh == complete && w.window.tip().rated {
		w.peaks.add(in.Now, clk.of(in.Policy.StabilizationWindow), w.window.tip().rate)
	}
}

// gap reports whether nothing was read for a while, or the clock was set back: then the readings begin anew.
func (w *watch) gap(g *lag.GroupLag, clk Clock) bool {
	if g == nil || w.window.len() == 0 {
		return false
	}
	step := readAt(g).UnixNano() - w.window.tip().at
	if step < -int64(clk.Poll) {
		w.window.lo = w.window.hi
	}
	return step < -int64(clk.Poll) || step > 5*int64(clk.Poll)
}

func (w *watch) isNew(g *lag.GroupLag) bool {
	return w.window.len() == 0 || readAt(g).UnixNano() > w.window.tip().at
}

func readAt(g *lag.GroupLag) time.Time {
	if g.ReadAt.IsZero() {
		return g.At
	}
	return g.ReadAt
}

func (w *watch) take(src *Source, clk Clock) {
	g := src.Lag
	if !w.window.shape.fits(g) {
		next := shapeOf(g, src.wants())
		if w.window.shape == nil {
			w.window.shape = next
		} else {
			w.window.reshape(next)
		}
	}
	at, same := readAt(g).UnixNano(), w.sameSince(g)
	r, cells := w.window.grow(at, clk.of(shareWindow)+2*clk.Poll)
	*r = row{at: at, same: same, members: int32(len(g.Members))}
	r.complete = w.window.shape.read(g, cells)
	if n := w.window.len(); n > 1 && r.same != at && !slices.EqualFunc(cells, w.window.cells(n-2), sameOwner) {
		r.same = at
	}
	w.lag = g
	w.rate(r, clk)
	if r.complete {
		w.useful = usefulPartitions(g, w.window.shape)
	}
}

func sameOwner(a, b cell) bool { return a.owner == b.owner }

// sameSince is since when the members are the ones there are; owners are compared once they have been read.
func (w *watch) sameSince(g *lag.GroupLag) int64 {
	if w.lag == nil || w.window.len() == 0 || w.lag.Generation != g.Generation || w.lag.Epoch != g.Epoch ||
		!slices.EqualFunc(w.lag.Members, g.Members, sameMember) {
		return readAt(g).UnixNano()
	}
	return w.window.tip().same
}

func sameMember(a, b lag.Member) bool { return a.ID == b.ID }

// rate sums arrivals and commits up over the rate window, and since the poll before.
func (w *watch) rate(r *row, clk Clock) {
	base, before := w.window.before(clk.of(rateWindow), clk.Poll/2), w.window.len()-2
	for c := range w.window.shape.columns {
		if arriving, committing, ok := w.window.rates(base, c); ok {
			r.rate, r.consumed, r.rated = r.rate+arriving, r.consumed+committing, true
		}
		if arriving, _, ok := w.window.rates(max(0, before), c); ok {
			r.last += arriving
		}
	}
	if w.window.jumps(clk) {
		r.jump = r.last
	}
}

// state is how good this poll was: what a decision may rest on.
func (w *watch) state(now time.Time, src *Source, clk Clock) fresh {
	switch g := src.Lag; {
	case g == nil || g.Err != lag.OK || g.Missed > 0 || now.Sub(readAt(g)) > 2*clk.Poll+clk.Poll/2:
		return stale
	case !w.window.tip().complete:
		return partial
	}
	return complete
}

// wants tells the topics of the source from the group's others.
func (s SourceSpec) wants() func(topic string) bool {
	if len(s.Topics) == 0 && s.TopicPattern == "" {
		return func(string) bool { return true }
	}
	// A pattern that does not compile was refused when the policy was made; here it simply matches nothing.
	pattern, err := regexp.Compile("^(?:" + s.TopicPattern + ")$")
	return func(topic string) bool {
		return slices.Contains(s.Topics, topic) || s.TopicPattern != "" && err == nil && pattern.MatchString(topic)
	}
}

// peaks are maxima of a rate over a window that moves: parts of it, each a maximum.
type peaks struct {
	step int64 // the newest part
	max  [peakParts]float64
}

// peakParts is how many parts a window has: 240 s in parts of 8 s, and one more so that it is never shorter.
const peakParts = 31

func (p *peaks) add(now time.Time, window time.Duration, rate float64) {
	step := now.UnixNano() / max(1, int64(window)/(peakParts-1))
	for p.step < step-peakParts {
		*p = peaks{step: step}
	}
	for p.step < step {
		p.step++
		p.max[p.step%peakParts] = 0
	}
	p.max[step%peakParts] = max(p.max[step%peakParts], rate)
}

func (p *peaks) peak() float64 {
	m := math.Inf(-1)
	for _, v := range p.max {
		m = max(m, v)
	}
	return max(0, m)
}
