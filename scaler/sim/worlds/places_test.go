package worlds

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler"
)

// placesSpec is another Kubernetes cluster in which consumers of the group run, with a program of its own.
type placesSpec struct {
	share    int32 // percent of the consumers that it takes; 0: it learns that
	unaware  bool  // its program does not know of places
	replicas int32 // at the beginning
}

// elsewhere is that cluster.
type elsewhere struct {
	fleet fleet
	store store
	ours  *engine.Engine // nil: it does not run
}

// numbered is the number from which the pods of the other place are counted: no two have the same name or address.
const numbered = 5000

// addPlace starts the other place.
func (r *run) addPlace(t testing.TB) {
	spec := r.spec
	if spec.Place = nil; !r.places.unaware {
		spec.Place = &scaler.Place{Share: r.places.share}
	}
	policy, err := spec.Policy()
	if err != nil {
		t.Fatal(err)
	}
	r.other = &elsewhere{store: store{}, fleet: fleet{fleetSpec: r.world.fleet, r: r, mode: scaler.Act, policy: policy, sources: spec.Sources, made: numbered}}
	r.other.fleet.scale(r.places.replicas)
	for _, p := range r.other.fleet.pods {
		p.ready = 0
	}
	r.other.start(r)
}

// start starts the program of the other place, with what it saved.
func (e *elsewhere) start(r *run) {
	sees := &source{Cluster: r.kafka, r: r, noData: map[lag.Doubt][2]int64{}}
	e.ours = engine.New(engine.Settings{Clusters: []engine.Cluster{{Name: cluster, Source: sees}}}, engine.Options{
		Targets: &e.fleet, Memories: e.store, Leading: func() bool { return true }, Interval: r.interval,
	})
}

func (e *elsewhere) tick(r *run) {
	if e != nil && e.ours != nil {
		e.ours.Tick(context.Background(), r.time())
	}
}

// placeGone: the other place is gone, with its program and its consumers, which cannot leave the group.
func placeGone(r *run) {
	f := &r.other.fleet
	r.group.kill(r.now, func(m *member) bool { return m.pod != nil && slices.Contains(f.pods, m.pod) })
	f.pods, f.spec, r.other.ours = nil, 0, nil
}

// placeBack: it is back with so many replicas.
func placeBack(replicas int32) func(r *run) {
	return func(r *run) {
		r.other.fleet.scale(replicas)
		r.other.start(r)
	}
}

// placeRestarts ends all pods of the other place, and starts them again two minutes later.
func placeRestarts(r *run) {
	f := &r.other.fleet
	for _, p := range f.pods {
		r.group.leave(func(m *member) bool { return m.pod == p })
		p.joined, p.ready = false, r.now+2*minute
	}
}

// inTwoPlaces are worlds of one group in two Kubernetes clusters.
func inTwoPlaces() []world {
	rises := topicSpec{partitions: 24, rate: steps(map[time.Duration]float64{0: 600, hour: 1700, 3 * hour: 600})}
	with := func(name, twin string, change func(*world), judges []judge, events ...event) world {
		w := world{
			name: name, twin: twin, hours: 5, fleet: fleetSpec{replicas: 5}, places: &placesSpec{share: 40, replicas: 4},
			spec: scaler.Spec{Place: &scaler.Place{Share: 60}}, topics: []topicSpec{rises}, judges: judges, events: events,
		}
		return w.with(change)
	}
	same := func(*world) {}
	together := []judge{quiet, keepsUp, onTime(12 * minute), enough(15 * minute), atMost(26), endsAt(10)}
	learn := func(w *world) { w.places.share, w.spec.Place = 0, &scaler.Place{} }
	sleepy := func(w *world) {
		w.fleet, w.places.replicas, w.topics = one, 1, []topicSpec{{partitions: 24, rate: bursts(2*hour, 10*minute, 20)}}
		w.spec.MinReplicas = ptr[int32](0)
	}
	return []world{
		with("two places", "another Deployment in the group", same, together),
		with("two places that learn their shares", "two places", learn, together),
		with("two places of which one does not know it", "two places", func(w *world) { w.places.unaware = true },
			[]judge{quiet, keepsUp, onTime(12 * minute), enough(15 * minute), atMost(34)}),
		with("two places and the program restarts", "two places", same, together, each(23*minute, 9*minute, 5*hour, restart)...),
		with("one of two places is gone at the peak", "one of two places restarts all its pods at the peak", same,
			[]judge{quiet, enough(6 * minute), onTime(12 * minute), atMost(26), endsAt(10)}, event{2 * hour, placeGone}),
		with("one of two places is gone and comes back", "one of two places is gone at the peak", same,
			[]judge{quiet, onTime(12 * minute), endsAt(11)}, event{2 * hour, placeGone}, event{150 * minute, placeBack(2)}),
		with("one of two places restarts all its pods at the peak", "one of two places is gone at the peak", same,
			[]judge{quiet, keepsUp, onTime(12 * minute), atMost(28), endsAt(10)}, event{2 * hour, placeRestarts}),
		with("two places that sleep", "the program restarts while it sleeps", sleepy, []judge{quiet, awake, noFlap, sleeps(2 * hour)}),
	}
}
