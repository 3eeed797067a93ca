package need

import (
	"testing"

	"github.com/lagscaler/lagscaler/scaler/learn"
)

// Consumers are counted from a rate and a capacity that are known. One that was only seen is a lower bound: a consumer that had
// little to do would ask for a thousand others.
func TestConsumersForArrivals(t *testing.T) {
	for name, c := range map[string]struct {
		need Need
		want int32
	}{
		"both are known":                {Need{Rate: 1000, RateKnown: true, PerConsumer: 100, Capacity: learn.Learned}, 10},
		"twin: the capacity was seen":   {Need{Rate: 1000, RateKnown: true, PerConsumer: 1, Capacity: learn.Observed}, 0},
		"twin: the capacity is unknown": {Need{Rate: 1000, RateKnown: true, Capacity: learn.NotKnown}, 0},
		"twin: the rate is unknown":     {Need{Rate: 1000, PerConsumer: 100, Capacity: learn.Declared}, 0},
	} {
		if got := c.need.ForArrivals(); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}
