package scaler

import (
	"time"

	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/need"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// play is an advice to scale up, played along as if it had been written: in advise nothing is written, so that nothing settles
// and no backlog is drained. The pods start within the horizon, and then process at their capacity.
//
//	12:00:00  1 000/s arrive, 4 consumers process 400/s; the advice is 12
//	12:00:53  12 consumers would run now: of the backlog of 30 000 records they drain 200/s
//	12:01:30  22 600 would be left, though 54 000 wait: so much counts
//
// It ends when the target has another size, and a while after no more than that size was advised: the backlog that still waits
// at the real target would be gone by then.
type play struct {
	size   int32     // replicas as if the advice had been written; 0: there is none
	before int32     // replicas before that advice, as if the one before it had been written
	spec   int32     // of the target
	since  time.Time // when the size was advised
	at     time.Time // the backlogs of the sources are as of then
}

// playedFor is for how long a backlog counts as drained after the last advice to scale up.
const playedFor = 15 * time.Minute

// starting reports whether the pods of the advice would still start.
func (p play) starting(now time.Time, horizon time.Duration) bool { return now.Sub(p.since) < horizon }

// playAlong brings the backlog of every source to the present.
func (r *recent) playAlong(in *Input, now *seen.State, learned *learn.State) {
	if in.Policy.Mode == Act || in.Policy.Kind != Capacity || r.play.size == 0 || r.play.spec != now.Workload.Spec ||
		r.play.size == r.play.spec && now.Now.Sub(r.play.since) > now.Clock.Scale(playedFor) {
		r.play = play{}
	}
	for i := range r.sources {
		h, s := &now.Sources[i], &r.sources[i]
		s.played = r.play.source(h, s, now, learned)
	}
	r.play.at = now.Now
}

// source is what would be left of a source's backlog, and what its consumers would process. It is nil while it is what is.
func (p play) source(h *seen.History, s *sourceState, now *seen.State, learned *learn.State) *need.Played {
	known := learned.Source(h)
	if p.size == 0 || known == nil || !h.Rated() {
		return nil
	}
	per, from := known.Capacity()
	starting := p.starting(now.Now, learned.Memory.Horizon(known, now.Clock))
	if !from.Known() || starting && p.before == p.spec {
		return nil
	}
	replicas := p.size
	if starting {
		replicas = p.before
	}
	capacity := float64(s.members.Consumers(replicas)) * per
	backlog := h.Readings.Waiting()
	if s.played != nil {
		backlog = min(backlog, max(0, s.played.Backlog+(h.Readings.Last().Rate-capacity)*now.Now.Sub(p.at).Seconds()))
	}
	return &need.Played{Backlog: backlog, PerSecond: capacity}
}

// after is the play after a decision.
func (p play) after(d *Decision) play {
	switch {
	case d.Policy.Mode == Act || d.Policy.Kind != Capacity || p.size == 0 && d.Desired <= d.Current:
		return play{}
	case p.size == 0:
		return play{size: d.Desired, before: d.Current, spec: d.Current, since: d.At, at: p.at}
	case d.Desired > p.size:
		p.before, p.since = p.size, d.At
	}
	p.size = max(d.Desired, d.Current)
	return p
}
