package scaler

import (
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/scaler/asleep"
	"github.com/lagscaler/lagscaler/scaler/breaker"
	"github.com/lagscaler/lagscaler/scaler/need"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// Decision is how many replicas a target should have, and every number that led there.
type Decision struct {
	At      time.Time   `json:"at"` // when it was decided; polls in between return the standing one
	Target  seen.Ref    `json:"target"`
	Current int32       `json:"current"`
	Desired int32       `json:"desired"`
	Verdict Reason      `json:"verdict"`           // the first rule that matched
	Wanted  int32       `json:"wanted"`            // replicas that the verdict asks for, before the limits
	Steps   []Step      `json:"steps,omitempty"`   // every limit that then changed the number, in order
	Needs   []need.Need `json:"needs,omitempty"`   // by source, as in the Input
	Decider int         `json:"deciderIndex"`      // which of Needs the verdict comes from
	Notes   []Reason    `json:"notes,omitempty"`   // conditions that hold but did not decide, sorted
	Wait    *Wait       `json:"wait,omitempty"`    // since when a hold has lasted, and until when
	Overdue bool        `json:"overdue,omitempty"` // the hold has outlived its deadline: HoldOverdue
	Why     Evidence    `json:"why"`               // the numbers of the verdict that belong to no source
	Bounds  Bounds      `json:"bounds"`
	Policy  Policy      `json:"policy"` // in force
}

// Step is one limit that changed the number.
type Step struct {
	Reason Reason `json:"reason"`
	From   int32  `json:"from"`
	To     int32  `json:"to"`
	Why    string `json:"why,omitempty"` // of a brake: which limit or freeze, with its numbers
}

// Wait is since when a hold has lasted, and until when.
type Wait struct {
	Since    time.Time  `json:"since"`              // the hold began
	Until    *time.Time `json:"until,omitempty"`    // when it ends by itself, if that is known
	Deadline time.Time  `json:"deadline,omitempty"` // after this it is overdue
}

// Evidence are the numbers of the target that a line may print.
type Evidence struct {
	Ready         int32   `json:"ready"`
	Joined        int32   `json:"joined"`                  // members that count as this target's
	Elsewhere     int32   `json:"foreign,omitempty"`       // members of the groups that run elsewhere
	PerReplica    int32   `json:"perReplica,omitempty"`    // members in one replica
	Gone          int32   `json:"gone,omitempty"`          // members whose pods went away: they may be dead
	Idle          int32   `json:"idle,omitempty"`          // members of the target that held no partition for longer than a session
	Expected      int32   `json:"expected,omitempty"`      // members that the ready replicas have at least
	Unschedulable int32   `json:"unschedulable,omitempty"` // pods
	Fights        int32   `json:"fights,omitempty"`        // changes by others in 10 min that came after ours
	Downs         int32   `json:"downs,omitempty"`         // our steps down in the last hour
	Advised       int32   `json:"advised,omitempty"`       // replicas as if the last advice had been written
	ChangedFrom   int32   `json:"foreignFrom,omitempty"`   // the last change by somebody else
	ChangedTo     int32   `json:"foreignTo,omitempty"`     //
	PauseSeconds  float64 `json:"pauseSeconds,omitempty"`  // how long a rebalance takes

	Share int32 `json:"share,omitempty"` // percent of the consumers that this place takes of two; 0: there is one
	Alone bool  `json:"alone,omitempty"` // the other place is gone: this one takes all that are not elsewhere

	MembersBy       seen.MappedBy `json:"membersBy,omitempty"`       // what tells which member runs in which replica
	LeastPerReplica int32         `json:"leastPerReplica,omitempty"` // members in one replica that steps down count on; 0: PerReplica
	LeastElsewhere  int32         `json:"leastElsewhere,omitempty"`  // members elsewhere that steps down count on

	RebalanceSeconds float64 `json:"rebalanceSeconds,omitempty"` // how long the active one has lasted
	OutageSeconds    float64 `json:"outageSeconds,omitempty"`    // how long polls have been partial or stale

	Stopped *breaker.Stop `json:"stopped,omitempty"` // scaling down, because of its own steps
	Fleet   *breaker.Stop `json:"fleet,omitempty"`   // because of those of others

	Failover *Failover `json:"failover,omitempty"` // consumers move from one Kafka cluster to another

	Waiting      asleep.Waiting `json:"waiting,omitzero"`      // without a replica
	Keeps        *asleep.Keeps  `json:"keeps,omitempty"`       // the last replica
	ByHand       time.Time      `json:"byHand,omitzero"`       // somebody set the replicas to 0 then
	WaitingSince time.Time      `json:"waitingSince,omitzero"` // records have waited without a replica
}

// Bounds are the limits in force, for metrics and status.
type Bounds struct {
	Min       int32 `json:"min"`
	Max       int32 `json:"max,omitempty"`        // 0: none
	Consumers int32 `json:"partitions,omitempty"` // that can have a partition; 0: no complete poll yet, or no limit
	Replicas  int32 `json:"useful,omitempty"`     // in which these consumers run
}

// Change is one write of the replicas. Applying it fails when the size is not From.
type Change struct {
	Target   seen.Ref
	From, To int32
	Reason   Reason
	At       time.Time
	Scaler   string       // by name; the engine sets it
	Asleep   asleep.State // to be saved before a write of 0
}

// Reason is the reason of the change: the verdict, or the limit that changed the number when the verdict alone did not.
func (d Decision) Reason() Reason {
	if d.Wanted == d.Current && len(d.Steps) > 0 {
		return d.Steps[len(d.Steps)-1].Reason
	}
	return d.Verdict
}

// Same reports whether a decision is the same answer for the same reasons as another, whatever its numbers: then it is
// not worth another event or log line.
func (d Decision) Same(o Decision) bool {
	return d.Current == o.Current && d.Desired == o.Desired && d.Verdict == o.Verdict && d.Overdue == o.Overdue &&
		slices.Equal(d.Notes, o.Notes) &&
		slices.EqualFunc(d.Steps, o.Steps, func(a, b Step) bool { return a.Reason == b.Reason })
}

// Direction is where a decision goes.
type Direction string

// The directions of a decision.
const (
	Up   Direction = "up"
	Down Direction = "down"
	Hold Direction = "hold"
)

// Direction is where the decision goes.
func (d Decision) Direction() Direction {
	switch {
	case d.Desired > d.Current:
		return Up
	case d.Desired < d.Current:
		return Down
	}
	return Hold
}

// Need is the need of the source that decided; ok is false when no source was evaluated.
func (d Decision) Need() (n need.Need, ok bool) {
	if d.Decider < 0 || d.Decider >= len(d.Needs) {
		return need.Need{}, false
	}
	return d.Needs[d.Decider], true
}

// Decides reports whether the decision has a number of replicas: there is one, and its target exists.
func (d *Decision) Decides() bool { return !d.At.IsZero() && d.Verdict != TargetNotFound }

// NamesWrong reports whether the group or a topic of a source does not exist although it should: a topic must exist before it
// is consumed, and a group exists as soon as a consumer of a ready replica has joined.
func (d *Decision) NamesWrong() bool {
	return slices.ContainsFunc(d.Needs, func(n need.Need) bool {
		return !n.StandsBy && (len(n.MissingTopics) > 0 || n.NoGroup && d.Current > 0 && d.Why.Ready > 0)
	})
}

// timeLag is the greatest of all sources, in seconds; known is false when it may be any number.
func (d *Decision) timeLag() (seconds float64, known bool) {
	for i := range d.Needs {
		if d.Needs[i].StandsBy {
			continue
		}
		seconds = max(seconds, d.Needs[i].LagSeconds)
		from := d.Needs[i].LagSecondsFrom
		known = known || from != need.LateUnknown && from != need.LateAtMost
	}
	return seconds, known
}

// Members is how members and replicas were mapped.
func (d *Decision) Members() seen.Members {
	return seen.Members{
		By: d.Why.MembersBy, Joined: d.Why.Joined, Gone: d.Why.Gone, Elsewhere: d.Why.Elsewhere, PerReplica: d.Why.PerReplica,
		Least: seen.Least{PerReplica: d.Why.LeastPerReplica, Elsewhere: d.Why.LeastElsewhere}, Idle: d.Why.Idle,
		Place: seen.Place{Share: d.Why.Share, Alone: d.Why.Alone},
	}
}

// Replicas turns consumers into replicas, as the decision did.
func (d *Decision) Replicas(consumers int32) int32 { return d.Members().Replicas(consumers) }

// Consumers is the reverse.
func (d *Decision) Consumers(replicas int32) int32 { return d.Members().Consumers(replicas) }

// Enough turns consumers into replicas, as the decision did to scale down.
func (d *Decision) Enough(consumers int32) int32 { return d.Members().Enough(consumers) }

// Words are the words of the verdict, in parts: the numbers that made its rule hold.
func (d *Decision) Words() []string {
	n, _ := d.Need()
	if words := d.Verdict.rule().words; words != nil {
		return words(d, &n)
	}
	return nil
}

// StepWords are the words of a limit; empty: the step says it all.
func (d *Decision) StepWords(s Step) string {
	n, _ := d.Need()
	for i := range limits {
		if limits[i].reason == s.Reason && limits[i].words != nil {
			return limits[i].words(d, s, &n)
		}
	}
	return ""
}
