package sim

import (
	"os"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
)

// lastDay is the mean number of consumers of the last day.
func lastDay(r Result, t Trace) float64 {
	sum, n := 0.0, 0.0
	from := int32((time.Duration(len(t.Counts))*t.Step - 24*time.Hour) / time.Second)
	for _, p := range r.Points {
		if p.Second >= from {
			sum, n = sum+float64(p.Replicas), n+1
		}
	}
	return sum / n
}

// A processing time that is declared twice as long or half as long as it is costs at most 15 % more, and makes few records late, on
// the second day. Where none is declared, on a target that begins with a consumer for each partition, it costs at most 1.3 times as much
// on the third. LAGSCALER_LONG (make long) plays all traffic, not only what comes suddenly.
func TestWrongDeclarationsAreCorrected(t *testing.T) {
	list := []string{"three times as much each 2 h, for 4 min"} // each takes a core for four seconds
	if os.Getenv("LAGSCALER_LONG") != "" {
		list = append(list, "a wave a day", "ramps of three hours", "steady")
	}
	for _, traffic := range list {
		t.Run(traffic, func(t *testing.T) {
			t.Parallel()
			play := func(times float64, days int, initial int32) (consumers, late float64) {
				tr := madeUps[traffic].trace(traffic, time.Duration(days)*24*time.Hour)
				w := World{Seed: 2, Protocol: Cooperative, Initial: initial}
				spec := Declare(scaler.Spec{}, w)
				spec.Sources[0].ProcessingTime = time.Duration(times * float64(spec.Sources[0].ProcessingTime))
				if times == 0 {
					spec = scaler.Spec{}
				}
				policy, err := Ours(OurName, spec, nil)
				if err != nil {
					t.Fatal(err)
				}
				r := Simulate(tr, w, policy)
				return lastDay(r, tr), r.LatePercent
			}
			right, _ := play(1, 2, 0)
			for _, times := range []float64{0.5, 2} {
				if got, late := play(times, 2, 0); got > 1.15*right || got < 0.8*right || late > 1 {
					t.Errorf("declared %v times as long: %.1f consumers on the second day instead of %.1f, %.3f %% late", times, got, right, late)
				}
			}
			third, _ := play(1, 3, 0)
			if got, late := play(0, 3, 48); got > 1.3*third || late > 1 {
				t.Errorf("not declared: %.1f consumers on the third day instead of %.1f, %.3f %% late", got, third, late)
			}
		})
	}
}
