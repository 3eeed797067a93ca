package demo

import (
	"context"
	"encoding/csv"
	"fmt"
	"strconv"
	"time"

	"github.com/lagscaler/lagscaler/scaler/sim/traces"
)

// All time windows of the scaler are 20 times shorter than in production. The other times are chosen to fit: a poll every
// second instead of every 10 seconds, a pod that starts in 1.5 seconds, a target lag of 5 seconds.
const (
	Interval        = time.Second            // between polls
	SampleInterval  = 250 * time.Millisecond // between samples of states
	pace            = 20
	startup         = 1500 * time.Millisecond
	commitInterval  = 500 * time.Millisecond
	targetLag       = 5 * time.Second
	partitions      = 12
	quietPartitions = 6
)

// Scenario is what arrives and what goes wrong.
type Scenario struct {
	Name  string
	Story string // what the user will see

	processing time.Duration // of one record
	arrivals   func() (rateFunc, error)
	hot        bool
	faults     func(ctx context.Context, b *brokers, f *fleet) // causes what goes wrong, each at its time; nil: nothing
}

// Scenarios are all of them; the first is the default.
var Scenarios = []Scenario{
	{
		Name:       "burst",
		Story:      "a burst of recorded tweets: replicas are added, the lag is drained, replicas are removed",
		processing: 20 * time.Millisecond,
		arrivals:   func() (rateFunc, error) { return trace("nab_tweets_goog_5m.csv", 61, 60, 2*time.Second, 400) },
	},
	{
		Name:       "diurnal",
		Story:      "a day of taxi rides in New York, 10 minutes per second: replicas are removed in the night and added in the morning",
		processing: 20 * time.Millisecond,
		arrivals:   func() (rateFunc, error) { return trace("nab_nyc_taxi_30m.csv", 132, 48, 3*time.Second, 400) },
	},
	{
		Name:       "hot-partition",
		Story:      "half of all records go to one partition: more replicas would not help, and lagscaler reports that",
		processing: 20 * time.Millisecond,
		arrivals:   func() (rateFunc, error) { return constant(160), nil },
		hot:        true,
	},
	{
		Name:       "stalled",
		Story:      "a consumer does not finish a record of one partition for 40 seconds",
		processing: 20 * time.Millisecond,
		arrivals:   func() (rateFunc, error) { return constant(120), nil },
		faults: func(ctx context.Context, _ *brokers, f *fleet) {
			if sleep(ctx, 20*time.Second) {
				f.setPoison(&poison{partition: 3})
			}
			if sleep(ctx, 40*time.Second) {
				f.setPoison(nil)
			}
		},
	},
	{
		Name:       "crash-loop",
		Story:      "a pod crashes repeatedly: rebalances without scaling",
		processing: 20 * time.Millisecond,
		arrivals:   func() (rateFunc, error) { return constant(120), nil },
		faults: func(ctx context.Context, _ *brokers, f *fleet) {
			for sleep(ctx, 8*time.Second) {
				f.crash()
			}
		},
	},
	{
		Name:       "partial-outage",
		Story:      "a broker does not return end offsets while traffic falls: lagscaler does not scale down while the lag is incomplete",
		processing: 20 * time.Millisecond,
		arrivals:   func() (rateFunc, error) { return trace("nab_tweets_goog_5m.csv", 1630, 60, 2*time.Second, 400) },
		faults: func(ctx context.Context, b *brokers, _ *fleet) {
			if sleep(ctx, 45*time.Second) {
				b.breakOffsets()
			}
			if sleep(ctx, 15*time.Second) {
				b.restoreOffsets()
			}
		},
	},
}

// Find is the scenario of a name; the empty name is the first.
func Find(name string) (Scenario, error) {
	if name == "" {
		return Scenarios[0], nil
	}
	names := make([]string, 0, len(Scenarios))
	for _, s := range Scenarios {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	return Scenario{}, fmt.Errorf("scenario %q: must be one of %v", name, names)
}

// trace is n samples of a shipped trace from the first-th on, each lasting step, scaled so that its peak is peak records/s.
func trace(file string, first, n int, step time.Duration, peak float64) (rateFunc, error) {
	f, err := traces.Files.Open(file)
	if err != nil {
		return nil, fmt.Errorf("open trace: %w", err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read trace %s: %w", file, err)
	}
	samples := make([]float64, 0, n)
	for _, row := range rows[1+first : 1+first+n] {
		v, err := strconv.ParseFloat(row[1], 64)
		if err != nil {
			return nil, fmt.Errorf("read trace %s: %w", file, err)
		}
		samples = append(samples, v)
	}
	return replay(samples, step, peak), nil
}
