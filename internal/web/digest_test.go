package web

import (
	"runtime"
	"testing"
	"weak"

	"github.com/lagscaler/lagscaler/internal/engine"
)

// The pages of one report share what they need of all groups, and keep no report that is over.
func TestDigestsKeepNoReport(t *testing.T) {
	var d digests
	over := func() weak.Pointer[engine.Report] {
		r := &engine.Report{Clusters: []*engine.ClusterReport{{Name: "main"}}}
		first := d.at(r)
		if d.at(r) != first {
			t.Error("two pages of one report do not share")
		}
		first.rows()
		return weak.Make(r)
	}()
	runtime.GC()
	if over.Value() != nil {
		t.Error("a report that is over is kept")
	}
}
