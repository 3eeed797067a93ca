package sim

import (
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// Entry makes a fresh policy for one simulation: policies remember.
type Entry struct {
	Name string
	Make func() (Policy, error)
}

// Lineup is our policy by its specification, and everything it is compared with.
func Lineup(w World, ours scaler.Spec, decided func(scaler.Decision)) []Entry {
	w = w.filled()
	rival := func(make func() Policy) Entry {
		return Entry{make().Name(), func() (Policy, error) { return make(), nil }}
	}
	return []Entry{
		{OurName, func() (Policy, error) { return Ours(OurName, Declare(ours, w), decided) }},
		rival(func() Policy { return KEDA(10) }),
		rival(func() Policy { return KEDAWork(1, w.PerConsumer) }),
		rival(func() Policy { return KEDAWork(10, w.PerConsumer) }),
		rival(func() Policy { return KEDAWork(30, w.PerConsumer) }),
		rival(func() Policy { return KEDARate(0.85*w.PerConsumer, 10*w.PerConsumer) }),
		rival(func() Policy { return &DS2{Target: 0.85 * w.PerConsumer} }),
		{"fixed thresholds", func() (Policy, error) { return FixedThresholds(w) }},
		rival(func() Policy { return Static{} }),
		rival(func() Policy { return &Clairvoyant{} }),
	}
}

// OurName is what our policy is called in tables.
const OurName = "lagscaler"

// Declare fills in the processing time of the world, unless the specification declares one itself.
func Declare(s scaler.Spec, w World) scaler.Spec {
	source := seen.SourceSpec{}
	if len(s.Sources) > 0 {
		source = s.Sources[0]
	}
	if source.ProcessingTime == 0 {
		source.ProcessingTime = w.Processing()
	}
	s.Sources = []seen.SourceSpec{source}
	return s
}

// FixedThresholds is the scaler's policy thresholds: up when lag passes fixed limits, down only to the partitions.
func FixedThresholds(w World) (Policy, error) {
	return Ours("fixed thresholds", scaler.Spec{
		Kind:    scaler.Thresholds,
		Sources: []seen.SourceSpec{{ProcessingTime: w.Processing()}},
	}, nil)
}
