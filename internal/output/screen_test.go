package output

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"
)

// TestWaiting: a command that ends within a second says nothing; one that takes longer says so once, and nothing
// after its end.
func TestWaiting(t *testing.T) {
	for _, c := range []struct {
		name  string
		tasks int
		takes time.Duration // each task
		want  string
	}{
		{"quick", 1, patience - time.Millisecond, ""},
		{"slow", 1, 3 * patience, "reading …\n"},
		{"two quick tasks", 2, patience/2 - time.Millisecond, ""},
		{"two slow tasks", 2, patience - time.Millisecond, "reading: 2 tasks …\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var b bytes.Buffer
				finished := Progress(&b, "reading", c.tasks)
				for range c.tasks {
					time.Sleep(c.takes)
					finished()
				}
				time.Sleep(2 * patience)
				if b.String() != c.want {
					t.Errorf("it prints %q, want %q", b.String(), c.want)
				}
			})
		})
	}
}
