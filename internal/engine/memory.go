package engine

import (
	"context"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
)

const (
	memoryTimeout = 5 * time.Second
	saveInterval  = 5 * time.Minute
	loadInterval  = time.Minute // after a load that failed
)

// Memories keeps what scalers learned across restarts and changes of the leader, by Scaler.Name.
type Memories interface {
	Load(ctx context.Context) (map[string]scaler.Memory, error)
	Save(ctx context.Context, learned map[string]scaler.Memory) error
}

// learns reports whether this process keeps what is learned. In observe there is nothing to, and no right to what is saved.
func (e *Engine) learns() bool { return e.leading() && e.current.Mode != scaler.Observe }

// lead loads what was learned when this process becomes the leader, or may decide at last: only the leader learns, and whoever
// becomes it goes on from what the last one saved. The readings of the last minutes are this process's own. A load that fails is
// tried again, and nothing is saved over what could not be read.
func (e *Engine) lead(ctx context.Context, now time.Time) {
	if !e.learns() {
		e.scaling.loaded = false
		return
	}
	if e.opts.Memories == nil || e.scaling.loaded || now.Before(e.scaling.loadAgain) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, memoryTimeout)
	defer cancel()
	saved, err := e.opts.Memories.Load(ctx)
	if err != nil {
		e.scaling.loadAgain = now.Add(loadInterval)
		e.log.Warn("loading what was learned failed; deciding from what this process has seen until it works", "err", err)
		return
	}
	for name, m := range saved {
		e.scaling.memories[name] = m.Resume(e.scaling.memories[name])
	}
	e.scaling.loaded, e.scaling.saved = true, now
}

// saveMemories saves what was learned, now and then, and at the end.
func (e *Engine) saveMemories(ctx context.Context, now time.Time, last bool) {
	if !e.scaling.loaded || !e.learns() || len(e.scaling.memories) == 0 || !last && now.Sub(e.scaling.saved) < saveInterval {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, memoryTimeout)
	defer cancel()
	e.scaling.saved = now
	if err := e.opts.Memories.Save(ctx, e.scaling.memories); err != nil {
		e.log.Warn("saving what was learned failed", "err", err)
	}
}

// forgetScalers drops what was remembered of scalers that were declared until now. One that was not seen yet keeps what was
// loaded of it: declarations may be read later than memories.
func (e *Engine) forgetScalers(declared map[string]ScalerReport) {
	for name := range e.scaling.reports {
		if _, ok := declared[name]; !ok {
			delete(e.scaling.memories, name)
			delete(e.scaling.counts, name)
		}
	}
}
