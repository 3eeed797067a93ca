package web

import (
	"github.com/lagscaler/lagscaler/internal/api"
	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/lag"
)

// Row is one group on the groups page.
type Row struct {
	Cluster string     `json:"cluster"`
	Group   string     `json:"group"`
	Labels  api.Labels `json:"labels,omitempty"` // whose the group is; absent if nobody says
	State   string     `json:"state"`
	Status  string     `json:"status"`
	Measured
	Target      *float64 `json:"targetSeconds"`
	Direction   string   `json:"direction"` // growing, shrinking, steady, unknown
	Trend       *float64 `json:"trend"`     // records/s
	Drain       *float64 `json:"drainSeconds"`
	Members     *int     `json:"members"`    // null: unknown
	Partitions  *int     `json:"partitions"` // null: unknown
	Error       string   `json:"error,omitempty"`
	AgeSeconds  *float64 `json:"ageSeconds"` // of what is shown; null: it was never read
	Rebalancing bool     `json:"rebalancing"`
	Advice      int      `json:"advice"`
	Scaler      *Scaled  `json:"scaler"` // null: nothing scales it

	code    lag.ErrorCode // of Error
	partial bool          // it was read, but some of its partitions did not answer
	missed  bool          // a topic that it read lately is read by nobody, and records arrive there
}

// Measured is a group's lag, time lag and rates; null: unknown.
type Measured struct {
	Lag         *int64   `json:"lag"`                  // records
	Complete    bool     `json:"complete"`             // false: lag is a lower bound
	LateSeconds *float64 `json:"lateSeconds"`          // time lag of the worst partition
	LateAtLeast bool     `json:"lateAtLeast"`          // it is at least that
	LateAtMost  *float64 `json:"lateAtMost,omitempty"` // an upper bound, if lateSeconds is not known
	Produced    *float64 `json:"produced"`             // records/s
	Consumed    *float64 `json:"consumed"`

	Stuck []api.Stuck `json:"stuck,omitempty"` // stalled partitions
}

func measuredOf(m lag.Measurement) Measured {
	out := Measured{Stuck: api.StuckOf(m.Stuck), Complete: m.Complete, Produced: rate(m.Produced), Consumed: rate(m.Consumed)}
	if m.LagKnown {
		out.Lag = &m.Lag
	}
	if late, atLeast, ok := m.TimeLag.Value(); ok {
		out.LateSeconds, out.LateAtLeast = &late, atLeast
	}
	if most, ok := m.TimeLag.AtMost(); ok {
		out.LateAtMost = &most
	}
	return out
}

// Scaled is a scaler of a group and its last decision, in short.
type Scaled struct {
	Name        string `json:"name"`
	Replicas    *int32 `json:"replicas"` // null: unknown
	Desired     *int32 `json:"desired"`  // null: nothing is decided
	LimitedBy   string `json:"limitedBy,omitempty"`
	Line        string `json:"line"`
	Disposition string `json:"disposition"`
}

func rowsOf(r *engine.Report, scaled map[[2]string]*engine.ScalerReport) []Row {
	var rows []Row
	for _, c := range r.Clusters {
		for i := range c.Groups {
			row := rowOf(r, c.Name, &c.Groups[i])
			if s, ok := scaled[[2]string{c.Name, row.Group}]; ok {
				row.scaledBy(s)
			}
			rows = append(rows, row)
		}
	}
	return rows
}

func rowOf(r *engine.Report, cluster string, g *engine.GroupReport) Row {
	sum, rates := &g.Summary, &g.Rates
	row := Row{
		Cluster: cluster, Group: g.Lag.Group, Measured: measuredOf(g.Measure(nil)), State: string(g.Lag.State), Status: string(rates.Status),
		Direction: string(rates.Direction), Labels: g.Labels,
		Error:       g.Lag.Err.String(),
		Rebalancing: g.Rebalances.Rebalancing || g.Lag.State.Rebalancing(), Advice: len(g.Rebalances.Advice),
		code: g.Lag.Err, partial: g.Lag.Err == lag.OK && sum.Unknown > 0, missed: rates.Missed > 0,
	}
	if !g.Lag.ReadAt.IsZero() {
		row.AgeSeconds = new(r.Age(g.Lag).Seconds())
	}
	if n := len(g.Lag.Members); g.Lag.MembersKnown() {
		row.Members = &n
	}
	if n := sum.Partitions; !g.Lag.ReadAt.IsZero() && !g.Lag.Absent() && sum.Counted() {
		row.Partitions = &n
	}
	if slo := g.SLO.LagTime.Seconds(); slo > 0 {
		row.Target = &slo
	}
	row.Trend = rate(rates.Trend)
	if s, ok := rates.Drain.Value(); ok {
		row.Drain = &s
	}
	return row
}

func rate(r lag.Rate) *float64 {
	if v, ok := r.Value(); ok {
		return &v
	}
	return nil
}

// scaledGroups are the groups that a scaler decides for. A refused scaler decides nothing, and must not stand in the place
// of one that does.
func scaledGroups(r *engine.Report) map[[2]string]*engine.ScalerReport {
	scaled := map[[2]string]*engine.ScalerReport{}
	for i := range r.Scalers {
		if r.Scalers[i].Refused() {
			continue
		}
		for _, src := range r.Scalers[i].Sources {
			scaled[[2]string{src.Cluster, src.Group}] = &r.Scalers[i]
		}
	}
	return scaled
}

// scaledBy adds the group's scaler. Its target lag replaces the group's threshold as the target.
func (row *Row) scaledBy(s *engine.ScalerReport) {
	target := s.Policy.TargetLag.Seconds()
	row.Target = &target
	row.Scaler = &Scaled{
		Name: s.Name,
		Line: s.Line, Disposition: string(s.Disposition),
	}
	row.Scaler.Replicas, row.Scaler.Desired = replicas(s)
	if n := len(s.Decision.Steps); n > 0 {
		row.Scaler.LimitedBy = string(s.Decision.Steps[n-1].Reason)
	}
}
