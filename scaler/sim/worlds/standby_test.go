package worlds

import (
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

const copyName = "west"

// syncEvery is how often commits are copied while the group has no member in the copy, as MirrorMaker 2 does.
const syncEvery = time.Minute

// standbySpec says how a cluster that stands by follows the one in use.
type standbySpec struct {
	behind int64 // so many records of each partition are read again, because offsets are not translated exactly
	stops  bool  // the mirror copies nothing: the cluster in use is gone
}

// standBy makes the copies of all topics.
func (r *run) standBy(s side) {
	spec := *r.standby
	r.standby, r.copies = &spec, &s
	r.swap()
	for _, t := range r.copies.topics {
		r.create(t.topicSpec)
	}
	r.swap()
	other := r.source
	other.Cluster, other.StandbyFor = copyName, seen.StandbyFor{Cluster: cluster}
	r.spec.Sources = append(r.spec.Sources[:1:1], other)
}

// swap makes the cluster that stands by the one in use: producers write there, and what is true is what is true there.
func (r *run) swap() { r.side, *r.copies = *r.copies, r.side }

// onBoth does something for the group in each cluster.
func (r *run) onBoth(does func()) {
	if !r.lost {
		does()
	}
	if r.copies != nil && !r.copies.lost {
		r.swap()
		does()
		r.swap()
	}
}

// groupOf is the group that the consumers of a pod join.
func (r *run) groupOf(p *pod) *group {
	if r.copies != nil && p.moved == (r.cluster == cluster) {
		return &r.copies.group
	}
	return &r.group
}

// mirror copies the records that are a step old, and now and then the commits.
func (r *run) mirror() {
	if r.copies == nil || r.standby.stops {
		return
	}
	for i, t := range r.side.topics {
		for k, p := range t.partitions {
			c := r.copies.topics[i].partitions[k]
			fresh := int64(0)
			if n := len(p.log); n > 0 && p.log[n-1].at == r.now {
				fresh = p.log[n-1].count
			}
			c.append(p.end-fresh-c.end, record, r.now)
			if r.now%syncEvery == 0 && len(r.copies.group.members) == 0 && p.commit-r.standby.behind > c.commit {
				c.position = p.commit - r.standby.behind
				c.count()
				c.save(groupName)
			}
		}
	}
	if g := &r.copies.group; r.now%syncEvery == 0 && g.generation == 0 {
		g.generation = 1
		r.swap()
		r.put()
		r.swap()
	}
}

// clusterLost: the cluster in use is gone, with all its members, and so is its mirror.
func clusterLost(r *run) {
	r.kafka.FailAll(lag.Unreachable)
	r.lost, r.standby.stops = true, true
}

// clusterBack: it is there again.
func clusterBack(r *run) {
	r.kafka.FailAll(lag.OK)
	r.lost, r.standby.stops = false, false
}

// failOver moves producers and consumers at once: all pods are restarted with another configuration.
func failOver(r *run) {
	moveOver(r)
	r.standby.stops = true
	r.swap()
}

// moveOver restarts all pods with the configuration of the other cluster.
func moveOver(r *run) {
	r.fleet.moves = !r.fleet.moves
	for _, p := range r.fleet.pods {
		r.groupOf(p).leave(func(m *member) bool { return m.pod == p })
		p.moved, p.joined, p.ready = r.fleet.moves, false, r.now+20*time.Second
	}
}

// moveOldest replaces the pod that has been using the other cluster for longest: a step of a rollout.
func moveOldest(r *run) {
	r.fleet.moves = true
	for _, p := range r.fleet.pods {
		if !p.moved {
			r.fleet.end(p)
			r.fleet.start()
			return
		}
	}
}

// standbys are worlds with two clusters of which one stands by.
func standbys() []world {
	rises := topicSpec{partitions: 12, rate: steps(map[time.Duration]float64{0: 300, hour: 900, 2 * hour: 300})}
	with := func(name, twin string, judges []judge, events ...event) world {
		return world{
			name: name, twin: twin, hours: 4, fleet: fleetSpec{replicas: 4}, standby: &standbySpec{behind: 100}, topics: []topicSpec{rises}, events: events,
			judges: judges,
		}
	}
	act := []judge{keepsUp, onTime(12 * minute), atMost(12), endsAt(6)}
	oneByOne := func(from time.Duration) (list []event) {
		for k := range 12 {
			list = append(list, event{from + time.Duration(k)*30*time.Second, moveOldest})
		}
		return append(list, event{from + 7*minute, func(r *run) { r.standby.stops = true; r.swap() }})
	}
	asleep := func(name, twin string, judges []judge, events ...event) world {
		return world{
			name: name, twin: twin, hours: 5, fleet: one, spec: toZero(), standby: &standbySpec{behind: 100},
			topics: []topicSpec{{rate: bursts(2*hour, 10*minute, 20)}}, events: events, judges: judges,
		}
	}
	sleepy := []judge{quiet, awake, noFlap, sleeps(2 * hour)}
	return []world{
		with("a cluster stands by", "", append([]judge{quiet}, act...)),
		with("a cluster stands by and the program restarts", "a cluster stands by", append([]judge{quiet}, act...), each(23*minute, 9*minute, 4*hour, restart)...),
		with("consumers fail over at once", "the cluster in use is gone for a while", append([]judge{steadyFrom(150*minute, 160*minute)}, act...), event{150 * minute, clusterLost}, event{151 * minute, failOver}),
		with("consumers fail over after an hour without a cluster", "the cluster in use is gone for a while", []judge{noDownInTheDark, keepsUp, atMost(12), endsAt(6)}, event{80 * minute, clusterLost}, event{140 * minute, failOver}),
		with("the cluster in use is gone for a while", "consumers fail over at once", append([]judge{noDownInTheDark}, act...), event{150 * minute, clusterLost}, event{170 * minute, clusterBack}),
		with("consumers fail over one by one", "a cluster stands by", append([]judge{steadyFrom(150*minute, 165*minute)}, act...), oneByOne(150*minute)...),
		with("consumers fail over one by one at the peak", "consumers fail over one by one", act, oneByOne(90*minute)...),
		with("consumers fail over and the program restarts", "consumers fail over at once", act,
			append([]event{{150 * minute, clusterLost}, {151 * minute, failOver}}, each(149*minute, minute, 170*minute, restart)...)...),
		asleep("a cluster stands by while it sleeps", "", sleepy),
		asleep("a cluster stands by while it sleeps and the program restarts", "a cluster stands by while it sleeps", sleepy, each(50*minute, 20*minute, 5*hour, restart)...),
		asleep("the cluster in use is gone while it sleeps", "producers fail over while it sleeps", []judge{awake, noFlap, sleeps(2 * hour)}, event{90 * minute, clusterLost}, event{100 * minute, clusterBack}),
		asleep("producers fail over while it sleeps", "the cluster in use is gone while it sleeps", []judge{awakeWithin(3 * minute), noFlap, sleeps(2 * hour)},
			event{90 * minute, clusterLost}, event{90 * minute, failOver}).with(func(w *world) { w.standby.behind = 0 }),
	}
}

// steadyFrom: from one time to another the replicas stay, because the traffic does.
func steadyFrom(from, to time.Duration) judge {
	return func(r *run) (list []string) {
		for i := 1; i < len(r.seen); i++ {
			if before, p := &r.seen[i-1], &r.seen[i]; p.at > from && p.at <= to && p.spec != before.spec {
				list = append(list, wrong(before, "to %d, though nothing but the cluster changes", p.spec))
			}
		}
		return first(list)
	}
}

// awakeWithin is awake for a target that wakes later: a mirror's delay, and what awake allows.
func awakeWithin(limit time.Duration) judge {
	return func(r *run) (list []string) {
		for i := range r.seen {
			if p := &r.seen[i]; p.spec == 0 && p.waiting > 0 && p.oldest > limit {
				list = append(list, wrong(p, "asleep while records wait"))
			}
		}
		return first(list)
	}
}
