package worlds

import (
	"slices"
	"time"
)

// stopsItself: the scaler stops scaling down by a time, nothing goes down while it has, and soon at least as many replicas run.
func stopsItself(by time.Duration, replicas int32) judge {
	return func(r *run) (list []string) {
		since := time.Duration(-1)
		for i := 1; i < len(r.seen); i++ {
			before, p := &r.seen[i-1], &r.seen[i]
			_, _, stopped := p.decision.StoppedBy()
			if stopped && since < 0 {
				since = p.at
			}
			if stopped && p.spec < before.spec {
				list = append(list, wrong(before, "down to %d though it has stopped itself", p.spec))
			}
			if stopped && p.at-since > 5*minute && p.spec < replicas {
				list = append(list, wrong(p, "%d replicas, must be %d", p.spec, replicas))
			}
		}
		if last := &r.seen[len(r.seen)-1]; since < 0 || since > by {
			list = append(list, wrong(last, "stopped at %v, must be by %v", since, by))
		}
		return first(list)
	}
}

// neverStops: nothing that the scaler did made records late.
func neverStops(r *run) (list []string) {
	for i := range r.seen {
		if p := &r.seen[i]; p.decision.Why.Stopped != nil {
			list = append(list, wrong(p, "it has stopped itself"))
		}
	}
	return first(list)
}

// misremembers is a defect: what was saved of the capacity comes back three times too high.
func misremembers(then func(*run)) func(*run) {
	return func(r *run) {
		for name, k := range r.store {
			m := k.memory
			m.Sources = slices.Clone(m.Sources)
			for i := range m.Sources {
				m.Sources[i].PerConsumer, m.Sources[i].BusyAt = 300, time.Time{}
			}
			r.store[name] = kept{memory: m}
		}
		then(r)
	}
}

// hourly is a rate for the first minutes of each hour, another for its last minutes, and a third between.
func hourly(first time.Duration, high float64, last time.Duration, low, usual float64) traffic {
	return func(at time.Duration) float64 {
		switch m := at % hour; {
		case at > hour && m < first:
			return high
		case m >= hour-last:
			return low
		}
		return usual
	}
}

// stopping are worlds in which records are late after steps down: because of them, or because of the traffic.
func stopping() []world {
	return []world{
		{
			name: "a capacity that comes back wrong at each restart", twin: "producers stop and send everything when they are back", hours: 5,
			fleet: fleetSpec{replicas: 12}, topics: []topicSpec{{partitions: 12, rate: constant(480)}},
			events: each(9*minute, 10*minute, 5*hour, misremembers(restart)), judges: []judge{stopsItself(3*hour, 5)},
		},
		{
			name: "a capacity that comes back wrong at each change of the leader", hours: 5, fleet: fleetSpec{replicas: 12},
			topics: []topicSpec{{partitions: 12, rate: constant(480)}},
			events: append([]event{{0, second}}, each(9*minute, 10*minute, 5*hour, misremembers(elect))...), judges: []judge{stopsItself(3*hour, 5)},
		},
		{
			name: "producers stop and send everything when they are back", twin: "a capacity that comes back wrong at each restart", hours: 8,
			fleet: fleetSpec{replicas: 12}, topics: []topicSpec{{partitions: 12, rate: hourly(10*minute, 1000, 12*minute, 1, 480)}},
			judges: []judge{neverStops},
		},
		{
			name: "a rush at each full hour", twin: "a capacity that comes back wrong at each restart", hours: 8, fleet: fleetSpec{replicas: 12},
			topics: []topicSpec{{partitions: 12, rate: hourly(5*minute, 1100, 0, 0, 300)}}, judges: []judge{neverStops},
		},
		{
			name: "a release that halves the speed", twin: "a capacity that comes back wrong at each restart", hours: 8, fleet: fleetSpec{replicas: 12},
			topics: []topicSpec{{partitions: 12, rate: steps(map[time.Duration]float64{0: 480, 2 * hour: 250, 4 * hour: 480, 6 * hour: 250})}},
			events: append(rollouts(130*minute, 5*hour), event{135 * minute, func(r *run) { r.group.speed = 50 }}), judges: []judge{neverStops},
		},
	}
}
