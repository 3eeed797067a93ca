package worlds

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler"
)

// polled is one poll: what is true, and what the program says.
type polled struct {
	at time.Duration

	// What is true.
	waiting int64         // records that the group would read, and has not
	oldest  time.Duration // how long the oldest of them has waited
	stuck   time.Duration // for how long records have waited at a reader that hangs; 0: none hangs
	needs   int32         // replicas without which the arrivals of this time are not processed
	spec    int32         // of the target
	ready   int32
	behind  bool // records are not committed
	arrived bool // records arrived since the poll before
	dark    bool // the poll could not read everything
	started bool // it is the first of this process

	// What the program says.
	status   lag.Status
	rates    lag.Rates
	measured lag.Measurement
	decision scaler.Decision
	pages    []string
	burns    []string // burn-rate alerts that fire
	series   series
}

// note adds the poll that the program has just finished.
func (r *run) note(rep *engine.Report) {
	p := polled{at: r.now, dark: r.sees.dark(), spec: r.fleet.spec, ready: r.fleet.ready(), needs: r.needs()}
	if r.other != nil { // what both have
		p.spec, p.ready = p.spec+r.other.fleet.spec, p.ready+r.other.fleet.ready()
	}
	for _, part := range r.reading() {
		p.see(part, r)
	}
	if s, ok := seriesOf(r.now, rep, r.cluster); ok {
		p.pages = r.alerts.next(s)
		p.burns, p.series = r.alerts.budget.burning(r.now), s
	} else {
		r.alerts.gap()
	}
	if c, ok := rep.Cluster(r.cluster); ok {
		p.started = rep.Polls[0].Polls == 1
		if g, ok := c.Group(groupName); ok {
			p.status, p.rates, p.measured = g.Rates.Status, g.Rates, g.Measure(nil)
		}
	}
	if len(rep.Scalers) > 0 {
		p.decision = rep.Scalers[0].Decision
	}
	r.seen = append(r.seen, p)
}

func (p *polled) see(part *partition, r *run) {
	p.waiting += part.waiting
	p.behind = p.behind || part.waiting > 0 || part.position > part.commit
	b, ok := part.first()
	if !ok {
		return
	}
	age := r.now - b.at
	p.oldest = max(p.oldest, age)
	if part.stuck {
		p.stuck = max(p.stuck, age+r.step())
	}
	p.arrived = p.arrived || b.at > r.now-r.interval
}

// needs is how many replicas the traffic of this time needs.
func (r *run) needs() int32 {
	rate, partitions := 0.0, 0
	for _, t := range r.side.topics {
		if slices.Contains(r.reads, t.name) {
			rate, partitions = rate+t.rate(r.now), partitions+len(t.partitions)
		}
	}
	switch {
	case r.group.kind == lag.Share: // no partition limits them
		partitions = math.MaxInt32
	case r.group.joins:
		partitions /= len(r.reads)
	}
	consumers := math.Ceil(rate/r.group.speed - 1e-9)
	return int32(math.Ceil(min(consumers, float64(partitions)) / float64(r.fleet.threads)))
}

// verdict is a line about a poll, for the message of a judge.
func (p *polled) verdict() string {
	return fmt.Sprintf("%v: %d replicas (%d ready), %d wait for up to %v, %s; %s -> %d %v %v", p.at, p.spec, p.ready, p.waiting, p.oldest,
		p.status, p.decision.Verdict, p.decision.Desired, p.pages, p.burns)
}
