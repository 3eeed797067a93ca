package daemon

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lagscaler/lagscaler/internal/audit"
	"github.com/lagscaler/lagscaler/internal/config"
	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/internal/record"
)

// A daemon with a recording and an audit trail writes both, and one gives the other. internal/audit tests a run with decisions.
func TestTheTrailFollowsFromTheRecording(t *testing.T) {
	dir := t.TempDir()
	trail, polls := filepath.Join(dir, "audit.jsonl"), filepath.Join(dir, "polls.jsonl.gz")
	d := start(t, func(c *config.Config) {
		c.Record.Path, c.Audit.Path = polls, trail
		c.Brakes.Limits = []config.BrakeLimit{{Name: "all", AddedPerMinute: 7}}
	})
	d.stop()
	if err := <-d.ended; err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(trail)
	if err != nil || !strings.Contains(string(want), "limit all: addedPerMinute 7") || !strings.Contains(string(want), `"configuration"`) {
		t.Fatalf("the trail (%v): %s", err, want)
	}
	f, err := os.Open(polls)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }() // only read
	var have strings.Builder
	r := record.Replay{Deed: func(d engine.Deed, by, configuration string) {
		e := audit.Entry{Deed: d, By: by, Configuration: configuration}
		line, err := e.JSON()
		if err != nil {
			t.Error(err)
		}
		have.Write(line)
	}}
	if err := r.Read(polls, f); err != nil || have.String() != string(want) {
		t.Errorf("%v, replayed\n%s\nwas\n%s", err, have.String(), want)
	}
}
