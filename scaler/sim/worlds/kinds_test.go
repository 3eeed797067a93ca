package worlds

import (
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler"
)

// kinds are worlds of groups that assign partitions in another way: static members, share groups, streams groups.
func kinds() []world {
	static := func(w *world) {
		w.fleet.stateful, w.fleet.named, w.reader.static, w.reader.session = true, true, true, 5*minute
	}
	rises := steps(map[time.Duration]float64{0: 150, hour: 900, 2 * hour: 150})
	two := []topicSpec{{name: "orders", rate: constant(190)}, {name: "prices", rate: constant(190)}}
	return []world{
		full("static members restart one by one", inTurn(20*minute, 80*minute)...).with(static),
		full("static members restart one by one in a KIP-848 group", inTurn(20*minute, 80*minute)...).with(static).kip848(),
		full("half of the static members killed", event{hour, killHalf}).with(static),
		world{
			name: "static members and less traffic", twin: "static members restart one by one", hours: 3, fleet: fleetSpec{replicas: 12},
			topics: []topicSpec{{partitions: 12, rate: steps(map[time.Duration]float64{0: 1000, hour: 250})}},
			judges: []judge{quiet, keepsUp, endsAt(4)},
		}.with(static).with(func(w *world) { w.reader.session = 45 * time.Second }),
		{
			name: "a share group of two partitions", hours: 4, fleet: fleetSpec{replicas: 2}, reader: reader{kind: lag.Share},
			topics: []topicSpec{{partitions: 2, rate: rises}}, judges: []judge{quiet, keepsUp, enough(15 * minute), atMost(24), endsAt(3)},
		},
		{
			name: "a classic group of two partitions", twin: "a share group of two partitions", hours: 2, fleet: fleetSpec{replicas: 2},
			topics: []topicSpec{{partitions: 2, rate: steps(map[time.Duration]float64{0: 150, hour: 900})}}, judges: []judge{keepsUp, atMost(2)},
		},
		{
			name: "a streams group that joins two topics", hours: 2, fleet: fleetSpec{replicas: 2}, reader: reader{kind: lag.Streams, joins: true},
			topics: two, judges: []judge{quiet, keepsUp, enough(15 * minute), atMost(4)},
		},
		{
			name: "a streams group of two sub-topologies", twin: "a streams group that joins two topics", hours: 2,
			fleet: fleetSpec{replicas: 2}, reader: reader{kind: lag.Streams, speed: 60},
			topics: two, judges: []judge{quiet, keepsUp, enough(15 * minute), atMost(8)},
		},
		threeDays(),
	}
}

// threeDays are days with traffic and nights without: each day has a rollout and a restart of the program, and each evening the
// target goes to zero until the morning. A transactional producer leaves a marker behind each of its transactions: in the first
// night nobody knows that it is no record, and the last replica stays.
func threeDays() world {
	const day = 24 * hour
	w := world{
		name: "three days", hours: 72, interval: minute, fleet: fleetSpec{replicas: 2},
		spec: scaler.Spec{MinReplicas: ptr(int32(0)), MaxReplicas: ptr(int32(8))},
		topics: []topicSpec{{rate: func(at time.Duration) float64 {
			switch h := at % day; {
			case h < 8*hour:
				return 0
			case h >= 11*hour && h < 15*hour:
				return 330
			}
			return 120
		}, tx: &transactions{every: 10 * minute}}},
		judges: []judge{quiet, keepsUp, awake, noFlap, sleeps(15 * hour), endsAt(4)},
	}
	for k := range 3 {
		at := time.Duration(k) * day
		w.events = append(w.events, event{at + 5*hour, restart}, event{at + 13*hour, restart}, event{at + 10*hour, replaceOldest})
	}
	return w
}

// inTurn restarts the containers of all twelve pods, one after another: each ends in order, and is back before its session ends.
func inTurn(times ...time.Duration) (list []event) {
	for _, from := range times {
		for k := range 12 {
			list = append(list, event{from + time.Duration(k)*time.Minute, func(r *run) {
				p := r.fleet.pods[k%len(r.fleet.pods)]
				r.group.leave(func(m *member) bool { return m.pod == p })
				r.fleet.restart(p)
			}})
		}
	}
	return list
}
