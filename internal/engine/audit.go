package engine

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/brakes"
	"github.com/lagscaler/lagscaler/scaler/say"
)

// Deed is one thing that was done, or that changed what may be done: a line of the audit trail. Only the leader has any.
type Deed struct {
	At     time.Time `json:"at"`
	Kind   DeedKind  `json:"kind"`
	Scaler string    `json:"scaler,omitempty"` // empty: it concerns all of them
	Target string    `json:"target,omitempty"`

	// Of a write, and of a number that another autoscaler was given.
	From       *int32             `json:"from,omitempty"`
	To         *int32             `json:"to,omitempty"`
	Reason     scaler.Reason      `json:"reason,omitempty"`
	Outcome    scaler.Disposition `json:"outcome,omitempty"`
	Error      string             `json:"error,omitempty"`
	Line       string             `json:"line,omitempty"`
	Derivation []say.Row          `json:"derivation,omitempty"`

	// Of a change of what is in force. Before is absent when this process sees it for the first time.
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`

	// The KafkaScaler in force: its generation, and the field manager that wrote its specification. Absent: it has none.
	Generation int64  `json:"generation,omitempty"`
	DeclaredBy string `json:"declaredBy,omitempty"`
}

// DeedKind is what was done.
type DeedKind string

// The kinds of deeds.
const (
	DeedWrite  DeedKind = "write"  // of the replicas, also one that failed
	DeedGiven  DeedKind = "given"  // another autoscaler was given another number
	DeedMode   DeedKind = "mode"   // the mode in force
	DeedLimits DeedKind = "limits" // of one scaler, or of all together
	DeedFreeze DeedKind = "freeze" // began, changed or ended
)

// DeedKinds are all of them.
var DeedKinds = []DeedKind{DeedWrite, DeedGiven, DeedMode, DeedLimits, DeedFreeze}

// auditing notes what is done, and what is in force.
type auditing struct {
	note  func(Deed)        // nil: nobody keeps it
	known map[string]string // what is in force, by scaler and kind; of all scalers together by kind
}

// auditInForce notes what changed of the mode, the limits and the freeze of each scaler, and of the limits of all.
func (s *scaling) auditInForce(now time.Time) {
	if s.audit.note == nil || !s.leading() {
		clear(s.audit.known)
		return
	}
	s.audit.changed(Deed{At: now, Kind: DeedLimits, After: brakesInForce(&s.braking.settings)})
	for i := range s.declared.scalers {
		one := &s.declared.scalers[i]
		if one.Refused() {
			continue
		}
		of := deedOf(one, now)
		of.Kind, of.After = DeedMode, string(one.Mode)
		s.audit.changed(of)
		of.Kind, of.After = DeedLimits, limitsInForce(one)
		s.audit.changed(of)
		of.Kind, of.After = DeedFreeze, cmp.Or(scaler.FreezeWords(one.Workload.Freeze), "none")
		s.audit.changed(of)
	}
}

// changed notes a deed if what is in force is not what was.
func (a *auditing) changed(d Deed) {
	key := string(d.Kind) + " " + d.Scaler
	before, known := a.known[key]
	if known && before == d.After {
		return
	}
	a.known[key] = d.After
	if d.Before = before; !known && d.Kind == DeedFreeze && d.After == "none" || !known && d.After == "" {
		return // nothing is said of what never was
	}
	a.note(d)
}

func (a *auditing) forget(scaler string) {
	for _, kind := range DeedKinds {
		delete(a.known, string(kind)+" "+scaler)
	}
}

func deedOf(one *scaler.Scaler, at time.Time) Deed {
	return Deed{At: at, Scaler: one.Name, Target: one.Workload.Ref.String(), Generation: one.Generation, DeclaredBy: one.DeclaredBy}
}

// auditDecision notes a write, or a number that another autoscaler was given.
func (s *scaling) auditDecision(kind DeedKind, r *ScalerReport, to int32) {
	if s.audit.note == nil {
		return
	}
	d := deedOf(&r.Scaler, r.Decision.At)
	d.Kind, d.From, d.To, d.Reason = kind, &r.Decision.Current, &to, r.Decision.Reason()
	d.Outcome, d.Error, d.Line, d.Derivation = r.Disposition, r.Failure, r.Line, say.Explain(r.Decision)
	s.audit.note(d)
}

// limitsInForce are the limits of a scaler as people read them.
func limitsInForce(one *scaler.Scaler) string {
	p, w := &one.Policy, &one.Workload
	parts := []string{fmt.Sprintf("minReplicas %d", p.MinReplicas)}
	add := func(when bool, format string, args ...any) {
		if when {
			parts = append(parts, fmt.Sprintf(format, args...))
		}
	}
	add(p.MaxReplicas > 0, "maxReplicas %d", p.MaxReplicas)
	add(p.FallbackReplicas > 0, "fallbackReplicas %d", p.FallbackReplicas)
	for _, window := range p.Schedule {
		add(true, "at least %d from %s to %s %s", window.MinReplicas, window.Start, window.End, cmp.Or(window.TimeZone, "UTC"))
	}
	add(w.Paused, "paused")
	add(w.PauseScaleIn, "pause-scale-in")
	add(w.PauseScaleOut, "pause-scale-out")
	if w.FixedReplicas != nil {
		add(true, "fixed-replicas %d", *w.FixedReplicas)
	}
	return strings.Join(parts, ", ")
}

// brakesInForce are the limits of all scalers together; empty: there are none.
func brakesInForce(s *brakes.Settings) string {
	var parts []string
	for _, l := range s.Limits {
		part := "limit " + l.Name + ":"
		if l.AddedPerMinute > 0 {
			part += fmt.Sprintf(" addedPerMinute %d", l.AddedPerMinute)
		}
		if l.SteppingDown > 0 {
			part += fmt.Sprintf(" steppingDown %g", l.SteppingDown)
		}
		if l.Replicas > 0 {
			part += fmt.Sprintf(" replicas %d", l.Replicas)
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, "; ")
}
