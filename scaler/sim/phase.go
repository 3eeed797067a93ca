package sim

import (
	"math/rand/v2"
	"time"
)

// phase says when somebody acts who acts every so many seconds, from a second of its own on, and sometimes a second late.
type phase struct {
	every, base, next int32
	jitter            *rand.Rand // nil: in step with everybody
}

func (r *run) every(seconds int32) phase {
	p := phase{every: seconds}
	if !r.InStep {
		p.jitter = r.rng
		p.base = r.rng.Int32N(seconds)
		p.next = p.base
	}
	return p
}

// polls are the phase of the policy.
func (r *run) polls(p Policy) phase {
	if at := r.FirstPoll; at != nil {
		return phase{every: p.Every(), base: *at, next: *at}
	}
	return r.every(p.Every())
}

// due reports whether it acts in this second. It is asked for each second once.
func (p *phase) due(second int32) bool {
	if second != p.next {
		return false
	}
	p.base += p.every
	p.next = p.base
	if p.jitter != nil {
		p.next += p.jitter.Int32N(2)
	}
	return true
}

// rates are the arrivals of each second, in records/s, as the world's steps change.
func (w World) rates(t Trace, rng *rand.Rand) []float64 {
	rates := t.Rates(w.PeakLoad * float64(w.Partitions) * w.PerConsumer)
	step := int(t.Step / time.Second)
	switch {
	case w.Steps == Interpolated:
		return interpolated(rates, step)
	case !w.InStep && w.FirstPoll == nil:
		moveSteps(rates, step, rng)
	}
	return rates
}

// moveSteps lets each step begin up to five seconds earlier or later, but never more than a quarter of a step.
func moveSteps(rates []float64, step int, rng *rand.Rand) {
	most := min(pollSeconds/2, step/4)
	if most == 0 {
		return
	}
	for begins := step; begins < len(rates); begins += step {
		before, after := rates[begins-1], rates[begins]
		by := rng.IntN(2*most+1) - most
		for i := begins + min(0, by); i < begins+max(0, by); i++ {
			rates[i] = after
			if by > 0 {
				rates[i] = before
			}
		}
	}
}

// interpolated goes evenly from the middle of each step to the middle of the next one.
func interpolated(rates []float64, step int) []float64 {
	out := make([]float64, len(rates))
	for i := range rates {
		middle := (float64(i)+0.5)/float64(step) - 0.5 // in steps, from the middle of the first one
		from := min(max(0, int(middle)), len(rates)/step-1)
		to := min(from+1, len(rates)/step-1)
		share := min(max(0, middle-float64(from)), 1)
		out[i] = rates[from*step]*(1-share) + rates[to*step]*share
	}
	return out
}
