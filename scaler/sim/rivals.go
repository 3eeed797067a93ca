package sim

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
)

// Static is a fleet sized once, for the peak: the partition count.
type Static struct{ Replicas int32 }

// Name is "static peak".
func (Static) Name() string { return "static peak" }

// Every is the seconds between two decisions.
func (Static) Every() int32 { return pollSeconds }

// Decide is the same for ever.
func (s Static) Decide(v *View) (int32, string) {
	return cmp.Or(s.Replicas, int32(v.World.Partitions)), ""
}

// HPA is a HorizontalPodAutoscaler with default behaviour: every 15 s the number of replicas at which each has its
// share of the metric, unless it is within 10 % of what it is; up by at most double, or by four, each 15 s; down to
// the greatest recommendation of the last 300 s.
//
// Source: k8s.io/kubernetes pkg/controller/podautoscaler, autoscaling/v2 defaults.
type HPA struct {
	Label  string
	Max    int32 // 0: the partitions
	Metric func(v *View) []Metric

	recent []recommendation
}

// Metric is a value and the target per replica: type AverageValue.
type Metric struct{ Value, Target float64 }

type recommendation struct {
	second   int32
	replicas int32
}

const (
	hpaSync      = 15
	hpaTolerance = 0.1
	hpaDown      = 300 // seconds
)

// Name is the label.
func (h *HPA) Name() string { return h.Label }

// Every is the sync period in seconds.
func (h *HPA) Every() int32 { return hpaSync }

// Decide is the HPA's formula.
func (h *HPA) Decide(v *View) (int32, string) {
	now := v.Workload.Spec
	want := int32(0)
	for _, m := range h.Metric(v) {
		want = max(want, desired(m, now))
	}
	want = min(max(1, want), cmp.Or(h.Max, int32(v.World.Partitions)))
	h.recent = append(slices.DeleteFunc(h.recent, func(r recommendation) bool { return r.second <= v.Second-hpaDown }),
		recommendation{v.Second, want})
	switch {
	case want > now:
		return min(want, max(2*now, now+4)), ""
	case want < now:
		for _, r := range h.recent {
			want = max(want, r.replicas)
		}
		return min(want, now), ""
	}
	return now, ""
}

// desired is ceil(value / target), or what there is when that is close enough.
func desired(m Metric, now int32) int32 {
	if now > 0 {
		if ratio := m.Value / (m.Target * float64(now)); math.Abs(ratio-1) <= hpaTolerance {
			return now
		}
	}
	return int32(math.Ceil(m.Value/m.Target - 1e-9))
}

// KEDA is KEDA's kafka trigger: the total lag, counted up to lagThreshold for each partition, under an HPA.
//
// Source: kedacore/keda pkg/scalers/kafka_scaler.go, allowIdleConsumers=false, limitToPartitionsWithLag=false.
func KEDA(lagThreshold float64) *HPA {
	return &HPA{
		Label:  fmt.Sprintf("KEDA lagThreshold %.0f", lagThreshold),
		Metric: func(v *View) []Metric { return []Metric{kafkaTrigger(v, lagThreshold)} },
	}
}

func kafkaTrigger(v *View, threshold float64) Metric {
	total, _ := v.Lag.Total()
	return Metric{Value: min(float64(total), threshold*float64(v.World.Partitions)), Target: threshold}
}

// KEDAWork is KEDA with a threshold of some seconds of one consumer's work.
func KEDAWork(seconds, perConsumer float64) *HPA {
	h := KEDA(seconds * perConsumer)
	h.Label = fmt.Sprintf("KEDA %.0f s of work", seconds)
	return h
}

// KEDARate is KEDA with two triggers: a Prometheus rate at 0.85 of a consumer's speed, and ten seconds of work of lag.
func KEDARate(perConsumer float64) *HPA {
	var last sighting
	return &HPA{Label: "KEDA rate + lag", Metric: func(v *View) []Metric {
		rate := last.rate(v)
		return []Metric{{Value: rate, Target: 0.85 * perConsumer}, kafkaTrigger(v, 10*perConsumer)}
	}}
}

// sighting remembers log ends, to tell arrivals over about 30 s from outside.
type sighting struct {
	at  []int32
	end []int64
}

func (s *sighting) rate(v *View) float64 {
	end := int64(0)
	for _, p := range v.Lag.Partitions {
		end += p.End
	}
	s.at, s.end = append(s.at, v.Second), append(s.end, end)
	for len(s.at) > 1 && s.at[1] <= v.Second-30 {
		s.at, s.end = s.at[1:], s.end[1:]
	}
	if v.Second == s.at[0] {
		return 0
	}
	return float64(end-s.end[0]) / float64(v.Second-s.at[0])
}

// DS2 is the rule of Kalavri et al., "Three steps is all you need" (OSDI 2018), for one operator whose true processing
// rate is given: as many instances as the arrivals need at once, here at 0.85 of their speed and each minute.
type DS2 struct {
	PerConsumer float64
	last        sighting
}

// Name is "DS2".
func (*DS2) Name() string { return "DS2, true speed given" }

// Every is the seconds between two looks; it decides at every fourth.
func (*DS2) Every() int32 { return 15 }

// Decide is the rule.
func (d *DS2) Decide(v *View) (int32, string) {
	rate := d.last.rate(v)
	if v.Second%60 != 0 || v.Second == 0 || v.Rebalance.Active {
		return v.Workload.Spec, ""
	}
	want := int32(math.Ceil(rate / (0.85 * d.PerConsumer)))
	return min(max(1, want), int32(v.World.Partitions)), ""
}

// FixedThresholds is the scaler's policy thresholds: up when lag passes fixed limits, down only to the partitions.
func FixedThresholds(w World) (Policy, error) {
	return Ours("fixed thresholds", scaler.Spec{
		Kind:    scaler.Thresholds,
		Sources: []scaler.SourceSpec{{ProcessingTime: w.Processing()}},
	}, nil)
}

// Clairvoyant knows the next ten minutes: what a good policy could reach if it could see the future.
// Each 30 s: up at once to what the next 75 s need, down to what the next 600 s need, with the backlog drained in a minute.
//
// A rate is what arrives within half a minute, as everywhere in the decision. BySecond takes each second of a trace for a
// rate instead: on traces with a step of a second it then sizes the fleet for the noise of counting.
type Clairvoyant struct {
	BySecond bool

	rates []float64 // of the trace, as it reads them
}

// Name is "clairvoyant", or what else it is.
func (c *Clairvoyant) Name() string {
	if c.BySecond {
		return "clairvoyant, by the second"
	}
	return "clairvoyant"
}

// Every is the seconds between two decisions.
func (*Clairvoyant) Every() int32 { return 30 }

// The clairvoyant's horizons, the share of its capacity that it uses, and over how long it reads a rate.
const (
	soon        = 75
	later       = 600
	nearlyAll   = 0.93
	drainWithin = 60.0
	rateSeconds = 30
)

// Decide looks ahead.
func (c *Clairvoyant) Decide(v *View) (int32, string) {
	if c.rates == nil {
		if c.rates = v.rates; !c.BySecond {
			c.rates = averaged(v.rates, rateSeconds)
		}
	}
	total, _ := v.Lag.Total()
	backlog := max(0, float64(total)-0.5*v.World.Target.Seconds()*c.rates[v.Second]) / drainWithin
	up := v.fit((c.ahead(v.Second, soon) + backlog) / nearlyAll)
	down := v.fit((c.ahead(v.Second, later) + backlog) / nearlyAll)
	switch now := v.Workload.Spec; {
	case up > now:
		return up, ""
	case down < now:
		return down, ""
	default:
		return now, ""
	}
}

// ahead is the greatest rate of the next seconds.
func (c *Clairvoyant) ahead(from int32, seconds int) float64 {
	return slices.Max(c.rates[from:min(len(c.rates), int(from)+seconds)])
}

// averaged are the rates with each stretch of so many seconds at its mean.
func averaged(rates []float64, seconds int) []float64 {
	out := make([]float64, 0, len(rates))
	for stretch := range slices.Chunk(rates, seconds) {
		sum := 0.0
		for _, r := range stretch {
			sum += r
		}
		out = append(out, slices.Repeat([]float64{sum / float64(len(stretch))}, len(stretch))...)
	}
	return out
}

// fit is the least number of consumers none of which, having two partitions or more, has more than it can do.
func (v *View) fit(rate float64) int32 {
	p := v.World.Partitions
	load := make([]float64, p)
	ids := make([]int, 0, p)
	deal := v.World.Assignor
	if deal == CooperativeSticky { // from nobody it deals as round-robin does, and takes longer
		deal = RoundRobin
	}
	for n := 1; n <= p; n++ {
		ids = append(ids, n-1)
		if float64(n)*v.World.PerConsumer < rate && n < p {
			continue
		}
		clear(load)
		have := make([]int, n)
		for part, id := range deal.assign(p, ids, nil) {
			load[id] += rate * v.weights[part]
			have[id]++
		}
		fits := true
		for i := range n {
			fits = fits && (have[i] < 2 || load[i] <= v.World.PerConsumer)
		}
		if fits {
			return int32(n)
		}
	}
	return int32(p)
}

// Processing is the time one record takes in the world.
func (w World) Processing() time.Duration {
	return time.Duration(float64(time.Second) / w.filled().PerConsumer)
}
