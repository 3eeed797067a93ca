package scaler

import (
	"errors"
	"fmt"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/rebalancemon"
	"github.com/lagscaler/lagscaler/scaler/asleep"
	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/promise"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// Scaler is one declared scaler, and its target as the platform shows it now.
type Scaler struct {
	Name       string // unique: namespace/name of the resource, or of the target when the configuration declares it
	Mode       Mode   // in force: the weaker of the global mode and its own
	Policy     Policy
	Sources    []seen.SourceSpec
	Workload   seen.Workload
	Hints      []rebalancemon.Hint // resizes and rollouts of the target; Group is left empty
	Owners     map[string]string   // whose the target is, by the labels that the configuration lists; nil: nobody says. No decision depends on it
	Refusal    Refusal             // why no decision is made; zero: decisions are made
	Generation int64               // of the resource; 0: it has none
	DeclaredBy string              // the field manager that wrote its specification last; empty: not known

	Labels map[string]string // of the resource, by which brakes select it
	Size   *int32            // of the target in mode observe, in which the rest of Workload is not read; nil: not known. Only limits count it
	Asleep *asleep.State     // of the target at zero, as the platform has saved it; nil: the saved memory has it
}

// Refused reports whether no decision is made for the scaler.
func (s Scaler) Refused() bool { return s.Refusal != Refusal{} }

// TakesEffect reports whether the decisions come true: they are written, or another autoscaler follows them.
func (s *Scaler) TakesEffect() bool { return !s.Refused() && (s.Mode == Act || s.Workload.Followed) }

// Applies reports whether the declaration applies to its groups: their alert thresholds, their tier, and that they are kept
// in snapshots. If it does not, the scaler affects nothing but its own status, because it may not be allowed to name its
// groups.
//
//	accepted                                                   applies
//	refused: invalid, not allowed, second on its target        does not apply
//	refused: the target cannot be read, or not yet             applies, so that no alert resolves because of a failed read
//	refused: another installation keeps it                     applies, so that both say the same of its groups
func (s Scaler) Applies() bool { return !s.Refused() || s.Refusal.Allowed }

// Refusal is why no decision is made for a scaler.
type Refusal struct {
	Reason  Reason // of the condition Ready; a closed set
	Why     string // a sentence with names and values
	Allowed bool   // the declaration is valid and allowed; its target is not known or not valid, or another installation keeps it
}

// Refuse refuses a declaration.
func Refuse(r Reason, format string, args ...any) Refusal {
	return Refusal{Reason: r, Why: fmt.Sprintf(format, args...)}
}

// RefuseTarget refuses the target of a declaration that is valid and allowed.
func RefuseTarget(r Reason, format string, args ...any) Refusal {
	return Refusal{Reason: r, Why: fmt.Sprintf(format, args...), Allowed: true}
}

// KeptByAnother is the reason of a refusal of which not even the status is written: another installation writes it.
const KeptByAnother Reason = "KeptByAnother"

// String is the refusal as people read it: "NotAllowed: sources[0]: …". It is empty when nothing is refused.
func (r Refusal) String() string {
	if r == (Refusal{}) {
		return ""
	}
	return string(r.Reason) + ": " + r.Why
}

// Outcome is a scaler's last decision and its disposition.
type Outcome struct {
	Scaler
	Decision    Decision
	Line        string      // of the decision, see package say
	Disposition Disposition // empty: it holds, and nothing stands against it
	Failure     string      // of the last write; empty when it worked

	// Measured is each source as of the last poll, in the order of Sources: what the pages show of its group. The decision has
	// numbers of its own, of the poll at which it was made; package seen says why they may differ.
	Measured []lag.Measurement

	Played  promise.Play // of the source that decided
	Promise string       // what is kept for the objective, and why; empty: none is set, or nothing is known yet
	Cheaper string       // another target for which the same objective would cost less than two thirds; empty: there is none

	Given *learn.Given // to another autoscaler that asks; nil: nothing yet

	Asleep   asleep.State // of the target at zero, to be saved
	AsleepAt time.Time    // the poll that it is of
}

// ErrConflict is wrapped by the error of a write that found another size than Change.From, or another owner.
var ErrConflict = errors.New("another writer was first")

// ErrRefused is wrapped by the error of a write that the platform refused, so that it was not written for sure.
var ErrRefused = errors.New("refused")
