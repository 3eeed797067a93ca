package sim

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// HPA is a HorizontalPodAutoscaler with default behaviour: every 15 s the number of replicas at which each has its
// share of the metric, unless it is within 10 % of what it is; up to the double at most, and always as far as four, every 15 s; down to
// the greatest recommendation of the last 300 s, of which the first is the size that it finds.
//
// Source: k8s.io/kubernetes pkg/controller/podautoscaler: normalizeDesiredReplicas, which an HPA without behavior goes through, and
// recordInitialRecommendation.
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
		want = max(want, desired(m, v.Workload.Status))
	}
	want = min(max(1, want), cmp.Or(h.Max, int32(v.World.Partitions)))
	if h.recent == nil {
		h.recent = []recommendation{{v.Second, now}}
	}
	h.recent = append(slices.DeleteFunc(h.recent, func(r recommendation) bool { return r.second <= v.Second-hpaDown }),
		recommendation{v.Second, want})
	switch {
	case want > now:
		return min(want, max(2*now, 4)), ""
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

// KEDA is KEDA's kafka trigger: the total lag, under an HPA. It is cut to lagThreshold for each partition only when that many whole
// thresholds are exceeded, so 13 replicas for 12 partitions are possible.
//
// Source: kedacore/keda pkg/scalers/kafka_scaler.go: getTotalLag, with allowIdleConsumers=false, limitToPartitionsWithLag=false.
func KEDA(lagThreshold float64) *HPA {
	return &HPA{
		Label:  fmt.Sprintf("KEDA lagThreshold %.0f", lagThreshold),
		Metric: func(v *View) []Metric { return []Metric{kafkaTrigger(v, lagThreshold)} },
	}
}

func kafkaTrigger(v *View, threshold float64) Metric {
	total, _ := v.Lag.Total()
	value := float64(total)
	if most := float64(v.World.Partitions); math.Floor(value/threshold) > most {
		value = most * threshold
	}
	return Metric{Value: value, Target: threshold}
}

// KEDAWork is KEDA with a threshold of some seconds of one consumer's work.
func KEDAWork(seconds, perConsumer float64) *HPA {
	h := KEDA(seconds * perConsumer)
	h.Label = fmt.Sprintf("KEDA %.0f s of work", seconds)
	return h
}

// KEDARate is KEDA with two triggers: a Prometheus rate of so much per replica, and lag.
func KEDARate(perReplica, lagThreshold float64) *HPA {
	var last rateEstimator
	return &HPA{Label: fmt.Sprintf("KEDA rate %.0f/s + lag %.0f", perReplica, lagThreshold), Metric: func(v *View) []Metric {
		rate := last.rate(v)
		return []Metric{{Value: rate, Target: perReplica}, kafkaTrigger(v, lagThreshold)}
	}}
}

// rateEstimator remembers log-end offsets, to measure the arrival rate over about 30 s.
type rateEstimator struct {
	at  []int32
	end []int64
}

func (s *rateEstimator) rate(v *View) float64 {
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
