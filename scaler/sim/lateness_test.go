package sim

import (
	"math"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

// judge is a policy that also measures from outside, as the daemon does, how many records were late.
type judge struct {
	Policy
	history lag.History
	rates   lag.Rates
}

func (j *judge) Decide(v *View) (int32, string) {
	j.rates = j.history.Add(v.snapshot(), func(string) lag.SLO { return lag.SLO{LagTime: v.World.Target} })[0]
	return j.Policy.Decide(v)
}

// What is measured from outside is near what really was late, over all traffic and protocols, whoever scales. With commits of 5 s it is
// within a quarter of it. With commits that are rarer than polls it may be twice as much while the group rebalances each
// two minutes, as a rule that scales by lag makes it do: when a record was processed is then hardly known.
func TestLatenessFromOutside(t *testing.T) {
	for _, name := range []string{"azure_llm_code_1s", "mooncake_conversation_1s", "nab_elb_requests_5m"} {
		tr := trace(t, name)
		tr.Counts = tr.Counts[:min(len(tr.Counts), int(6*time.Hour/tr.Step))]
		for _, protocol := range []Protocol{Eager, Cooperative} {
			for commit, within := range map[time.Duration]float64{5 * time.Second: 0.25, 20 * time.Second: 1.05} {
				w := World{Seed: 3, Protocol: protocol, Commit: commit, CommitOnRevoke: commit > pollSeconds*time.Second}
				for _, p := range []Policy{ourPolicy(t, w), KEDAWork(30, 100), KEDARate(85, 1000)} {
					j := &judge{Policy: p}
					late := Simulate(tr, w, j).LatePercent
					measured := 100 * float64(j.rates.LateTotal) / float64(j.rates.JudgedTotal)
					if math.Abs(measured-late) > 0.1+within*late {
						t.Errorf("%s %s commits every %s, %s: %.3f %% were late, measured %.3f %%", name, protocol, commit, p.Name(), late, measured)
					}
				}
			}
		}
	}
}
