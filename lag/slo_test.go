package lag

import (
	"testing"
	"time"
)

func TestSLOOr(t *testing.T) {
	whole := SLO{Lag: 1, LagTime: time.Second, RebalancesPerHour: 2, RebalanceTime: time.Minute, Churn: 0.3, Skew: 0.4}
	for _, test := range []struct{ slo, other, want SLO }{
		{SLO{}, DefaultSLO, DefaultSLO},
		{SLO{}, whole, whole},
		{whole, DefaultSLO, whole},
		{SLO{Lag: 1, Skew: 0.9}, DefaultSLO, SLO{
			Lag: 1, LagTime: DefaultSLO.LagTime, RebalancesPerHour: DefaultSLO.RebalancesPerHour,
			RebalanceTime: DefaultSLO.RebalanceTime, Churn: DefaultSLO.Churn, Skew: 0.9,
		}},
	} {
		if got := test.slo.Or(test.other); got != test.want {
			t.Errorf("%+v or %+v: got %+v, want %+v", test.slo, test.other, got, test.want)
		}
	}
}
