package demo

import (
	"context"
	"encoding/csv"
	"fmt"
	"strconv"
	"time"

	"github.com/lagscaler/lagscaler/scaler/sim/traces"
)

// Times are shorter than in production. Some are chosen to fit: a poll every second instead of every 10, a decision every 3 seconds
// instead of every 30, a target lag of 5 seconds instead of 30, a pod that starts in 1.5 seconds. All other time windows are divided by 20.
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

	scenes []scene       // what happens, in order
	repeat time.Duration // after which the scenes begin again; 0: the last one stays

	processing time.Duration // of one record
	arrivals   func() (rateFunc, error)
	hot        bool
	faults     func(ctx context.Context, b *brokers, f *fleet) // causes what goes wrong, each at its time; nil: nothing
}

// scene is what happens from a time on, in one sentence.
type scene struct {
	from time.Duration
	text string
}

// Scene is what happens at a time since the start, in one sentence.
func (s Scenario) Scene(since time.Duration) string {
	if s.repeat > 0 {
		since %= s.repeat
	}
	text := ""
	for _, one := range s.scenes {
		if one.from <= since {
			text = one.text
		}
	}
	return text
}

// length says how long the story takes.
func (s Scenario) length() string {
	last := s.scenes[len(s.scenes)-1].from
	switch {
	case s.repeat > 0:
		return fmt.Sprintf("The story takes %s and then begins again", s.repeat)
	case last > 0:
		return fmt.Sprintf("The last event of the story is after %s", last)
	}
	return "The first decisions are there within 10s"
}

// Scenarios are all of them; the first is the default.
var Scenarios = []Scenario{
	{
		Name:   "burst",
		Story:  "a burst of recorded tweets: replicas are added, the lag is drained, replicas are removed",
		repeat: 2 * time.Minute,
		scenes: []scene{
			{0, "About 60 records arrive per second. One consumer can process 50, so two are needed."},
			{8 * time.Second, "A burst: up to 400 records arrive per second. Replicas are added before the lag grows large."},
			{18 * time.Second, "The burst is over: about 40 records arrive per second. Replicas are removed after a while, if no second burst comes."},
			{50 * time.Second, "About 40 records arrive per second, and two consumers process them."},
		},
		processing: 20 * time.Millisecond,
		arrivals:   func() (rateFunc, error) { return trace("nab_tweets_goog_5m.csv", 61, 60, 2*time.Second, 400) },
	},
	{
		Name:   "diurnal",
		Story:  "a day of taxi rides in New York, 10 minutes per second: replicas are removed in the night and added in the morning",
		repeat: 48 * 3 * time.Second,
		scenes: []scene{
			{0, "Evening: up to 400 records arrive per second."},
			{28 * time.Second, "Night begins: fewer records arrive, and fewer replicas are needed."},
			{50 * time.Second, "Night: about 40 records arrive per second."},
			{70 * time.Second, "Morning: more records arrive from second to second, so replicas are added step by step."},
			{84 * time.Second, "Day: about 300 records arrive per second."},
		},
		processing: 20 * time.Millisecond,
		arrivals:   func() (rateFunc, error) { return trace("nab_nyc_taxi_30m.csv", 132, 48, 3*time.Second, 400) },
	},
	{
		Name:       "hot-partition",
		Story:      "half of all records go to one partition: more replicas would not help, and lagscaler reports that",
		scenes:     []scene{{0, "160 records arrive per second, half of them in partition 0. One consumer can process 50 per second, and only one reads a partition."}},
		processing: 20 * time.Millisecond,
		arrivals:   func() (rateFunc, error) { return constant(160), nil },
		hot:        true,
	},
	{
		Name:  "stalled",
		Story: "a consumer does not finish a record of one partition for 40 seconds",
		scenes: []scene{
			{0, "120 records arrive per second, and all of them are processed."},
			{20 * time.Second, "The consumer of partition 3 does not finish a record: the lag of this partition grows, and its committed offset stands."},
			{60 * time.Second, "The consumer of partition 3 has finished the record, and processes those that waited behind it."},
		},
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
		Name:  "crash-loop",
		Story: "a pod crashes repeatedly: rebalances without scaling",
		scenes: []scene{
			{0, "120 records arrive per second, and all of them are processed."},
			{8 * time.Second, "Every 8 seconds a pod crashes and a new one replaces it. The group rebalances each time, although nothing is scaled."},
		},
		processing: 20 * time.Millisecond,
		arrivals:   func() (rateFunc, error) { return constant(120), nil },
		faults: func(ctx context.Context, _ *brokers, f *fleet) {
			for sleep(ctx, 8*time.Second) {
				f.crash()
			}
		},
	},
	{
		Name:  "partial-outage",
		Story: "a broker does not return end offsets while traffic falls: lagscaler does not scale down while the lag is incomplete",
		scenes: []scene{
			{0, "About 60 records arrive per second."},
			{20 * time.Second, "A burst: up to 400 records arrive per second."},
			{26 * time.Second, "The burst is over: about 110 records arrive per second."},
			{45 * time.Second, "One of three brokers returns no end offsets, so the lag of its partitions is unknown. Nothing is scaled down on half of the numbers."},
			{60 * time.Second, "All brokers answer again."},
		},
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
