package engine

import (
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// The records of a group are judged by the target of a scaler with an objective, unless a threshold for its time lag is set.
func TestJudgedByTheObjective(t *testing.T) {
	for name, c := range map[string]struct {
		objective float64
		lagTime   time.Duration
		want      time.Duration
	}{
		"an objective":                     {99.9, 0, 45 * time.Second},
		"twin: none":                       {0, 0, 0},
		"an objective, and a threshold":    {99.9, time.Minute, time.Minute},
		"a threshold without an objective": {0, time.Minute, time.Minute},
	} {
		one := scaler.Scaler{Name: "shop/orders", Mode: scaler.Act, Sources: []seen.SourceSpec{{Cluster: "main", Group: "orders"}}}
		one.Policy.Objective, one.Policy.TargetLag, one.Policy.SLO.LagTime = c.objective, 45*time.Second, c.lagTime
		d := declare([]scaler.Scaler{one}, scaler.Act, nil)
		if got := d.slos[groupName{"main", "orders"}].JudgedWithin(); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
