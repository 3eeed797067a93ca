package worlds

import (
	"fmt"
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

// full is a fleet at its partition limit under full load: twelve partitions, of which each needs a consumer.
func full(name string, events ...event) world {
	return world{
		name: name, hours: 2, fleet: fleetSpec{replicas: 12}, topics: []topicSpec{{partitions: 12, rate: constant(1000)}},
		events: events, judges: []judge{quiet, keepsUp, atMost(12), enough(10 * minute)},
	}
}

// with changes a world.
func (w world) with(change func(*world)) world {
	change(&w)
	return w
}

func (w world) kip848() world { return w.with(func(w *world) { w.reader.kind = lag.Consumer }) }

func (w world) nat(threads int) world {
	return w.with(func(w *world) { w.fleet.nat, w.fleet.threads = true, threads })
}

// fleets are worlds about members and replicas.
func fleets() []world {
	rises := steps(map[time.Duration]float64{0: 350, hour: 780, 2 * hour: 250})
	return []world{
		full("rolling restarts", rollouts(20*minute, 80*minute, 140*minute)...),
		full("half the fleet killed", event{hour, killHalf}),
		full("half the fleet killed in a KIP-848 group", event{hour, killHalf}).kip848(),
		full("half the fleet killed behind NAT", event{hour, killHalf}).kip848().nat(1),
		full("a container restarts", each(20*minute, 30*minute, 3*hour, restartContainer)...),
		full("a container restarts in a KIP-848 group", each(20*minute, 30*minute, 3*hour, restartContainer)...).kip848(),
		full("containers restart behind NAT", each(20*minute, 30*minute, 3*hour, restartContainer)...).kip848().nat(1),
		full("a debug consumer under full load", debugConsumer(30*minute, 90*minute)...),
		full("a debug consumer behind NAT", debugConsumer(30*minute, 90*minute)...).nat(1),
		full("StatefulSet of twelve behind NAT").nat(1).with(func(w *world) { w.fleet.stateful, w.fleet.named = true, true }),
		full("restarts of the program under full load", each(17*minute, 10*minute, 3*hour, restart)...),
		full("changes of the leader under full load", append([]event{{0, second}}, each(17*minute, 10*minute, 3*hour, elect)...)...),
		{
			name: "one thread behind NAT", hours: 4, fleet: fleetSpec{replicas: 4, nat: true}, topics: []topicSpec{{partitions: 24, rate: rises}},
			judges: []judge{quiet, keepsUp, enough(15 * minute), atMost(24), endsAt(4)},
		},
		{
			name: "three threads behind NAT", hours: 4, fleet: fleetSpec{replicas: 4, nat: true, threads: 3},
			topics: []topicSpec{{partitions: 48, rate: steps(map[time.Duration]float64{0: 1000, hour: 2000, 2 * hour: 250})}},
			judges: []judge{quiet, keepsUp, enough(15 * minute), atMost(16), endsAt(3)},
		},
		{
			name: "three threads behind NAT and restarts of the program", hours: 4, fleet: fleetSpec{replicas: 4, nat: true, threads: 3},
			topics: []topicSpec{{partitions: 48, rate: steps(map[time.Duration]float64{0: 1000, hour: 2000, 2 * hour: 250})}},
			events: each(23*minute, 11*minute, 4*hour, restart),
			judges: []judge{quiet, keepsUp, enough(15 * minute), atMost(16), endsAt(3)},
		},
		counted("threads that count as many as pods", "threads with the name of their pod").with(func(w *world) { w.fleet.counts = true }),
		counted("threads with the name of their pod", "threads that count as many as pods").with(func(w *world) { w.fleet.same = true }),
		{
			name: "a debug consumer stays for ever", hours: 4, fleet: fleetSpec{replicas: 4}, events: debugConsumer(30*minute, 5*hour),
			topics: []topicSpec{{partitions: 24, rate: rises}}, judges: []judge{quiet, onTime(5 * minute), atMost(24), endsAt(4)},
		},
		{
			name: "a debug consumer behind NAT stays for ever", hours: 4, fleet: fleetSpec{replicas: 4, nat: true}, events: debugConsumer(30*minute, 5*hour),
			topics: []topicSpec{{partitions: 24, rate: rises}}, judges: []judge{quiet, onTime(5 * minute), atMost(24), endsAt(4)},
		},
	}
}

// counted is a StatefulSet of three pods with three consumers each behind NAT: their client ids look like the names of the pods.
func counted(name, twin string) world {
	return world{
		name: name, twin: twin, hours: 4, fleet: fleetSpec{replicas: 3, nat: true, threads: 3, stateful: true},
		topics: []topicSpec{{partitions: 48, rate: steps(map[time.Duration]float64{0: 750, hour: 1500, 2 * hour: 250})}},
		events: append(each(37*minute, 20*minute, 4*hour, killOne), event{3 * hour, func(r *run) { r.fleet.scale(2) }}),
		judges: []judge{quiet, enough(15 * minute), atMost(16), endsAt(3)},
	}
}

func killOne(r *run) { r.fleet.kill(r.fleet.pods[r.rng.IntN(len(r.fleet.pods))]) }

// rollouts replace every pod, one after another, from times on.
func rollouts(times ...time.Duration) (list []event) {
	for _, from := range times {
		list = append(list, event{from, func(r *run) { r.fleet.rollout = true }})
		for k := range 12 {
			list = append(list, event{from + time.Duration(k)*40*time.Second, replaceOldest})
		}
		list = append(list, event{from + 9*minute, func(r *run) { r.fleet.rollout = false }})
	}
	return list
}

// replaceOldest starts a pod and ends the oldest.
func replaceOldest(r *run) {
	if len(r.fleet.pods) > 0 {
		r.fleet.start()
		r.fleet.end(r.fleet.pods[0])
	}
}

func killHalf(r *run) {
	for _, p := range append([]*pod(nil), r.fleet.pods[:len(r.fleet.pods)/2]...) {
		r.fleet.kill(p)
	}
}

func restartContainer(r *run) { r.fleet.restart(r.fleet.pods[r.rng.IntN(len(r.fleet.pods))]) }

// debugConsumer is a consumer of the group that somebody runs elsewhere for a while.
func debugConsumer(from, to time.Duration) []event {
	var m *member
	return []event{
		{from, func(r *run) {
			host := "198.51.100.9"
			if r.fleet.nat {
				host = natAddress
			}
			m = r.group.join(nil, fmt.Sprintf("consumer-%s-1", r.group.name), host)
			m.Topics = r.reads
		}},
		{to, func(r *run) { r.group.leave(func(o *member) bool { return o == m }) }},
	}
}
