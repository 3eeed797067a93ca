package messages

import (
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
)

// Told is what was told, as it is saved.
type Told struct {
	At         time.Time             `json:"at,omitzero"` // of the last Report; zero: none yet
	Scalers    map[string]toldScaler `json:"scalers,omitempty"`
	Fleet      toldStop              `json:"fleet,omitzero"`
	Rebalances []toldRebalance       `json:"rebalances,omitempty"` // of the last minutes
}

// toldStop is a stop of scaling down; zero: none.
type toldStop struct {
	Since time.Time `json:"since"`
	Until time.Time `json:"until"`
	Cause string    `json:"cause,omitempty"`
}

// Teller follows the Reports of a leader. It is a value of one goroutine.
type Teller struct {
	told    Told
	newest  map[Group]mark          // the last rebalance of a group that this process has seen
	looked  []*engine.ClusterReport // at which Next has looked, of the last Report
	missing map[string]time.Time    // scalers that were told of and are not in the Reports, since when
	taken   bool                    // at least one Report
	out     []Message
}

// NewTeller goes on from what was told, which the zero value begins.
func NewTeller(told Told) *Teller {
	if told.Scalers == nil {
		told.Scalers = map[string]toldScaler{}
	}
	return &Teller{told: told, newest: map[Group]mark{}, missing: map[string]time.Time{}}
}

// forgetsAfter is how long what was told of a scaler is kept that is not declared any more: a new leader reads declarations later than
// what is saved.
const forgetsAfter = 10 * time.Minute

// Next are the messages of a Report: what is not as it was told last. Only the Reports of a leader say it.
func (t *Teller) Next(r *engine.Report) []Message {
	t.out = nil
	t.fleet(r)
	declared := make(map[string]bool, len(r.Scalers))
	for i := range r.Scalers {
		declared[r.Scalers[i].Name] = true
		t.scaler(&r.Scalers[i], r.At)
	}
	t.rebalances(r)
	t.forget(declared, r.At)
	t.told.At, t.taken = r.At, true
	return t.out
}

// Told is what was told until now. The caller must not change it, and must be done with it before the next call of Next.
func (t *Teller) Told() *Told { return &t.told }

func (t *Teller) tell(at time.Time, d Data, which ...string) {
	t.out = append(t.out, message(at, d, which...))
}

// forget drops what was told of scalers that are gone.
func (t *Teller) forget(declared map[string]bool, now time.Time) {
	for name := range t.told.Scalers {
		since, missing := t.missing[name]
		switch {
		case declared[name]:
			delete(t.missing, name)
		case !missing:
			t.missing[name] = now
		case now.Sub(since) >= forgetsAfter:
			delete(t.told.Scalers, name)
			delete(t.missing, name)
		}
	}
}

// fleet tells when all scalers stop scaling down, and when that ends.
func (t *Teller) fleet(r *engine.Report) {
	var now toldStop
	for i := range r.Scalers {
		if f := r.Scalers[i].Decision.Why.Fleet; f != nil && f.Since.After(now.Since) && r.At.Before(f.Until) {
			now = toldStop{Since: f.Since, Until: f.Until}
		}
	}
	t.told.Fleet = t.stop(Data{Kind: Stop}, "all scalers", t.told.Fleet, now, r.At)
}

// stop tells a stop that begins or ends, and returns what is told then. That of all is not seen in every Report: it ends with its time.
func (t *Teller) stop(d Data, who string, told, now toldStop, at time.Time) toldStop {
	over := !told.Since.IsZero() && !at.Before(told.Until)
	early := !told.Since.IsZero() && now.Since.IsZero() && d.Scaler != ""
	if over || early {
		d.State, d.Reason, d.Until = Ended, told.Cause, nil
		d.Line = who + ": scale down again: the stop because of own steps has ended"
		t.tell(earlier(told.Until, at), d, told.Since.Format(time.RFC3339Nano))
		told = toldStop{}
	}
	if now.Since.IsZero() || now.Since.Equal(told.Since) || !at.Before(now.Until) {
		return told
	}
	until := now.Until.UTC()
	d.State, d.Reason, d.Until = Begun, now.Cause, &until
	d.Line = who + ": no scale down until " + until.Format(timeInLine) + ", because of own steps down"
	if now.Cause != "" {
		d.Line += " (" + now.Cause + ")"
	}
	t.tell(now.Since, d)
	return now
}

const timeInLine = "2006-01-02T15:04Z"

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
