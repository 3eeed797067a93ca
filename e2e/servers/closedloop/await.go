package closedloop

import (
	"testing"
	"time"
)

// patience is how long a busy machine may take for what an idle one does in seconds.
const patience = 90 * time.Second

// Await asks until the answer is good, and ends the test when it does not become so.
func Await(t *testing.T, what string, ask func() error) {
	t.Helper()
	AwaitFor(t, patience, what, ask)
}

// AwaitFor is Await with another limit.
func AwaitFor(t *testing.T, limit time.Duration, what string, ask func() error) {
	t.Helper()
	var err error
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if err = ask(); err == nil {
			return
		}
		if t.Context().Err() != nil {
			break
		}
	}
	t.Fatalf("waiting %v for %s: %v", limit, what, err)
}
