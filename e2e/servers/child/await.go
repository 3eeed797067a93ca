package child

import (
	"context"
	"fmt"
	"time"
)

// askInterval is the pause between two questions to a server that is not ready.
const askInterval = 50 * time.Millisecond

// Await repeats a question until its answer is no error. When the context ends
// first, or one of the processes it depends on, the error tells the last answer.
func Await(ctx context.Context, ask func(context.Context) error, on ...*Process) error {
	ticker := time.NewTicker(askInterval)
	defer ticker.Stop()
	for {
		err := ask(ctx)
		if err == nil {
			return nil
		}
		for _, p := range on {
			if !p.Alive() {
				return fmt.Errorf("%s has ended with %v; last: %w", p.Name(), p.cmd.ProcessState, err)
			}
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return fmt.Errorf("%w; last: %w", context.Cause(ctx), err)
		}
	}
}
