package sim

import (
	"math"
	"math/rand/v2"
)

// normalFrom is the mean from which a rounded normal variate stands for a Poisson one: off by less than 1 % in
// variance, and several times as fast.
const normalFrom = 12

// poisson draws from a Poisson distribution whose mean changes seldom.
type poisson struct {
	mean, exp, root float64 // exp(-mean), sqrt(mean)
}

func poissonOf(mean float64) poisson {
	return poisson{mean: mean, exp: math.Exp(-mean), root: math.Sqrt(mean)}
}

func (p poisson) draw(r *rand.Rand) int32 {
	switch {
	case p.mean <= 0:
		return 0
	case p.mean >= normalFrom:
		return int32(max(0, math.Round(p.mean+p.root*r.NormFloat64())))
	}
	u, n, term := r.Float64(), int32(0), p.exp
	for sum := term; u > sum && n < 200; sum += term {
		n++
		term *= p.mean / float64(n)
	}
	return n
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
