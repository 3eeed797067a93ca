package sim

import (
	"math"
	"math/rand/v2"
)

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
