package closedloop

import (
	"encoding/json"
	"slices"
	"time"

	program "github.com/lagscaler/lagscaler/internal/daemon"
	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/rebalancemon"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// Report is one line of a daemon: what it published.
type Report struct {
	At      time.Time
	Leader  bool
	Scalers []ScalerReport
	Missing []string // rights
	Metrics string   // where its metrics are

	Polled     time.Time            // when the cluster was last read
	Failed     []lag.ReadError      // of that poll: what it left unknown
	Whole      []string             // groups of which that poll read everything
	Rebalances []rebalancemon.Event // those that are new, or say something new
}

// Complete reports whether the last poll left nothing unknown.
func (r Report) Complete() bool { return !r.Polled.IsZero() && lag.Complete(r.Failed) }

// ScalerReport is what a daemon published about one KafkaScaler.
type ScalerReport struct {
	Name        string
	Refused     string
	Line        string
	Disposition scaler.Disposition
	Failure     string
	Decision    scaler.Decision
	Given       *int32 // replicas that another autoscaler, which asks, was told at the last decision; nil: none asks
	Workload    seen.Workload
	Ups, Downs  uint64
	Errors      uint64
	Rebalancing bool // one of its groups, at this poll
}

// publisher hands Reports on to the test.
type publisher struct {
	daemon  *program.Daemon
	out     *json.Encoder
	metrics string
	began   time.Time                     // when the clock of this process was right
	told    map[string]rebalancemon.Event // by group: the last one
}

func (p *publisher) publish(r *engine.Report) {
	line := Report{At: p.right(r.At), Leader: r.Leader, Missing: p.daemon.MissingRights(), Metrics: p.metrics}
	for _, s := range r.Scalers {
		decision := s.Decision
		decision.At = p.right(decision.At)
		line.Scalers = append(line.Scalers, ScalerReport{
			Name: s.Name, Refused: s.Refusal.String(), Line: s.Line, Disposition: s.Disposition, Failure: s.Failure, Decision: decision,
			Given: given(s), Workload: s.Workload, Ups: s.Counts.Ups, Downs: s.Counts.Downs, Errors: s.Counts.Errors,
			Rebalancing: rebalancing(r, s.Sources),
		})
	}
	for _, c := range r.Clusters {
		line.Polled, line.Failed, line.Whole = p.right(c.Snapshot.At), c.Snapshot.Errors, whole(c)
		for _, ev := range p.untold(c) {
			ev.Start, ev.End = p.right(ev.Start), p.right(ev.End)
			line.Rebalances = append(line.Rebalances, ev)
		}
	}
	_ = p.out.Encode(line) // the test that reads it has ended
}

func given(s engine.ScalerReport) *int32 {
	if !s.Workload.Followed || s.Given == nil {
		return nil
	}
	return &s.Given.Replicas
}

// right is a time as a clock says it that is right, whatever the wall clock of this process was set to since it began.
func (p *publisher) right(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return p.began.Add(t.Sub(p.began))
}

// whole are the groups of which the last poll read everything.
func whole(c *engine.ClusterReport) []string {
	var names []string
	for i := range c.Groups {
		if g := &c.Groups[i]; g.Lag.Err == lag.OK && g.Lag.Missed == 0 && g.Summary.Complete {
			names = append(names, g.Lag.Group)
		}
	}
	return names
}

// untold are the events of a cluster that are new since the last line.
func (p *publisher) untold(c *engine.ClusterReport) []rebalancemon.Event {
	var out []rebalancemon.Event
	for i := range c.Groups {
		all := c.Groups[i].Rebalances.Events.All()
		if len(all) == 0 {
			continue
		}
		group, last := c.Groups[i].Lag.Group, all[len(all)-1]
		told, from := p.told[group], len(all)
		for from > 0 && (all[from-1].Generation != told.Generation || !all[from-1].Start.Round(0).Equal(told.Start.Round(0))) {
			from--
		}
		for _, e := range all[from:] {
			out = append(out, besides(e, last))
		}
		p.told[group] = last
	}
	return out
}

// besides is an event with the times of the clock that is not set, as the last one has them: an older one has those of the wall clock alone.
func besides(e, last rebalancemon.Event) rebalancemon.Event {
	began := last.Start.Round(0)
	e.Start, e.End = last.Start.Add(e.Start.Round(0).Sub(began)), last.Start.Add(e.End.Round(0).Sub(began))
	return e
}

// rebalancing reports whether one of the groups is between two assignments.
func rebalancing(r *engine.Report, sources []seen.SourceSpec) bool {
	for _, cluster := range r.Clusters {
		for i := range cluster.Groups {
			stats := &cluster.Groups[i].Rebalances
			named := func(src seen.SourceSpec) bool { return src.Group == stats.Group }
			if stats.Rebalancing && slices.ContainsFunc(sources, named) {
				return true
			}
		}
	}
	return false
}
