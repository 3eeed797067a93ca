package serve

import (
	"context"
	"time"

	"golang.org/x/sync/semaphore"
)

// slotWait is how long a request waits for another answer to end.
const slotWait = 2 * time.Second

// Slots bound how many answers of a kind are made and written at once.
type Slots struct{ free *semaphore.Weighted }

// NewSlots has room for so many answers.
func NewSlots(n int64) Slots { return Slots{semaphore.NewWeighted(n)} }

// Take waits for a slot, for at most 2 s. The caller releases it when the answer is written. ok is false if there was none.
func (s Slots) Take(ctx context.Context) (release func(), ok bool) {
	ctx, cancel := context.WithTimeout(ctx, slotWait)
	defer cancel()
	if s.free.Acquire(ctx, 1) != nil {
		return nil, false
	}
	return func() { s.free.Release(1) }, true
}
