package engine

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
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

// auditInForce takes in what is in force: of all scalers together, and of each.
func (s *scaling) auditInForce(now time.Time) {
	if !s.leading() {
		s.audit.Ends(now)
		return
	}
	s.audit.inForce(now, InForce{Limits: limitsOfAll(&s.braking.settings), Freeze: freezesOfAll(&s.braking.settings)})
	for i := range s.declared.scalers {
		if one := &s.declared.scalers[i]; !one.Refused() && s.owns(one) {
			s.audit.inForce(now, inForce(one))
		}
	}
}

// auditDecision notes a write, or a number that another autoscaler was given.
func (s *scaling) auditDecision(kind DeedKind, r *ScalerReport) {
	s.audit.done(r.Decision.At, &Done{r.Name, kind, r.Disposition, r.Failure}, &Decided{r.Decision, r.Line, r.Given})
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
