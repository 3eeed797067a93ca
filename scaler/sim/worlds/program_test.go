package worlds

import (
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// program are worlds about the program itself: its modes, its restarts, and what it cannot read.
func program() []world {
	rises := topicSpec{partitions: 12, rate: steps(map[time.Duration]float64{0: 150, hour: 500, 2 * hour: 150})}
	anywhere := func(name string, change func(*world), judges ...judge) world {
		w := world{name: name, hours: 4, fleet: two, topics: []topicSpec{rises}, judges: judges}
		return w.with(change)
	}
	failing := func(what func(*run), heals func(*run)) []event {
		return append(each(40*minute, 20*minute, 4*hour, what), each(40*minute, 28*minute, 4*hour, heals)...)
	}
	act := []judge{quiet, keepsUp, onTime(12 * minute), endsAt(3), noDownInTheDark}
	return []world{
		anywhere("observe and restarts", func(w *world) { w.global, w.events = scaler.Observe, each(23*minute, 9*minute, 4*hour, restart) }, quiet, unchanged),
		anywhere("advise and restarts", func(w *world) { w.mode, w.events = scaler.Advise, each(23*minute, 9*minute, 4*hour, restart) }, quiet, unchanged),
		anywhere("advise and changes of the leader", func(w *world) {
			w.mode, w.events = scaler.Advise, append([]event{{0, second}}, each(23*minute, 9*minute, 4*hour, elect)...)
		}, quiet, unchanged),
		anywhere("advise says what act would do", func(w *world) { w.mode = scaler.Advise }, quiet, unchanged, advises),
		anywhere("act and restarts", func(w *world) { w.events = each(23*minute, 9*minute, 4*hour, restart) }, act...),
		anywhere("a broker is gone again and again", func(w *world) {
			w.events = failing(func(r *run) { r.kafka.Fail(1, lag.Unreachable) }, func(r *run) { r.kafka.Fail(1, lag.OK) })
		}, act...),
		anywhere("the cluster is gone again and again", func(w *world) {
			w.events = failing(func(r *run) { r.kafka.FailAll(lag.Unreachable) }, func(r *run) { r.kafka.FailAll(lag.OK) })
		}, act...),
		anywhere("the coordinator loads again and again", func(w *world) {
			w.events = failing(func(r *run) { r.kafka.FailGroup(groupName, lag.CoordinatorLoading) }, func(r *run) { r.kafka.FailGroup(groupName, lag.OK) })
		}, act...),
		{
			name: "a broker is gone while it sleeps", hours: 5, fleet: one, spec: toZero(), topics: []topicSpec{{rate: bursts(2*hour, 10*minute, 20)}},
			events: []event{
				{hour, func(r *run) { r.kafka.Fail(1, lag.Unreachable) }},
				{100 * minute, func(r *run) { r.kafka.Fail(1, lag.OK) }},
				{3 * hour, func(r *run) { r.kafka.FailAll(lag.Unreachable) }},
				{210 * minute, func(r *run) { r.kafka.FailAll(lag.OK) }},
			},
			judges: []judge{quiet, awake, noFlap, sleeps(2 * hour), noDownInTheDark},
		},
		{
			name: "set to zero by hand", twin: "cut-over from KEDA", hours: 4, fleet: two, spec: toZero(), topics: []topicSpec{{rate: constant(20)}},
			events: []event{
				{hour, func(r *run) { r.fleet.scale(0) }},
				{80 * minute, func(r *run) { r.fleet.rollout = true }},
				{90 * minute, func(r *run) { r.fleet.rollout = false }},
				{2 * hour, restart},
				{3 * hour, func(r *run) { r.fleet.scale(1) }},
			},
			judges: []judge{staysAtZero(hour, 3*hour)}, // it pages: records wait, and it was not lagscaler
		},
		{
			name: "the leader dies after it wrote zero", twin: "set to zero by hand", hours: 5, fleet: one, spec: toZero(),
			topics: []topicSpec{{rate: bursts(2*hour, 10*minute, 20)}}, onWrite: restart,
			judges: []judge{quiet, awake, noFlap, sleeps(2 * hour)},
		},
	}
}

// left are worlds about topics that the group does not read any more.
func left() []world {
	both := []topicSpec{{rate: bursts(2*hour, 20*minute, 20)}, {name: "older", rate: between(0, 5*hour, 1)}}
	return []world{
		{
			name: "the group left a topic", twin: "one of two Deployments of a group leaves", hours: 6, fleet: one, spec: toZero(), topics: both,
			events: []event{{hour, readOnly("orders")}}, judges: []judge{quiet, awake, noFlap, sleeps(2 * hour)},
		},
		{
			name: "the group left a topic and the program restarts", hours: 6, fleet: one, spec: toZero(), topics: both,
			events: append([]event{{hour, readOnly("orders")}}, each(50*minute, 130*minute, 6*hour, restart)...),
			judges: []judge{quiet, awake, noFlap, sleeps(2 * hour)},
		},
		{
			name: "one of two Deployments of a group leaves", twin: "the group left a topic", hours: 3, fleet: one, spec: toZero(), reads: []string{"orders"},
			topics: []topicSpec{{rate: between(0, hour, 20)}, {name: "invoices", rate: steps(map[time.Duration]float64{0: 20, hour: 0, 2 * hour: 5})}},
			events: append(otherDeployment(2, 0, hour+19*minute, "invoices"), event{hour + 19*minute + 20*time.Second, func(r *run) { r.fleet.scale(0) }}),
			judges: []judge{quiet, counts("invoices", 2*hour+2*minute, 2*hour+8*minute)},
		},
		{
			name: "another Deployment in the group", hours: 5, fleet: fleetSpec{replicas: 4}, source: seen.SourceSpec{},
			topics: []topicSpec{{partitions: 24, rate: steps(map[time.Duration]float64{0: 700, hour: 1200, 3 * hour: 450})}},
			events: otherDeployment(4, 0, 5*hour, "orders"), judges: []judge{quiet, onTime(12 * minute), endsAt(3)},
		},
		{
			name: "another Deployment behind the same address", hours: 5, fleet: fleetSpec{replicas: 4, nat: true},
			topics: []topicSpec{{partitions: 24, rate: steps(map[time.Duration]float64{0: 700, hour: 1200, 3 * hour: 450})}},
			events: otherDeployment(4, 0, 5*hour, "orders"), judges: []judge{quiet, onTime(12 * minute), endsAt(8)},
		},
	}
}

// readOnly rolls out replicas that read one topic.
func readOnly(name string) func(*run) {
	return func(r *run) {
		r.world.reads = []string{name}
		for range len(r.fleet.pods) {
			replaceOldest(r)
		}
	}
}

// otherDeployment has consumers in the group from one time to another.
func otherDeployment(n int, from, to time.Duration, reads string) []event {
	other := &pod{name: "other"}
	return []event{
		{from, func(r *run) {
			for range n {
				host := "10.9.9.9"
				if r.fleet.nat {
					host = natAddress
				}
				r.group.join(other, "consumer-orders-1", host).Topics = []string{reads}
			}
		}},
		{to, func(r *run) { r.group.leave(func(m *member) bool { return m.pod == other }) }},
	}
}
