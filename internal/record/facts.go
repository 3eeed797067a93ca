package record

import (
	"maps"
	"slices"
	"strings"

	"github.com/lagscaler/lagscaler/internal/engine"
)

// facts are what is in force, as of the facts that were queued: a file begins with it.
type facts struct {
	inForce map[string]engine.InForce // by scaler
	lost    int                       // that no line on disk has said yet
	told    int                       // of them, said by lines that are not on disk yet
	pending int                       // facts whose lines are not on disk yet
}

func newFacts() facts { return facts{inForce: map[string]engine.InForce{}} }

// line is the line of a fact.
func (f *facts) line(e *entry) *line {
	f.take(e.fact)
	f.pending++
	return &line{Fact: e.fact, Configuration: e.configuration, Lost: f.tell()}
}

func (f *facts) tell() (lost int) {
	lost = f.lost - f.told
	f.told = f.lost
	return lost
}

// flushed notes that all lines are on disk, failed that those are not that were not flushed.
func (f *facts) flushed() { f.lost, f.told, f.pending = f.lost-f.told, 0, 0 }

func (f *facts) failed() { f.lost, f.told, f.pending = f.lost+f.pending, 0, 0 }

// missed takes in a fact that was not written.
func (f *facts) missed(e *entry) {
	if e.fact != nil {
		f.take(e.fact)
		f.lost++
	}
}

func (f *facts) take(fact *engine.Fact) {
	switch {
	case fact.InForce != nil:
		f.inForce[fact.InForce.Scaler] = *fact.InForce
	case fact.Gone != "":
		delete(f.inForce, fact.Gone)
	case fact.Ends:
		clear(f.inForce)
	}
}

// known is the line with what is in force; nil: nothing is.
func (f *facts) known() *line {
	if len(f.inForce) == 0 {
		return nil
	}
	l := &line{Lost: f.tell()}
	for _, name := range slices.SortedFunc(maps.Keys(f.inForce), strings.Compare) {
		l.Known = append(l.Known, f.inForce[name])
	}
	return l
}
