package sim

import "slices"

// Clairvoyant knows the next ten minutes: it shows how good a policy could be if it knew the future. Every 30 s it scales up at
// once to the need of the next 75 s, and down to the need of the next 600 s, with the backlog drained in a minute.
//
// A rate is what arrives within half a minute, as everywhere in the decision. BySecond takes each second of a trace for a
// rate instead: on traces with a step of a second it then sizes the fleet for the noise of counting.
type Clairvoyant struct {
	BySecond bool

	rates []float64 // of the trace, as it reads them
}

// Name is "clairvoyant", or what else it is.
func (c *Clairvoyant) Name() string {
	if c.BySecond {
		return "clairvoyant, by the second"
	}
	return "clairvoyant"
}

// Every is the seconds between two decisions.
func (*Clairvoyant) Every() int32 { return 30 }

// The clairvoyant's horizons, the share of its capacity that it uses, and over how long it reads a rate.
const (
	upHorizon      = 75
	downHorizon    = 600
	maxUtilization = 0.93
	drainWithin    = 60.0
	rateSeconds    = 30
)

// Decide looks ahead.
func (c *Clairvoyant) Decide(v *View) (int32, string) {
	if c.rates == nil {
		if c.rates = v.rates; !c.BySecond {
			c.rates = averaged(v.rates, rateSeconds)
		}
	}
	total, _ := v.Lag.Total()
	backlog := max(0, float64(total)-0.5*v.World.Target.Seconds()*c.rates[v.Second]) / drainWithin
	up := v.fit((c.ahead(v.Second, upHorizon) + backlog) / maxUtilization)
	down := v.fit((c.ahead(v.Second, downHorizon) + backlog) / maxUtilization)
	switch now := v.Workload.Spec; {
	case up > now:
		return up, ""
	case down < now:
		return down, ""
	default:
		return now, ""
	}
}

// ahead is the greatest rate of the next seconds.
func (c *Clairvoyant) ahead(from int32, seconds int) float64 {
	return slices.Max(c.rates[from:min(len(c.rates), int(from)+seconds)])
}

// averaged are the rates with each stretch of so many seconds at its mean.
func averaged(rates []float64, seconds int) []float64 {
	out := make([]float64, 0, len(rates))
	for stretch := range slices.Chunk(rates, seconds) {
		sum := 0.0
		for _, r := range stretch {
			sum += r
		}
		out = append(out, slices.Repeat([]float64{sum / float64(len(stretch))}, len(stretch))...)
	}
	return out
}

// fit is the least number of consumers at which none has more load than it can process, except one with a single partition.
func (v *View) fit(rate float64) int32 {
	p := v.World.Partitions
	load := make([]float64, p)
	ids := make([]int, 0, p)
	deal := v.World.Assignor
	if deal == CooperativeSticky { // without a previous assignment it is round-robin, and takes longer
		deal = RoundRobin
	}
	for n := 1; n <= p; n++ {
		ids = append(ids, n-1)
		if float64(n)*v.World.PerConsumer < rate && n < p {
			continue
		}
		clear(load)
		have := make([]int, n)
		for part, id := range deal.assign(p, ids, nil) {
			load[id] += rate * v.weights[part]
			have[id]++
		}
		fits := true
		for i := range n {
			fits = fits && (have[i] < 2 || load[i] <= v.World.PerConsumer)
		}
		if fits {
			return int32(n)
		}
	}
	return int32(p)
}
