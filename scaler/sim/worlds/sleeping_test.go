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

// resets are worlds in which the group has no commit, and what its consumers do then.
func resets() []world {
	fresh := topicSpec{unread: true, rate: bursts(2*hour, 10*minute, 20)}
	latest := func(name string, rate traffic, events ...event) world {
		spec := fresh
		spec.rate = rate
		return world{
			name: name, hours: 4, fleet: one, spec: toZero(), topics: []topicSpec{spec}, reader: reader{latest: true}, events: events,
			source: seen.SourceSpec{Topics: []string{"orders"}, OffsetReset: seen.Latest}, judges: []judge{quiet, awake, noFlap},
		}
	}
	earliest := func(name string, t topicSpec, events ...event) world {
		return latest(name, t.rate, events...).with(func(w *world) {
			w.reader.latest, w.source.OffsetReset, w.topics = false, seen.Earliest, []topicSpec{t}
			w.judges = append(w.judges, sleeps(2*hour))
		})
	}
	rare := bursts(hour, step, 0.8) // one record in each partition
	return []world{
		latest("latest and old records", busy),
		latest("latest and rare records", rare).with(func(w *world) { w.judges = append(w.judges, sleeps(hour)) }),
		latest("latest and rare records and restarts of the program", rare, each(25*minute, 35*minute, 4*hour, restart)...),
		latest("latest and offsets expire", bursts(2*hour, 10*minute, 20), event{90 * minute, expire}),
		latest("latest that commits where it begins", rare).with(func(w *world) {
			w.reader.commits = true
			w.judges = append(w.judges, sleeps(2*hour))
		}),
		earliest("earliest and never ran", fresh),
		earliest("earliest and never ran and restarts of the program", fresh, each(25*minute, 35*minute, 4*hour, restart)...),
		earliest("earliest and offsets expire", topicSpec{rate: bursts(2*hour, 10*minute, 20)}, event{90 * minute, expire}),
		earliest("earliest and offsets expire and the leader changes", topicSpec{rate: bursts(2*hour, 10*minute, 20)},
			event{0, second}, event{90 * minute, expire}, event{100 * minute, elect}, event{200 * minute, elect}),
		earliest("made anew and the leader changes", topicSpec{rate: bursts(2*hour, 10*minute, 20)},
			event{0, second}, event{90 * minute, makeAnew}, event{100 * minute, elect}, event{200 * minute, elect}),
		earliest("new partitions and restarts of the program", topicSpec{rate: bursts(2*hour, 10*minute, 20)},
			event{90 * minute, addPartitions}, event{100 * minute, restart}, event{200 * minute, restart}),
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
	t := r.side.topics[0]
	spec := t.topicSpec
	spec.old, spec.unread = 0, true
	for _, p := range t.partitions {
		r.kafka.Uncommit(r.group.name, p.topic, p.id)
	}
	r.create(spec)
}

// addPartitions doubles the partitions of the topic. From then on records arrive only in the new ones.
func addPartitions(r *run) {
	t := r.side.topics[0]
	old := t.partitions
	r.kafka.Grow(t.name, 2*len(old))
	for i := range old {
		t.partitions = append(t.partitions, &partition{
			kafka: r.kafka, topic: t.name, id: int32(len(old) + i), commit: uncommitted, position: uncommitted,
		})
	}
	t.quiet = len(old)
}
