package breaker

import (
	"fmt"
	"time"

	"github.com/lagscaler/lagscaler/scaler/seen"
)

// State is what is remembered of a scaler's steps down. It is saved with what the scaler has learned. It is a value: its methods
// return the next one.
type State struct {
	Proposed *Step     `json:"proposed,omitempty"` // the last change that was decided, until its write is seen
	Step     *Step     `json:"step,omitempty"`     // the last step down, while it is on probation
	Late     []Counted `json:"late,omitempty"`     // steps that made records late, oldest first
	Undone   []Counted `json:"undone,omitempty"`   // steps that were undone though no more arrived, oldest first
	Stop     Stop      `json:"stop,omitzero"`      // the last one
	Level    int32     `json:"level,omitempty"`    // how often the time of the next stop is doubled
	Clean    time.Time `json:"clean,omitzero"`     // nothing has counted since then; while Level is above 0
	Fleet    Stop      `json:"fleet,omitzero"`     // of all scalers: the leader's, which each scaler keeps for the next one
}

// Step is a change of the replicas: one that was decided, or a step down on probation.
type Step struct {
	At       time.Time `json:"at"`
	From     int32     `json:"from"`
	To       int32     `json:"to"`
	Pause    float64   `json:"pauseSeconds,omitempty"` // that it was expected to cost
	Trial    bool      `json:"trial,omitempty"`        // of fewer consumers: to be undone is how it ends
	MadeFor  []Rate    `json:"madeFor,omitempty"`      // by source
	WholeAt  time.Time `json:"wholeAt,omitzero"`       // until then the group rebalanced because of it, or its consumers had not left
	SeenAt   time.Time `json:"seenAt,omitzero"`        // the last poll of the probation
	Late     bool      `json:"late,omitempty"`
	UndoneAt time.Time `json:"undoneAt,omitzero"` // when a step up followed
}

// Rate is the greatest arrival rate that a step down was made for, of one source.
type Rate struct {
	Cluster   string  `json:"cluster"`
	Group     string  `json:"group"`
	PerSecond float64 `json:"perSecond"`
}

// Counted is a step down that counts.
type Counted struct {
	At   time.Time `json:"at"`
	From int32     `json:"from"`
	To   int32     `json:"to"`
}

// Stop is a time in which nothing goes down. The zero value never was.
type Stop struct {
	Since time.Time `json:"since"`
	Until time.Time `json:"until"`
	Cause Cause     `json:"cause,omitempty"` // empty for that of all scalers
	Steps int32     `json:"steps,omitempty"` // that counted
	Last  Counted   `json:"last,omitzero"`   // of them
	Well  int32     `json:"well,omitempty"`  // replicas to go back to; 0: there are as many, or somebody has chosen another number since
}

// Cause says why a scaler stopped.
type Cause string

// The causes.
const (
	MadeLate    Cause = "late"   // steps down made records late
	WereUndone  Cause = "undone" // steps down were undone though no more arrived
	mostLearned       = 1e12     // bounds a saved rate or time
)

// Holds reports whether the stop is in force.
func (s Stop) Holds(now time.Time) bool { return !s.Since.After(now) && now.Before(s.Until) }

// Check refuses numbers that cannot have been saved.
func (s *State) Check() error {
	numbers := []float64{float64(s.Level), float64(s.Stop.Well), float64(s.Stop.Steps), float64(s.Fleet.Steps)}
	for _, step := range []*Step{s.Proposed, s.Step} {
		if step == nil {
			continue
		}
		numbers = append(numbers, step.Pause, float64(step.From), float64(step.To))
		for _, r := range step.MadeFor {
			numbers = append(numbers, r.PerSecond)
		}
	}
	for _, v := range numbers {
		if v < 0 || v > mostLearned {
			return fmt.Errorf("breaker: %v is no rate, time or number of replicas", v)
		}
	}
	if s.Level > mostLevel {
		return fmt.Errorf("breaker: level %d is above %d", s.Level, mostLevel)
	}
	return nil
}

// Look is what a poll shows. Everything but the first four fields is about the probation of State.Step, and may be left out when
// there is none.
type Look struct {
	Now      time.Time
	Clock    seen.Clock    // filled
	Window   time.Duration // the stabilization window
	Replicas int32         // the target is set to so many

	Write   seen.Write // of ours, seen at this poll; zero: none
	Foreign bool       // somebody else has changed the replicas since the last poll

	Void    bool // something makes the step say nothing
	Unsound bool // the group rebalances because of our write, or consumers of removed replicas are still in it
	Late    bool // a record that arrived after that waits for longer than the target lag
}

// Next is the state after a poll.
func (s State) Next(l *Look) State {
	s = s.aged(l)
	s = s.written(l)
	s = s.watched(l)
	return s.stops(l)
}

// Released is the state after the owner of the scaler has changed what a consumer is said to process: what was counted was counted
// of other numbers.
func (s State) Released() State { return State{Fleet: s.Fleet} }
