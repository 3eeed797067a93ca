package sim

import (
	"math"
	"math/rand/v2"
)

// normalFrom is the mean from which a rounded normal variate stands for a Poisson one: off by less than 1 % in
// variance, and several times as fast.
const normalFrom = 12

// arrivalSource is the random source of arrivals. It is used for nothing else, so every policy meets the same arrivals.
type arrivalSource struct {
	*rand.PCG
	normal *rand.Rand // on the same source
}

func newArrivalSource(seed uint64) arrivalSource {
	source := rand.NewPCG(seed, 0x6172726976616c73)
	return arrivalSource{source, rand.New(source)}
}

// poisson draws from a Poisson distribution whose mean changes seldom: what can be computed before is.
type poisson struct {
	mean, root float64
	cumulative []uint64 // 2^64 times the probability of at most i
	guide      [1 << guideBits]uint8
}

// guideBits are the first bits of a number, which say where in cumulative the search for it begins.
const guideBits = 6

func newPoisson(mean float64) poisson {
	p := poisson{mean: mean, root: math.Sqrt(mean)}
	if mean <= 0 || mean >= normalFrom {
		return p
	}
	term, sum := math.Exp(-mean), 0.0
	for n := 1; sum < 1-1e-12 && n < 100; n++ {
		sum += term
		p.cumulative = append(p.cumulative, uint64(min(sum, 1-1e-15)*(1<<64)))
		term *= mean / float64(n)
	}
	for i, n := 0, 0; i < len(p.guide); i++ {
		for n < len(p.cumulative) && p.cumulative[n] <= uint64(i)<<(64-guideBits) {
			n++
		}
		p.guide[i] = uint8(n)
	}
	return p
}

func (p *poisson) draw(from arrivalSource) int32 {
	switch {
	case p.mean <= 0:
		return 0
	case p.mean >= normalFrom:
		return int32(max(0, math.Round(p.mean+p.root*from.normal.NormFloat64())))
	}
	u := from.Uint64()
	n := int(p.guide[u>>(64-guideBits)])
	for n < len(p.cumulative) && u >= p.cumulative[n] {
		n++
	}
	return int32(n)
}
