package worlds

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// fleetSpec says what the target is. The zero value of a field means its default.
type fleetSpec struct {
	replicas int32            // at the beginning
	threads  int              // consumers of one replica: 1
	nat      bool             // members are behind one address
	stateful bool             // pods are worker-0, worker-1, …
	named    bool             // client ids contain the pod's name
	same     bool             // all client ids of a pod are its name
	counts   bool             // client ids are worker-0, worker-1, … in every pod, as the pods of a StatefulSet are called
	starts   [2]time.Duration // how long a pod takes to start: 20 s to 40 s
	owner    seen.Owner       // another controller
}

// pod is one replica.
type pod struct {
	name, uid, ip string
	number        int
	ready         time.Duration // it works from then on
	joined        bool
	moved         bool // its consumers use the cluster that stood by
}

// fleet is the target: its pods, and who changed their number.
type fleet struct {
	fleetSpec
	r       *run
	mode    scaler.Mode
	policy  scaler.Policy
	sources []seen.SourceSpec
	spec    int32
	pods    []*pod
	made    int
	rollout bool
	moves   bool       // new pods use the cluster that stands by
	write   seen.Write // our own last one
	writes  []scaler.Change
}

const (
	namespace  = "shop"
	target     = "worker"
	natAddress = "192.0.2.7" // of every member whose address is translated
)

// Scalers is the one scaler of the world.
func (f *fleet) Scalers(time.Time) []scaler.Scaler {
	wl := seen.Workload{
		Ref:   seen.Ref{APIVersion: "apps/v1", Kind: "Deployment", Namespace: namespace, Name: target},
		Found: true, HasScale: true, Spec: f.spec, Status: int32(len(f.pods)), LastWrite: f.write,
		RolloutInProgress: f.rollout, Owner: f.owner,
	}
	if f.stateful {
		wl.Ref.Kind = "StatefulSet"
	}
	for _, p := range f.pods {
		ready := p.ready <= f.r.now
		if ready {
			wl.Ready++
		}
		wl.Pods = append(wl.Pods, seen.Pod{Name: p.name, UID: p.uid, IP: p.ip, Ready: ready})
	}
	slices.SortFunc(wl.Pods, func(a, b seen.Pod) int { return cmpString(a.Name, b.Name) })
	return []scaler.Scaler{{
		Name: namespace + "/" + target, Mode: f.mode, Policy: f.policy, Sources: f.sources, Workload: wl,
	}}
}

// Apply writes what the program asks for.
func (f *fleet) Apply(_ context.Context, c scaler.Change) error {
	if c.From != f.spec {
		return fmt.Errorf("has %d: %w", f.spec, scaler.ErrConflict)
	}
	f.write = seen.Write{At: f.r.time(), From: c.From, To: c.To}
	f.writes = append(f.writes, c)
	f.scale(c.To)
	if f.r.onWrite != nil {
		f.r.later(0, f.r.onWrite)
	}
	return nil
}

// scale sets the replicas, by whoever.
func (f *fleet) scale(to int32) {
	f.spec = to
	for int32(len(f.pods)) < to {
		f.start()
	}
	for int32(len(f.pods)) > to {
		f.end(f.pods[len(f.pods)-1])
	}
}

// start creates a pod. A StatefulSet takes the first number that is free.
func (f *fleet) start() {
	f.made++
	p := &pod{moved: f.moves, uid: fmt.Sprintf("uid-%d", f.made), ip: fmt.Sprintf("10.0.%d.%d", f.made/250, f.made%250+1)}
	for slices.ContainsFunc(f.pods, func(o *pod) bool { return o.number == p.number }) {
		p.number++
	}
	p.name = fmt.Sprintf("%s-7d9f-%05d", target, f.made)
	if f.stateful {
		p.name = fmt.Sprintf("%s-%d", target, p.number)
	}
	takes := f.starts[0] + time.Duration(f.r.rng.Float64()*float64(f.starts[1]-f.starts[0]))
	p.ready = f.r.now + takes
	f.pods = append(f.pods, p)
}

// end ends a pod in order: its consumers leave the group.
func (f *fleet) end(p *pod) {
	g := f.r.groupOf(p)
	g.leave(func(m *member) bool { return m.pod == p })
	if g.static || g.silent {
		g.kill(f.r.now, func(m *member) bool { return m.pod == p })
	}
	f.pods = slices.DeleteFunc(f.pods, func(o *pod) bool { return o == p })
}

// kill ends a pod hard, and its controller starts another one.
func (f *fleet) kill(p *pod) {
	f.r.group.kill(f.r.now, func(m *member) bool { return m.pod == p })
	f.pods = slices.DeleteFunc(f.pods, func(o *pod) bool { return o == p })
	f.start()
}

// restart ends the container of a pod hard and starts it again: the pod keeps its name and address.
func (f *fleet) restart(p *pod) {
	f.r.group.kill(f.r.now, func(m *member) bool { return m.pod == p })
	p.joined, p.ready = false, f.r.now+10*time.Second
}

// advance lets pods that have started join the group.
func (f *fleet) advance() {
	for _, p := range f.pods {
		if p.joined || p.ready > f.r.now {
			continue
		}
		p.joined = true
		if f.r.group.alone {
			continue
		}
		for k := range f.threads {
			id, host := fmt.Sprintf("consumer-%s-%d", f.r.group.name, k+1), p.ip
			if f.named {
				id = fmt.Sprintf("%s-%d", p.name, k)
			}
			if f.same {
				id = p.name
			}
			if f.counts {
				id = fmt.Sprintf("%s-%d", target, k)
			}
			if f.nat {
				host = natAddress
			}
			f.r.groupOf(p).join(p, id, host).Topics = f.r.reads
		}
	}
}

// ready is how many replicas work.
func (f *fleet) ready() (n int32) {
	for _, p := range f.pods {
		if p.joined {
			n++
		}
	}
	return n
}
