package engine

import (
	"cmp"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/say"
)

// InForce is what is in force of one scaler, or, without a name, of all of them together.
type InForce struct {
	Scaler     string `json:"scaler,omitempty"`
	Target     string `json:"target,omitempty"`
	Labels     string `json:"labels,omitempty"` // by which brakes select it: tier=web,env=prod, sorted
	Generation int64  `json:"generation,omitempty"`
	DeclaredBy string `json:"declaredBy,omitempty"`

	Mode   string `json:"mode,omitempty"`
	Limits string `json:"limits,omitempty"` // as people read them, and so is Freeze
	Freeze string `json:"freeze,omitempty"`
}

// Fact is what the audit trail knows and no decision says. A recording keeps facts, so that the same trail follows from it. Exactly one
// of the fields after At is set.
type Fact struct {
	At      time.Time `json:"at"`
	InForce *InForce  `json:"inForce,omitempty"` // it is new, or changed
	Gone    string    `json:"gone,omitempty"`    // a scaler that is not declared any more
	Ends    bool      `json:"ends,omitempty"`    // the process does not lead any more: what it knew counts no longer
	Done    *Done     `json:"done,omitempty"`
}

// Done is a write of the last decision of a scaler, or its number given to another autoscaler, and what became of it.
type Done struct {
	Scaler  string             `json:"scaler"`
	Kind    DeedKind           `json:"kind"`
	Outcome scaler.Disposition `json:"outcome,omitempty"`
	Error   string             `json:"error,omitempty"`
}

// Decided is the decision that a Done is about.
type Decided struct {
	Decision scaler.Decision
	Line     string
	Given    *learn.Given
}

// Trail makes deeds of facts. The zero value is not usable, see [NewTrail]. It belongs to one goroutine.
type Trail struct {
	note  func(Deed)
	fact  func(Fact)
	known map[string]InForce // by scaler; of all scalers together without a name
}

// NewTrail is a trail that knows of nothing. note gets the deeds, fact the facts that they follow from; nil: nobody wants them.
func NewTrail(note func(Deed), fact func(Fact)) *Trail {
	if note == nil {
		note = func(Deed) {}
	}
	if fact == nil {
		fact = func(Fact) {}
	}
	return &Trail{note: note, fact: fact, known: map[string]InForce{}}
}

// Take takes in a recorded fact; decided is the decision that a Done is about.
func (t *Trail) Take(f Fact, decided *Decided) {
	switch {
	case f.InForce != nil:
		t.inForce(f.At, *f.InForce)
	case f.Gone != "":
		t.gone(f.At, f.Gone)
	case f.Ends:
		t.Ends(f.At)
	case f.Done != nil && decided != nil:
		t.done(f.At, f.Done, decided)
	}
}

// Knows takes in what was in force already, so that it is no deed.
func (t *Trail) Knows(f InForce) { t.known[f.Scaler] = f }

// Ends forgets what was in force: whoever leads next begins with what it finds.
func (t *Trail) Ends(at time.Time) {
	if len(t.known) > 0 {
		t.fact(Fact{At: at, Ends: true})
		clear(t.known)
	}
}

func (t *Trail) gone(at time.Time, scaler string) {
	if _, known := t.known[scaler]; known {
		t.fact(Fact{At: at, Gone: scaler})
		delete(t.known, scaler)
	}
}

// inForce notes what has changed.
func (t *Trail) inForce(at time.Time, f InForce) {
	before, known := t.known[f.Scaler]
	if known && before == f {
		return
	}
	t.fact(Fact{At: at, InForce: &f})
	t.known[f.Scaler] = f
	for _, c := range []struct {
		kind          DeedKind
		before, after string
	}{
		{DeedMode, before.Mode, f.Mode},
		{DeedLimits, before.Limits, f.Limits},
		{DeedFreeze, cmp.Or(before.Freeze, noFreeze), cmp.Or(f.Freeze, noFreeze)},
	} {
		d := Deed{
			At: at, Kind: c.kind, Scaler: f.Scaler, Target: f.Target, Generation: f.Generation, DeclaredBy: f.DeclaredBy, Before: c.before, After: c.after,
		}
		if !known {
			d.Before = ""
		}
		if c.before != c.after {
			t.note(d)
		}
	}
}

// noFreeze is what a trail says when there is none.
const noFreeze = "none"

func (t *Trail) done(at time.Time, done *Done, of *Decided) {
	t.fact(Fact{At: at, Done: done})
	f, d := t.known[done.Scaler], &of.Decision
	to := d.Desired
	if done.Kind == DeedGiven && of.Given != nil {
		to = of.Given.Replicas
	}
	t.note(Deed{
		At: d.At, Kind: done.Kind, Scaler: done.Scaler, Target: d.Target.String(), From: &d.Current, To: &to, Reason: d.Reason(),
		Outcome: done.Outcome, Error: done.Error, Line: of.Line, Derivation: say.Explain(*d), Generation: f.Generation, DeclaredBy: f.DeclaredBy,
	})
}
