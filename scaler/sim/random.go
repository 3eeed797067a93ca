package sim

import (
	"math"
	"math/rand/v2"
)

// normalFrom is the mean from which a rounded normal variate stands for a Poisson one: off by less than 1 % in
// variance, and several times as fast.
const normalFrom = 12

// dice are where arrivals come from. They are thrown for nothing else, so every policy meets the same arrivals.
type dice struct {
	*rand.PCG
	normal *rand.Rand // on the same source
}

func newDice(seed uint64) dice {
	source := rand.NewPCG(seed, 0x6172726976616c73)
	return dice{source, rand.New(source)}
}

// poisson draws from a Poisson distribution whose mean changes seldom: what can be computed before is.
type poisson struct {
	mean, root float64
	below      []uint64 // 2^64 times the probability of at most i
	guide      [1 << guideBits]uint8
}

// guideBits are the first bits of a number, which say where in below the search for it begins.
const guideBits = 6

func poissonOf(mean float64) poisson {
	p := poisson{mean: mean, root: math.Sqrt(mean)}
	if mean <= 0 || mean >= normalFrom {
		return p
	}
	term, sum := math.Exp(-mean), 0.0
	for n := 1; sum < 1-1e-12 && n < 100; n++ {
		sum += term
		p.below = append(p.below, uint64(min(sum, 1-1e-15)*(1<<64)))
		term *= mean / float64(n)
	}
	for i, n := 0, 0; i < len(p.guide); i++ {
		for n < len(p.below) && p.below[n] <= uint64(i)<<(64-guideBits) {
			n++
		}
		p.guide[i] = uint8(n)
	}
	return p
}

func (p *poisson) draw(d dice) int32 {
	switch {
	case p.mean <= 0:
		return 0
	case p.mean >= normalFrom:
		return int32(max(0, math.Round(p.mean+p.root*d.normal.NormFloat64())))
	}
	u := d.Uint64()
	n := int(p.guide[u>>(64-guideBits)])
	for n < len(p.below) && u >= p.below[n] {
		n++
	}
	return int32(n)
}

// Spread is how arrivals spread over the partitions.
type Spread string

// The spreads.
const (
	Uniform Spread = "uniform"
	Skewed  Spread = "skewed" // lognormal, sigma 0.6: keys as they are
	Hot     Spread = "hot"    // one partition takes 10 %
)

// weights are the partitions' shares of the arrivals; they sum up to 1.
func (s Spread) weights(n int, r *rand.Rand) []float64 {
	w := make([]float64, n)
	sum := 0.0
	for i := range w {
		w[i] = 1
		if s == Skewed {
			w[i] = math.Exp(0.6 * r.NormFloat64())
		}
		sum += w[i]
	}
	for i := range w {
		w[i] /= sum
	}
	if s == Hot && n > 1 {
		for i := range w {
			w[i] = 0.9 / float64(n-1)
		}
		w[0] = 0.1
	}
	return w
}
