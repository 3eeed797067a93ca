package kube

import (
	"maps"
	"sync"

	"github.com/lagscaler/lagscaler/scaler/brakes"
)

// exchange is between the engine, which says what it needs of limits, and the Lease, which says what it may use.
type exchange struct {
	mu     sync.Mutex
	limits []brakes.Limit
	needs  map[string]brakes.Parts
	said   bool                    // the engine has said limits and needs
	usable map[string]brakes.Parts // nil: not known yet
	taken  map[string]brakes.Parts // what the engine goes by
}

// take notes what the engine needs, and returns what it may use.
func (e *exchange) take(limits []brakes.Limit, needs map[string]brakes.Parts) map[string]brakes.Parts {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.limits, e.needs, e.said = limits, needs, true
	e.taken = map[string]brakes.Parts{}
	maps.Copy(e.taken, e.usable)
	return e.taken
}

// told is what the engine needs; ok is false if it has not said so since this replica leads.
func (e *exchange) told() (limits []brakes.Limit, needs map[string]brakes.Parts, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.limits, e.needs, e.said
}

// takenOf is what the engine goes by, of a limit.
func (e *exchange) takenOf(limit string) brakes.Parts {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.taken[limit]
}

// reset forgets what was in force in an earlier term.
func (e *exchange) reset() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.limits, e.needs, e.said, e.usable, e.taken = nil, nil, false, nil, nil
}

// offer says what may be used from now on.
func (e *exchange) offer(usable map[string]brakes.Parts) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.usable = usable
}

// lower takes back what is about to be written away. More is used only after the others were read.
func (e *exchange) lower(written map[string]brakes.Parts) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for name, use := range e.usable {
		w := written[name]
		use.Added.Has, use.Replicas.Has, use.Down.Has = min(use.Added.Has, w.Added.Has), min(use.Replicas.Has, w.Replicas.Has), min(use.Down.Has, w.Down.Has)
		e.usable[name] = use
	}
}
