package worlds

import (
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// sleeping are worlds about zero replicas and waking.
func sleeping() []world {
	some := bursts(2*hour, 10*minute, 20)
	activation := scaler.Spec{MinReplicas: ptr[int32](0), ActivationLag: 50}
	named := seen.SourceSpec{Topics: []string{"orders"}}
	return []world{
		{
			name: "activationLag", hours: 5, fleet: one, spec: activation, topics: []topicSpec{{rate: some}},
			judges: []judge{quiet, awake, noFlap, sleeps(3 * hour)},
		},
		{
			name: "fewer records than activationLag", hours: 4, fleet: one, spec: activation,
			topics: []topicSpec{{rate: between(2*hour, 3*hour, 0.008)}}, judges: []judge{quiet, awake, noFlap, sleeps(3 * hour)},
		},
		{
			name: "the program restarts while it sleeps", hours: 5, fleet: one, spec: toZero(), topics: []topicSpec{{rate: some}},
			events: each(50*minute, 20*minute, 5*hour, restart), judges: []judge{quiet, awake, noFlap, sleeps(2 * hour)},
		},
		{
			name: "the leader changes while it sleeps", hours: 5, fleet: one, spec: toZero(), topics: []topicSpec{{rate: some}},
			events: append([]event{{0, second}}, each(50*minute, 20*minute, 5*hour, elect)...),
			judges: []judge{quiet, awake, noFlap, sleeps(2 * hour)},
		},
		{
			name: "the group never ran", hours: 3, fleet: fleetSpec{}, spec: toZero(), source: named,
			topics: []topicSpec{{unread: true, rate: between(hour, 2*hour, 5)}}, judges: []judge{quiet, awake},
		},
		{
			name: "offsets expire while it sleeps", hours: 5, fleet: one, spec: toZero(), source: named,
			topics: []topicSpec{{rate: some}}, events: []event{{90 * minute, expire}},
			judges: []judge{quiet, awake, noFlap, sleeps(2 * hour)},
		},
		{
			name: "a topic is made anew while it sleeps", hours: 5, fleet: one, spec: toZero(), source: named,
			topics: []topicSpec{{rate: some}}, events: []event{{90 * minute, makeAnew}},
			judges: []judge{awake, noFlap, sleeps(2 * hour)},
		},
		{
			name: "new partitions while it sleeps", hours: 5, fleet: one, spec: toZero(), source: named,
			topics: []topicSpec{{rate: some}}, events: []event{{90 * minute, addPartitions}},
			judges: []judge{quiet, awake, noFlap, sleeps(2 * hour)},
		},
		{
			name: "cut-over from KEDA", hours: 5, fleet: fleetSpec{replicas: 1, owner: seen.Owner{Kind: "ScaledObject", Name: "worker"}}, spec: toZero(),
			topics: []topicSpec{{rate: some}},
			events: []event{
				{hour, func(r *run) { r.fleet.scale(0) }},
				{90 * minute, func(r *run) { r.fleet.owner.Paused = true }},
				{160 * minute, func(r *run) { r.fleet.owner = seen.Owner{} }},
			},
			judges: []judge{quiet, awake, noFlap, sleeps(2 * hour)},
		},
	}
}

// expire lets the broker forget the group, as it does a week after its last member left.
func expire(r *run) {
	for _, p := range r.reading() {
		p.expire(r.group.name)
	}
	r.kafka.Remove(r.group.name)
}

// makeAnew deletes the topic and makes it again: its offsets begin at 0, and the old commits are gone a while later.
func makeAnew(r *run) {
	t := r.topics[0]
	spec := t.topicSpec
	spec.old, spec.unread = 0, true
	for _, p := range t.partitions {
		r.kafka.Uncommit(r.group.name, p.topic, p.id)
	}
	r.create(spec)
}

// addPartitions doubles the partitions of the topic. From then on records arrive only in the new ones.
func addPartitions(r *run) {
	t := r.topics[0]
	old := t.partitions
	r.kafka.Grow(t.name, 2*len(old))
	for i := range old {
		t.partitions = append(t.partitions, &partition{
			kafka: r.kafka, topic: t.name, id: int32(len(old) + i), commit: uncommitted, position: uncommitted,
		})
	}
	t.quiet = len(old)
}
