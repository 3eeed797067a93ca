package tryout

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/internal/record"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler"
)

// Used says which brakes a recording has, whose own settings it does not have.
type Used struct {
	Limits      bool // of all scalers together
	Freeze      bool
	Annotations bool // that pause, or fix the number
}

// History is what a recording says of its scalers. Read its files through [History.Replay], then [record.Replay.Flush] it.
type History struct {
	pasts map[string]*Past
}

// Past is what a recording says of one scaler.
type Past struct {
	Name    string
	Present Settings // the last ones
	Used    Used
	Was     Outcome // replicas and late records as they were

	arrivals arrivals
	learned  learned
	pace     float64   // of the clock
	now      time.Time // of the last poll
	spec     int32
	initial  int32
	judged   uint64 // counters of the last poll
	late     uint64
}

// Replay reads recordings into the history. It repeats the recorded decisions, because what consumers can process is learned on the way.
func (h *History) Replay() *record.Replay {
	h.pasts = map[string]*Past{}
	return &record.Replay{Together: func(polls []record.Poll) []scaler.Result {
		results := make([]scaler.Result, len(polls))
		for i := range polls {
			results[i] = scaler.Evaluate(polls[i].In)
			h.past(polls[i].Scaler).add(&polls[i].In, &results[i])
		}
		return results
	}}
}

// Pasts are the scalers of the recording, by name.
func (h *History) Pasts() []*Past {
	var all []*Past
	for _, name := range slices.Sorted(maps.Keys(h.pasts)) {
		all = append(all, h.pasts[name])
	}
	return all
}

// Past is one scaler of the recording. An empty name is that of the only one.
func (h *History) Past(name string) (*Past, error) {
	if p, ok := h.pasts[name]; ok {
		return p, nil
	}
	names := slices.Sorted(maps.Keys(h.pasts))
	switch {
	case len(names) == 0:
		return nil, errors.New("the recording has no scaler")
	case name != "":
		return nil, fmt.Errorf("the recording has no scaler %s; it has %v", name, names)
	case len(names) > 1:
		return nil, fmt.Errorf("the recording has several scalers, give one of them: %v", names)
	}
	return h.pasts[names[0]], nil
}

func (h *History) past(name string) *Past {
	p, ok := h.pasts[name]
	if !ok {
		p = &Past{Name: name, Was: Outcome{Scaler: name, Case: "as it was", Held: []Held{}}}
		h.pasts[name] = p
	}
	return p
}

func (p *Past) add(in *scaler.Input, r *scaler.Result) {
	w := &in.Workload
	p.pace = in.Clock.Filled().Pace
	p.Present.Policy, p.Present.Sources = in.Policy, nil
	for i := range in.Sources {
		p.Present.Sources = append(p.Present.Sources, in.Sources[i].SourceSpec)
	}
	p.Used.Limits = p.Used.Limits || len(in.Brakes) > 0
	p.Used.Freeze = p.Used.Freeze || w.Freeze != nil
	p.Used.Annotations = p.Used.Annotations || w.PauseScaleIn || w.PauseScaleOut || w.FixedReplicas != nil
	p.ran(in)
	p.learned.take(&r.Decision, &r.Memory)
	if len(in.Sources) > 0 {
		p.arrivals.add(in.Sources[0].Lag)
		p.learned.protocol = in.Sources[0].Rebalance.Protocol
		p.waited(in.Sources[0].Judged, in.Sources[0].Late, in.Sources[0].JudgedWithin == in.Policy.TargetLag)
	}
}

// ran counts the replicas that ran, and their changes.
func (p *Past) ran(in *scaler.Input) {
	if !in.Workload.Sized() {
		return
	}
	spec := in.Workload.Spec
	switch {
	case p.now.IsZero():
		p.initial = spec
	default:
		p.Was.ConsumerHours += float64(p.spec) * max(0, min(in.Now.Sub(p.now), mostBetween)).Hours()
		if spec > p.spec {
			p.Was.StepsUp++
		} else if spec < p.spec {
			p.Was.StepsDown++
		}
	}
	p.now, p.spec = in.Now, spec
}

// waited counts the records that were late, where they were judged by the target lag. Counters begin anew with a process.
func (p *Past) waited(judged, late uint64, byTarget bool) {
	if byTarget && p.judged > 0 && judged >= p.judged && late >= p.late {
		if p.Was.Records == nil {
			p.Was.Records, p.Was.LateRecords = new(int64), new(int64)
		}
		*p.Was.Records += int64(judged - p.judged)
		*p.Was.LateRecords += int64(late - p.late)
		if *p.Was.Records > 0 {
			p.Was.LatePercent = new(100 * float64(*p.Was.LateRecords) / float64(*p.Was.Records))
		}
	}
	p.judged, p.late = judged, late
}

// arrivals are the records that arrived at one group.
type arrivals struct {
	first, last time.Time // of readings that have every partition
	ends        map[string]int64
	of          map[string]float64 // records, by partition
	times       []time.Time
	sums        []float64 // records until then
	missing     time.Duration
}

// add takes in the ends of a reading that has all of them. A partition that is new, or whose offsets were set back, adds nothing.
func (a *arrivals) add(g *lag.GroupLag) {
	if g == nil || len(g.Topics) == 0 {
		return
	}
	ends := map[string]int64{}
	for _, t := range g.Topics {
		for _, p := range t.Partitions {
			if p.Known&lag.KnownEnd == 0 {
				return
			}
			ends[fmt.Sprintf("%s/%d", t.Topic, p.Partition)] = p.End
		}
	}
	if len(a.times) > 0 && !g.ReadAt.After(a.last) {
		return
	}
	sum := 0.0
	if a.of == nil {
		a.of, a.first = map[string]float64{}, g.ReadAt
	} else {
		sum = a.sums[len(a.sums)-1]
		if gap := g.ReadAt.Sub(a.last); gap > mostBetween {
			a.missing += gap
		}
	}
	for p, end := range ends {
		if before, known := a.ends[p]; known && end > before {
			a.of[p] += float64(end - before)
			sum += float64(end - before)
		} else {
			a.of[p] += 0
		}
	}
	a.ends, a.last = ends, g.ReadAt
	a.times, a.sums = append(a.times, g.ReadAt), append(a.sums, sum)
}
