package sim

import "time"

// fleet is the Deployment: pods that start, run and end.
type fleet struct {
	spec   int32
	pods   []pod // the oldest first
	nextID int
}

// pod is one replica.
type pod struct {
	id     int
	ready  int32   // the second it is ready, and joins its group
	speed  float64 // records/s
	joined bool
}

// begin starts with n pods that are ready and have joined.
func (f *fleet) begin(n int32, r *run) {
	f.resize(n, 0, r)
	for i := range f.pods {
		f.pods[i].ready = 0
	}
	f.advance(0, r)
	r.group.endFirstRebalance(r)
}

// resize starts pods, or ends the newest: those still starting first.
func (f *fleet) resize(n, second int32, r *run) {
	f.spec = n
	for int32(len(f.pods)) > n {
		last := len(f.pods) - 1
		if f.pods[last].joined {
			r.group.leave(f.pods[last].id, second, r)
		}
		f.pods = f.pods[:last]
	}
	for int32(len(f.pods)) < n {
		f.pods = append(f.pods, f.start(second, r))
	}
}

func (f *fleet) start(second int32, r *run) pod {
	f.nextID++
	starts := r.Starts
	if starts == [2]time.Duration{} {
		starts = usualStarts
		if r.rng.Float64() < slowShare {
			starts = slowStarts
		}
	}
	least, most := starts[0].Seconds(), starts[1].Seconds()
	takes := least + (most-least)*r.rng.Float64()
	return pod{
		id: f.nextID, ready: second + int32(takes*r.fault.slowness()),
		speed: r.PerConsumer * (1 + r.Jitter*(2*r.rng.Float64()-1)),
	}
}

// How long pods take to start, at least and at most, and the share of those that are slow, because a node or an image is not there yet.
var (
	usualStarts = [2]time.Duration{20 * time.Second, 40 * time.Second}
	slowStarts  = [2]time.Duration{60 * time.Second, 120 * time.Second}
)

const slowShare = 0.05

// advance lets pods that are ready join their group.
func (f *fleet) advance(second int32, r *run) {
	for i := range f.pods {
		p := &f.pods[i]
		if !p.joined && p.ready <= second {
			p.joined = true
			r.group.join(p, second, r)
		}
	}
}

// replace ends a pod and starts another in its place, as a rollout does.
func (f *fleet) replace(i int, second int32, r *run) {
	old := f.pods[i]
	if old.joined && r.Static {
		r.group.pause(old.id, second+staticRestart)
		return // the new pod takes the old one's place in the group before its session ends
	}
	if old.joined {
		r.group.leave(old.id, second, r)
	}
	f.pods = append(append(f.pods[:i:i], f.pods[i+1:]...), f.start(second, r))
}

func (f *fleet) readyPods(second int32) int32 {
	n := int32(0)
	for i := range f.pods {
		if f.pods[i].ready <= second {
			n++
		}
	}
	return n
}
