package record

import (
	"errors"
	"fmt"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/asleep"
	"github.com/lagscaler/lagscaler/scaler/breaker"
	"github.com/lagscaler/lagscaler/scaler/say"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// Version is the format of a recording.
const Version = 1

// Header is the first line of a recording.
type Header struct {
	Version   int    `json:"version"`
	Lagscaler string `json:"lagscaler"` // the version of lagscaler that made the decisions

	By        string `json:"by,omitempty"`        // the replica of lagscaler
	Continues bool   `json:"continues,omitempty"` // the file follows another one of the same process
}

// Start says how a recorded memory relates to the polls before it; see the table of the package.
type Start string

// The starts of a memory.
const (
	Fresh     Start = "fresh"     // the scaler had no readings: the replay is exact from here on
	Continues Start = "continues" // follows the poll at After: the replay is exact if it has read that poll
	Cut       Start = "cut"       // polls are missing before it: the replay warms up first
)

// line is any line of a recording except the first.
type line struct {
	Scaler string `json:"scaler"`

	Memory *scaler.Memory `json:"memory,omitempty"`
	Start  Start          `json:"start,omitempty"`
	After  time.Time      `json:"after,omitzero"` // only with Continues: the time of the previous poll

	Poll     *poll     `json:"poll,omitempty"`
	Decision *Decision `json:"decision,omitempty"` // nil: this poll made none, the previous decision was still valid

	Fact          *engine.Fact     `json:"fact,omitempty"`
	Known         []engine.InForce `json:"known,omitempty"`         // what was in force when the file began
	Configuration string           `json:"configuration,omitempty"` // of a fact: which one was in force
	Lost          int              `json:"lost,omitempty"`          // facts that were not written before this line
}

// Decision is the part of a decision that a replay compares.
type Decision struct {
	At      time.Time       `json:"at"`
	Current int32           `json:"current"`
	Desired int32           `json:"desired"`
	Verdict scaler.Reason   `json:"verdict"`
	Steps   []scaler.Step   `json:"steps,omitempty"`
	Line    string          `json:"line"` // the decision in one line, as lagscaler explain prints it
	Notes   []scaler.Reason `json:"notes,omitempty"`
}

func decisionOf(d scaler.Decision) Decision {
	return Decision{At: d.At, Current: d.Current, Desired: d.Desired, Verdict: d.Verdict, Steps: d.Steps, Notes: d.Notes, Line: say.Line(d)}
}

// poll is a scaler.Input without its memory, as JSON. SLO and Schedule are separate because a Policy does not marshal them.
type poll struct {
	Now      time.Time           `json:"now"`
	Clock    seen.Clock          `json:"clock"`
	Sources  []source            `json:"sources"`
	Workload seen.Workload       `json:"workload"`
	Policy   scaler.Policy       `json:"policy"`
	SLO      lag.SLO             `json:"slo"`
	Schedule []scaler.WindowSpec `json:"schedule,omitempty"`
	Acts     bool                `json:"acts,omitempty"`
	Asleep   *asleep.State       `json:"asleep,omitempty"`
	Brakes   []scaler.Brake      `json:"brakes,omitempty"`
	Fleet    breaker.Stop        `json:"fleet,omitzero"`
}

// source is a seen.Source. Its specification is a named field, so that no two JSON keys are equal.
type source struct {
	Spec      seen.SourceSpec `json:"spec"`
	Lag       *lag.GroupLag   `json:"lag"`
	Silent    []int32         `json:"silent,omitempty"`
	Missing   []string        `json:"missing,omitempty"`
	Rebalance seen.Rebalance  `json:"rebalance"`
	Ends      []lag.TopicRead `json:"ends,omitempty"`
	Absent    []string        `json:"absent,omitempty"`
	ClusterID string          `json:"clusterId,omitempty"`
	Interval  time.Duration   `json:"interval,omitempty"` // between two polls of its cluster

	TimeLagAtLeast float64 `json:"timeLagAtLeast,omitempty"`
	TimeLagAtMost  float64 `json:"timeLagAtMost,omitempty"`

	Times []lag.RecordTimes `json:"times,omitempty"`

	Judged       uint64        `json:"judged,omitempty"`
	Late         uint64        `json:"late,omitempty"`
	JudgedWithin time.Duration `json:"judgedWithin,omitempty"`
}

func pollOf(in scaler.Input) *poll {
	p := &poll{Now: in.Now, Clock: in.Clock, Workload: in.Workload, Policy: in.Policy, SLO: in.Policy.SLO, Acts: in.Acts, Asleep: in.Asleep, Brakes: in.Brakes, Fleet: in.Fleet}
	for _, s := range in.Sources {
		p.Sources = append(p.Sources, source{
			s.SourceSpec, s.Lag, s.Silent, s.Missing, s.Rebalance, s.Ends, s.Absent, s.ClusterID, s.Interval,
			s.TimeLagAtLeast, s.TimeLagAtMost, s.Times, s.Judged, s.Late, s.JudgedWithin,
		})
	}
	for _, w := range in.Policy.Schedule {
		p.Schedule = append(p.Schedule, w.WindowSpec)
	}
	return p
}

// input is the recorded Input, without its memory.
func (p *poll) input() (scaler.Input, error) {
	in := scaler.Input{Now: p.Now, Clock: p.Clock, Workload: p.Workload, Policy: p.Policy, Acts: p.Acts, Asleep: p.Asleep, Brakes: p.Brakes, Fleet: p.Fleet}
	in.Policy.SLO = p.SLO
	for _, s := range p.Sources {
		in.Sources = append(in.Sources, seen.Source{
			SourceSpec: s.Spec, Lag: s.Lag, Silent: s.Silent, Missing: s.Missing, Rebalance: s.Rebalance, Ends: s.Ends, Absent: s.Absent, ClusterID: s.ClusterID, Interval: s.Interval,
			TimeLagAtLeast: s.TimeLagAtLeast, TimeLagAtMost: s.TimeLagAtMost, Times: s.Times,
			Judged: s.Judged, Late: s.Late, JudgedWithin: s.JudgedWithin,
		})
	}
	var errs []error
	for _, w := range p.Schedule {
		window, err := w.Parse()
		in.Policy.Schedule, errs = append(in.Policy.Schedule, window), append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return scaler.Input{}, fmt.Errorf("schedule: %w", err)
	}
	return in, nil
}
