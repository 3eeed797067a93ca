package tryout

import (
	"context"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/internal/record"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/brakes"
	"github.com/lagscaler/lagscaler/scaler/sim"
)

// Two scalers of one recording share a limit, which selects them by the labels that the recording has. A third one, of other labels, is
// not limited, and the limit does not count it.
func TestScalersOfARecordingShareALimit(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "polls.jsonl.gz")
	names := map[string]string{"shop/mail": "tier=web", "shop/orders": "env=prod,tier=web", "shop/batch": "tier=batch"}
	synctest.Test(t, func(t *testing.T) {
		r := record.New(record.Options{Path: file, MaxBytes: 1 << 30, Keep: 1, Log: slog.New(slog.DiscardHandler)})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- r.Run(ctx) }()
		for name, labels := range names {
			r.RecordFact(engine.Fact{InForce: &engine.InForce{Scaler: name, Labels: labels, Mode: "act"}})
		}
		memories := map[string]scaler.Memory{}
		s := settings(t, nil)
		sim.Simulate(waves(2), world(), sim.Tried("recorded", s.Policy, s.Sources[0], func(in scaler.Input) scaler.Result {
			var last scaler.Result
			for name := range names { // all see the same
				in.Memory = memories[name]
				last = scaler.Evaluate(in)
				r.Record(name, in, last)
				memories[name] = last.Memory
			}
			synctest.Wait()
			return last
		}))
		cancel()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
	})
	history := History{}
	read(t, file, history.Replay())
	tried, err := history.Tried("")
	if err != nil {
		t.Fatal(err)
	}
	web := brakes.Selector{Labels: map[string]string{"tier": "web"}}
	tried.Brakes = &brakes.Settings{Limits: []brakes.Limit{{Name: "web", Selector: web, AddedPerMinute: 4}}}
	r := Recorded{History: &history, Tried: tried}
	read(t, file, r.Replays()...)
	for _, o := range r.Outcomes() {
		limited := slices.ContainsFunc(o.Held, func(h Held) bool { return h.Limit == "web" })
		if want := o.Scaler != "shop/batch" && o.Case != "as it was" && o.Case != "present without limit web"; limited != want {
			t.Errorf("%s, %s: limited %v: %+v", o.Scaler, o.Case, limited, o.Held)
		}
	}
}
