package plan

import (
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestPlan(t *testing.T) {
	tests := map[string]struct {
		in   Input
		want Plan
	}{
		"the specification's example": {
			Input{Rate: 1000, ProcessingTime: 50 * time.Millisecond, TargetLag: 30 * time.Second},
			Plan{20, 50, 50, 50, 60, 60, 50, 156},
		},
		"noise adds no consumer": {
			Input{Rate: 1000, ProcessingTime: 61 * time.Millisecond},
			Plan{1000. / 61, 61, 61, 61, 72, 72, 61, 192},
		},
		"nothing arrives":            {Input{ProcessingTime: time.Millisecond}, Plan{PerConsumer: 1000}},
		"a fraction of a consumer":   {Input{Rate: 0.1, ProcessingTime: time.Second}, Plan{1, 1, 1, 1, 12, 1, 1, 12}},
		"exactly ten tenths":         {Input{Rate: 0.1, ProcessingTime: 10 * time.Second}, Plan{0.1, 1, 1, 1, 12, 1, 1, 12}},
		"a backlog in two minutes":   {Input{Rate: 1000, ProcessingTime: 50 * time.Millisecond, Backlog: 24000}, Plan{20, 50, 50, 50, 60, 60, 60, 156}},
		"a backlog in four minutes":  {Input{Rate: 1000, ProcessingTime: 50 * time.Millisecond, Backlog: 24000, DrainTime: 4 * time.Minute}, Plan{20, 50, 50, 50, 60, 60, 55, 156}},
		"partitions that exist":      {Input{Rate: 1000, ProcessingTime: 50 * time.Millisecond, Partitions: 200}, Plan{20, 50, 50, 50, 60, 50, 50, 156}},
		"partitions that do not fit": {Input{Rate: 1000, ProcessingTime: 50 * time.Millisecond, Partitions: 48}, Plan{20, 50, 50, 50, 60, 48, 50, 156}},
		"48 partitions at 100/s":     {Input{Rate: 960, ProcessingTime: 10 * time.Millisecond, Partitions: 48}, Plan{100, 10, 10, 10, 12, 10, 10, 36}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Make(tt.in)
			if err != nil || got != tt.want {
				t.Errorf("Make = %+v, %v\nwant %+v", got, err, tt.want)
			}
		})
	}
}

func TestPlanRefuses(t *testing.T) {
	_, err := Make(Input{Rate: -1, ProcessingTime: -time.Second, TargetLag: -1, Backlog: -2, DrainTime: -3, Partitions: -4})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"rate", "-1", "processing time", "-1s", "target lag", "backlog", "drain time", "partitions", "-4"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
	for _, rate := range []float64{math.NaN(), math.Inf(1)} {
		if _, err := Make(Input{Rate: rate, ProcessingTime: time.Second}); err == nil {
			t.Errorf("rate %v accepted", rate)
		}
	}
}

func TestPlanTargetChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := Input{
			Rate:           float64(rapid.IntRange(0, 1_000_000).Draw(t, "rate")),
			ProcessingTime: time.Duration(rapid.IntRange(1, 5000).Draw(t, "ms")) * time.Millisecond,
		}
		a, err := Make(in)
		if err != nil {
			t.Fatal(err)
		}
		in.TargetLag = time.Duration(rapid.IntRange(0, 3600).Draw(t, "target")) * time.Second
		b, err := Make(in)
		if err != nil || a != b {
			t.Fatalf("%+v and %+v, %v", a, b, err)
		}
		// Integer arithmetic on whole milliseconds.
		ms := in.ProcessingTime.Milliseconds()
		if want := (int64(in.Rate)*ms + 999) / 1000; a.RecommendedConsumers != want {
			t.Fatalf("%d consumers, want %d", a.RecommendedConsumers, want)
		}
		if a.RecommendedPartitions%12 != 0 || a.RecommendedPartitions < a.RecommendedConsumers || a.RecommendedPartitions >= a.RecommendedConsumers+12 {
			t.Fatalf("%d partitions for %d consumers", a.RecommendedPartitions, a.RecommendedConsumers)
		}
	})
}

// With no lag, no headroom and no growth, the decision's count is the plan's.
func TestMeasuredPlanAgrees(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.IntRange(0, 1_000_000).Draw(t, "rate")
		busy := time.Duration(rapid.IntRange(1, 2000).Draw(t, "ms")) * time.Millisecond
		plan, err := Make(Input{Rate: float64(rate), ProcessingTime: busy})
		if err != nil {
			t.Fatal(err)
		}
		if got := Consumers(float64(rate), 1/busy.Seconds()); int64(got) != plan.RecommendedConsumers {
			t.Fatalf("%d consumers, the plan says %d", got, plan.RecommendedConsumers)
		}
	})
}

func TestCeil(t *testing.T) {
	for _, tt := range []struct{ num, den, want int64 }{{0, 1, 0}, {1, 2, 1}, {4, 2, 2}, {5, 2, 3}} {
		if got := ceil(big.NewRat(tt.num, tt.den)); got != tt.want {
			t.Errorf("ceil(%d/%d) = %d, want %d", tt.num, tt.den, got, tt.want)
		}
	}
}
