package closedloop

import (
	"path/filepath"
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/kube"
	"github.com/lagscaler/lagscaler/scaler/sim"
)

// Observed is what happened to a loop while traffic was played.
type Observed struct {
	sim.Result // as far as it is known
	Starts     []time.Duration
	Pauses     []time.Duration
	PerRecord  time.Duration
	FirstPoll  *int32 `json:",omitempty"` // the second in which the autoscaler decided first; nil: it is not known
}

// Observe puts together what the consumers and the control plane saw of traffic that began then. sizes are those of the Deployment.
func (s *Loop) Observe(trace sim.Trace, began time.Time, sizes []kube.Size) Observed {
	s.t.Helper()
	o := Observed{Result: sim.Result{Trace: trace.Name, Policy: "observed", Protocol: sim.Eager, Partitions: int(s.Setup.Partitions)}}
	ages := make([]time.Duration, len(trace.Counts))
	var done, late int64
	var busy time.Duration
	var ups []time.Time
	rebalances := make([]int, len(ages)) // as the member saw them that was there all the time
	for i, log := range s.ConsumerLogs() {
		lines := s.ReadConsumer(log)
		if len(lines) == 0 {
			s.t.Fatalf("%s: the consumer reported nothing", filepath.Base(log))
		}
		ups = append(ups, lines[0].At)
		last := lines[len(lines)-1]
		done, late, busy = done+last.Done, late+last.Late, busy+last.Busy
		for _, line := range lines {
			b := int(line.At.Sub(began) / trace.Step)
			if line.At.Before(began) || b >= len(ages) {
				continue
			}
			ages[b] = max(ages[b], line.Recent)
			o.Pauses = append(o.Pauses, line.Paused...)
			if i == 0 {
				rebalances[b] += len(line.Paused)
			}
		}
	}
	o.Starts = startsOf(ups, sizes)
	o.PerRecord = busy / time.Duration(max(1, done))
	o.LatePercent = 100 * float64(late) / float64(max(1, done))
	for b, n := range trace.Counts {
		o.Points = append(o.Points, sim.PlotPoint{
			Second: int32(b+1)*int32(trace.Step/time.Second) - 1, Rate: n / trace.Step.Seconds(),
			Age: int32(ages[b].Round(time.Second) / time.Second),
		})
		o.PeakAge = max(o.PeakAge, ages[b])
	}
	o.count(rebalances, trace.Step, began, sizes)
	return o
}

// startsOf is how long after the size that asked for it each consumer came up, but for those of the first size. It takes it that pods come
// up in the order in which they were asked for; where a pod overtakes others, the sum is right, and the times are nearer to each other than
// they were. A smaller size takes back those that were asked for last and have not come up, as a ReplicaSet does.
//
//	2 pods, 4 at 0 s, 8 at 15 s; consumers come up at 14, 18, 29, 30, 31 and 33 s: after 14, 18, 14, 15, 16 and 18 s
func startsOf(ups []time.Time, sizes []kube.Size) (starts []time.Duration) {
	asked := slices.Repeat([]time.Time{{}}, int(sizes[0].Replicas)) // of pods that have not come up; zero: from the beginning
	next := 1
	for _, up := range slices.SortedFunc(slices.Values(ups), time.Time.Compare) {
		for ; next < len(sizes) && sizes[next].At.Before(up); next++ {
			if more := int(sizes[next].Replicas - sizes[next-1].Replicas); more > 0 {
				asked = append(asked, slices.Repeat([]time.Time{sizes[next].At}, more)...)
			} else {
				asked = asked[:max(0, len(asked)+more)]
			}
		}
		if len(asked) == 0 {
			continue // in place of one that came up before
		}
		if !asked[0].IsZero() {
			starts = append(starts, up.Sub(asked[0]))
		}
		asked = asked[1:]
	}
	return starts
}

// count fills in the replicas and the rebalances so far of each step.
func (o *Observed) count(rebalances []int, step time.Duration, began time.Time, sizes []kube.Size) {
	sum := 0
	for b := range o.Points {
		p := &o.Points[b]
		sum += rebalances[b]
		p.Rebalances = sum
		from, to := began.Add(time.Duration(b)*step), began.Add(time.Duration(b+1)*step)
		for i, one := range sizes {
			begins, ends := one.At, to
			if begins.Before(from) {
				begins = from
			}
			if i+1 < len(sizes) && sizes[i+1].At.Before(to) {
				ends = sizes[i+1].At
			}
			if ends.After(begins) {
				p.Replicas = max(p.Replicas, one.Replicas)
				o.ConsumerHours += ends.Sub(begins).Hours() * float64(one.Replicas)
			}
		}
	}
}

// World is the simulator's, with all that was measured.
func (o *Observed) World(target time.Duration) sim.World {
	perConsumer := 1 / o.PerRecord.Seconds()
	slices.Sort(o.Starts)
	w := sim.World{
		Partitions: o.Partitions, PerConsumer: perConsumer, PeakLoad: playedPeak / (float64(o.Partitions) * perConsumer),
		Protocol: sim.Eager, CommitOnRevoke: true, Target: target, Pause: max(time.Second, Mean(o.Pauses).Round(time.Second)), Jitter: 0.01, Initial: o.Points[0].Replicas,
		FirstPoll: o.FirstPoll,
	}
	if n := len(o.Starts); n > 0 {
		w.Starts = [2]time.Duration{o.Starts[0], o.Starts[n-1]}
	}
	return w
}

// Mean is the mean of times; 0 of none.
func Mean(all []time.Duration) time.Duration {
	sum := time.Duration(0)
	for _, d := range all {
		sum += d
	}
	return sum / time.Duration(max(1, len(all)))
}
