package scaler

import (
	"time"

	"github.com/lagscaler/lagscaler/scaler/asleep"
	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// zero is what this poll says of a target at zero: why it is there, and what waits. Package asleep has the rules.
type zero struct {
	look    asleep.Look
	state   asleep.State
	waiting []asleep.Waiting // by source
	own     []int64          // records that producers wrote to a copy that stands by, by source
	acts    bool
}

// zeroLook is what the look before leaves for the next.
type zeroLook struct {
	replicas int32           // while this process acted; 0: it did not
	slept    []asleep.Source // at the last look above zero, else at the first one at zero
	ownedAt  time.Time       // another autoscaler was last seen on the target
}

// ownedFor is how long after another autoscaler has left a change counts as its own: KEDA may write the replicas after its
// ScaledObject is gone.
const ownedFor = 600 * time.Second

// intentStands is how long after an intent a size above 0 may be the one before its write: the write ends after 5 s, the
// API server may finish it later, and what is watched of the target comes after that.
const intentStands = 60 * time.Second

// atZero takes this poll's look at the target. What the KafkaScaler's status has is what the leader saved: it counts until
// this process acts itself.
func (r *recent) atZero(in *Input, now *seen.State, learned *learn.State) zero {
	wl := &now.Workload
	z := zero{state: learned.Memory.Asleep, acts: in.Acts && !wl.Paused && !wl.Owner.Owns()}
	if in.Asleep != nil && !r.acted {
		z.state = *in.Asleep
	}
	if wl.Owner.Kind != "" && (wl.Owner.Owns() || wl.LastWrite.At.IsZero()) {
		r.zero.ownedAt = now.Now
	}
	z.look = asleep.Look{
		Now: now.Now, Replicas: wl.Spec, Before: r.zero.replicas, Acts: z.acts, Enough: in.Policy.ActivationLag,
		Owned: !r.zero.ownedAt.IsZero() && now.Now.Sub(r.zero.ownedAt) < now.Clock.Scale(ownedFor),
	}
	z.look.Stands, z.look.Slept = now.Clock.Scale(intentStands), r.zero.slept
	z.look.Sources = make([]asleep.Source, len(now.Sources))
	looked := wl.Spec == 0 || in.Policy.MinReplicas == 0 || !z.state.Zero() // else nothing of it is looked at: it costs a look at every partition
	if looked {
		for i := range now.Sources {
			h := &now.Sources[i]
			z.look.Sources[i] = asleep.SourceOf(&h.Source, z.state.Marks, h.RestOf())
		}
		learned.Memory.Pairs = mirrors(now, learned.Memory.Pairs, z.look.Sources)
	}
	z.leaveOutCopies(now, ownRecords(now, learned.Memory.Pairs))
	r.acted, r.zero.replicas = in.Acts, 0
	if !wl.Sized() {
		z.waiting = make([]asleep.Waiting, len(now.Sources))
		return z // its size is not known
	}
	z.state, z.waiting = z.state.Next(z.look)
	z.waitAtCopies(now)
	if wl.Spec > 0 || r.zero.slept == nil {
		r.zero.slept = nil
		if looked {
			r.zero.slept = z.look.Sources
		}
	}
	if z.acts {
		r.zero.replicas = wl.Spec
	}
	return z
}

// leaveOutCopies takes the sources that stand by out of the look: their commits are no consumer's. own is what producers wrote there.
func (z *zero) leaveOutCopies(now *seen.State, own []int64) {
	z.own = own
	for i := range now.Sources {
		if h := &now.Sources[i]; h.StandsBy {
			z.look.Sources[i] = asleep.Source{Cluster: h.Cluster, Group: h.Group}
		}
	}
}

// waitAtCopies says what waits in the clusters that stand by: only what producers wrote there. Of anything else nothing was looked at.
func (z *zero) waitAtCopies(now *seen.State) {
	for i := range now.Sources {
		h := &now.Sources[i]
		if h.StandsBy && now.Workload.Spec == 0 && z.own[i] > 0 {
			z.waiting[i] = asleep.Waiting{Own: z.own[i], Topics: h.Topics}
		}
	}
}

// keeps is what keeps the last replica for a source; nil: nothing does. What would wake it from a copy that stands by keeps it, too.
func (z *zero) keeps(source int, now *seen.State) *asleep.Keeps {
	k, ok := z.state.Keeps(&z.look.Sources[source], z.look.Enough)
	for _, s := range sidesOf(now) {
		for side, i := range s {
			if own := z.own[s[1-side]]; i == source && own > z.look.Enough {
				k.Waking.Own, k.Standby, ok = own, now.Sources[s[1-side]].Cluster, true
			}
		}
	}
	if !ok {
		return nil
	}
	return &k
}
