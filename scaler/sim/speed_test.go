package sim

import (
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
)

// BenchmarkFourteenDays is what make bench prints: our policy through two weeks of traffic with every hour a peak, with an objective, so
// that all fleets of the play are used.
func BenchmarkFourteenDays(b *testing.B) {
	t := trace(b, "nab_tweets_goog_5m")
	t.Counts = t.Counts[:int(14*24*time.Hour/t.Step)]
	for b.Loop() {
		objective := 99.7
		w := World{Seed: 1}
		policy, err := Ours(OurName, Declare(scaler.Spec{Objective: &objective}, w), nil)
		if err != nil {
			b.Fatal(err)
		}
		r := Simulate(t, w, policy)
		b.ReportMetric(r.CostOverFluid, "cost")
		b.ReportMetric(r.LatePercent, "late%")
	}
}
