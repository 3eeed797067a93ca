package tryout

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/sim"
)

// Outcome is what happened to one scaler in one case: a row of the JSON contract.
type Outcome struct {
	Scaler string `json:"scaler"`
	Case   string `json:"case"`

	StepsUp       int      `json:"stepsUp"`
	StepsDown     int      `json:"stepsDown"`
	ConsumerHours float64  `json:"consumerHours"`
	Records       *int64   `json:"records"`       // that arrived; null: not known
	LateRecords   *int64   `json:"lateRecords"`   // of them, processed later than the present targetLag
	LatePercent   *float64 `json:"latePercent"`   // the same
	OldestSeconds *float64 `json:"oldestSeconds"` // how long a record waited at most
	Held          []Held   `json:"held"`          // the brakes that held, the longest first
}

// Held is a brake that held.
type Held struct {
	Reason    scaler.Reason `json:"reason"`
	Limit     string        `json:"limit,omitempty"` // which one of brakes.limits
	Decisions int           `json:"decisions"`
	Seconds   float64       `json:"seconds"` // of all these decisions, until the next one
}

// Simulated is the outcome of a simulation.
func (p *Player) Simulated(name string, r *sim.Result) Outcome {
	o := Outcome{
		Scaler: name, Case: p.played.Name, ConsumerHours: r.ConsumerHours, Records: &r.Records, LateRecords: &r.Late, LatePercent: &r.LatePercent,
		OldestSeconds: new(r.PeakAge.Seconds()), Held: p.tally(name).brakes(),
	}
	for _, m := range r.Moves {
		if m.To > m.From {
			o.StepsUp++
		} else {
			o.StepsDown++
		}
	}
	return o
}

// Outcomes are those of a recording, by scaler: what was decided. What would have been late is not known.
func (p *Player) Outcomes() []Outcome {
	var all []Outcome
	for _, name := range slices.Sorted(maps.Keys(p.tallies)) {
		t := p.tallies[name]
		all = append(all, Outcome{
			Scaler: name, Case: p.played.Name, StepsUp: t.up, StepsDown: t.down, ConsumerHours: t.hours, Held: t.brakes(),
		})
	}
	return all
}

// mostBetween bounds the time between two polls: after a gap in a recording, nothing says what held meanwhile.
const mostBetween = 2 * time.Minute

// tally counts the decisions of one scaler.
type tally struct {
	now      time.Time       // of the last poll
	last     scaler.Decision // the one that stands
	up, down int
	hours    float64 // of the replicas that were decided
	held     map[brakeName]*Held
}

type brakeName struct {
	reason scaler.Reason
	limit  string
}

func (t *tally) add(in *scaler.Input, r *scaler.Result) {
	if passed := in.Now.Sub(t.now); !t.now.IsZero() && passed > 0 {
		passed = min(passed, mostBetween)
		t.hours += passed.Hours() * float64(t.last.Desired)
		for _, name := range held(&t.last) {
			t.brake(name).Seconds += passed.Seconds()
		}
	}
	t.now = in.Now
	if d := &r.Decision; r.Fresh {
		if again := t.last.Current == d.Current && t.last.Desired == d.Desired; !again && d.Desired > d.Current {
			t.up++
		} else if !again && d.Desired < d.Current {
			t.down++
		}
		for _, name := range held(d) {
			t.brake(name).Decisions++
		}
	}
	t.last = r.Decision
}

func (t *tally) brake(name brakeName) *Held {
	h, ok := t.held[name]
	if !ok {
		h = &Held{Reason: name.reason, Limit: name.limit}
		t.held[name] = h
	}
	return h
}

func (t *tally) brakes() []Held {
	all := []Held{}
	for _, h := range t.held {
		all = append(all, *h)
	}
	slices.SortFunc(all, func(a, b Held) int {
		return cmp.Or(cmp.Compare(b.Seconds, a.Seconds), strings.Compare(string(a.Reason), string(b.Reason)), strings.Compare(a.Limit, b.Limit))
	})
	return all
}

// holds are the reasons that say that a brake held: of the verdict, or of a step.
var holds = []scaler.Reason{
	scaler.Schedule, scaler.MinReplicas, scaler.MaxReplicas, scaler.PauseScaleIn, scaler.PauseScaleOut, scaler.FixedReplicas, scaler.PodsRefused,
	scaler.PodsPending, scaler.FleetUpLimit, scaler.PoolFull, scaler.FleetDownLimit, scaler.Frozen, scaler.HoldBudget,
	scaler.ScaleDownStopped, scaler.FleetStopped,
}

// held are the brakes that held in a decision.
func held(d *scaler.Decision) []brakeName {
	var all []brakeName
	add := func(n brakeName) {
		if slices.Contains(holds, n.reason) && !slices.Contains(all, n) {
			all = append(all, n)
		}
	}
	add(brakeName{reason: d.Verdict})
	for _, s := range d.Steps {
		limit, _, named := strings.Cut(s.Why, ": ") // of brakes.limits: limit all: 100 replicas a minute, 96 added
		if limit, of := strings.CutPrefix(limit, "limit "); of && named {
			add(brakeName{s.Reason, limit})
			continue
		}
		add(brakeName{reason: s.Reason})
	}
	return all
}
