package output

import (
	"strings"
	"testing"

	"github.com/lagscaler/lagscaler/internal/api"
)

// A commit above the end of the log has lag 0, as a group that has read everything has: the note tells them apart.
func TestNoteOfACommitAboveTheEnd(t *testing.T) {
	at := func(n int64) *int64 { return &n }
	for name, c := range map[string]struct {
		p    api.Partition
		want string
	}{
		"read":           {api.Partition{Committed: at(100), End: at(100), Lag: at(0), AboveEnd: at(0)}, ""},
		"above":          {api.Partition{Committed: at(120), End: at(100), Lag: at(0), AboveEnd: at(20)}, "20 above the end"},
		"an unknown end": {api.Partition{Committed: at(120), Error: new("LEADER_NOT_AVAILABLE")}, "LEADER_NOT_AVAILABLE"},
	} {
		if got := note(api.Group{}, c.p); got != c.want || strings.Contains(got, "above") != c.p.IsAboveEnd() {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
