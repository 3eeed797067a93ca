package learn

import (
	"math"
	"time"
)

// Downstream is an experiment with fewer consumers, while it lasts.
type Downstream struct {
	Cap       float64   `json:"cap"`  // records/s of AtN consumers together
	AtN       int32     `json:"atN"`  // consumers when it began
	CapN      int32     `json:"capN"` // consumers that should do it as well
	Did       float64   `json:"did"`  // records/s of them now
	Best      float64   `json:"best"` // records/s of the best consumer ever
	NextProbe time.Time `json:"nextProbe"`
}

const (
	experimentLasts = 30 * time.Minute // a cap is in force so long, and again while consumers stay saturated
	experimentPause = time.Hour        // no experiment after one that failed
	noise           = 1e-9             // the floating-point error that must not add a consumer
)

// experiment begins, judges and ends the experiment with fewer consumers. When more consumers together do not do more,
// something behind them is the limit, and fewer do as well. If fewer do less, consumers really have become slower.
//
//	best 100/s with 10 consumers; now 20 saturated ones do 50/s each, 1 000/s together    try 1 000 / 90, 12 consumers
//	12 consumers do 1 000/s      downstream is the limit: 12 are enough
//	12 consumers do 700/s        consumers are slower: 50/s is their capacity
func (l *learner) experiment(s sample) {
	d := l.source.Downstream
	saturated := float64(s.saturated) >= 0.6*float64(s.members)
	switch {
	case d == nil:
		if saturated && !l.now.TwoPlaces && !l.now.Now.Before(l.source.NoProbe) && s.median < 0.7*l.source.Best &&
			float64(s.members) >= 1.2*float64(l.source.BestAtN) && l.source.BestAtN > 0 {
			l.beginExperiment(s)
		}
	case s.members <= d.CapN:
		l.judgeExperiment(*d, s, saturated)
	}
}

func (l *learner) beginExperiment(s sample) {
	capN := int32(math.Ceil(s.sum / (0.9 * l.source.Best) * (1 - noise)))
	if capN >= s.members {
		return
	}
	l.source.Downstream = &Downstream{
		Cap: s.sum, AtN: s.members, CapN: capN, Best: l.source.Best, NextProbe: l.now.Now.Add(l.now.Clock.Scale(experimentLasts)),
	}
}

func (l *learner) judgeExperiment(d Downstream, s sample, saturated bool) {
	d.Did = s.sum
	l.source.Downstream = &d
	switch over := !l.now.Now.Before(d.NextProbe); {
	case saturated && s.sum < 0.85*d.Cap:
		l.source.Downstream, l.source.NoProbe = nil, l.now.Now.Add(l.now.Clock.Scale(experimentPause))
		if s.median > 0 {
			l.source.PerConsumer, l.source.Best, l.source.BestAtN = s.median, s.median, s.members
		}
	case over && saturated && s.sum <= 1.05*d.Cap:
		d.NextProbe = l.now.Now.Add(l.now.Clock.Scale(experimentLasts))
	case over:
		l.source.Downstream = nil
	}
}
