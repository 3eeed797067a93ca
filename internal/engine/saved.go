package engine

import (
	"context"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
)

// saved is what the leader has saved, for the pages of a replica that follows: it has polled as the leader has, but it does not learn,
// so it knows no week. No decision reads it.
//
//	this process follows            load, again every five minutes, as often as the leader saves
//	a load fails                    keep what was loaded before, and try again a minute later
//	it leads, or mode is observe    drop it: the leader's own is newer; in observe there is no right to it
type saved struct {
	memories map[string]scaler.Memory // by name
	at       time.Time                // when they were loaded
	again    time.Time                // not before then
}

// follow loads what the leader saved when it is time.
func (s *scaling) follow(ctx context.Context, now time.Time) {
	if s.leading() || s.mode == scaler.Observe || s.memory.store == nil {
		s.saved = saved{}
		return
	}
	if now.Before(s.saved.again) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, memoryTimeout)
	defer cancel()
	memories, err := s.memory.store.Load(ctx)
	if err != nil {
		s.saved.again = now.Add(loadInterval)
		s.log.Debug("reading what the leader saved failed; pages show what was read before", "err", err)
		return
	}
	s.saved = saved{memories: memories, at: now, again: now.Add(saveInterval)}
}

// tell puts the week that the leader saved into a report, if there is one.
func (v *saved) tell(r *ScalerReport) {
	m, ok := v.memories[r.Name]
	if !ok {
		return
	}
	r.Week, r.Bill, r.Timeline, r.HistoryAt = m.Week, m.Bill, m.Timeline, v.at
	if n, ok := r.Decision.Need(); ok {
		r.Played = m.Play(n.Cluster, n.Group)
	}
}
