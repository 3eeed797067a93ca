package sim

import (
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/promise"
)

// madeUp is records/s at a second of made-up traffic.
type madeUp func(second float64, r *rand.Rand) float64

var madeUps = map[string]madeUp{
	"a wave a day": func(s float64, _ *rand.Rand) float64 { return 1000 * (1 - 0.7*math.Cos(2*math.Pi*s/86400)) },
	"three times as much each 2 h, for 4 min": func(s float64, _ *rand.Rand) float64 {
		if math.Mod(s, 7200) < 240 {
			return 1500
		}
		return 500
	},
	"steps": func(s float64, _ *rand.Rand) float64 {
		return []float64{400, 900, 600, 1800, 300, 1200}[int(s/2400)%6]
	},
	"ramps of three hours": func(s float64, _ *rand.Rand) float64 { return 200 + 1600*math.Mod(s, 10800)/10800 },
	"steady":               func(float64, *rand.Rand) float64 { return 1000 },
	"bursts of a minute": func(s float64, _ *rand.Rand) float64 {
		if math.Mod(s, 3300) < 60 {
			return 2000
		}
		return 600
	},
	"bursts of ten seconds": func(_ float64, r *rand.Rand) float64 {
		if r.Float64() < 0.01 {
			return 2000
		}
		return 400
	},
}

func (m madeUp) trace(name string, span time.Duration) Trace {
	t, r := Trace{Name: name, Step: 10 * time.Second}, rand.New(rand.NewPCG(7, uint64(len(name))))
	for at := time.Duration(0); at < span; at += t.Step {
		t.Counts = append(t.Counts, max(0, 10*m(at.Seconds(), r)*(1+0.05*r.NormFloat64())))
	}
	return t
}

// forecast is what was predicted at a time, and what was then spent and late until the end.
type forecast struct {
	predicted   promise.PriceCell
	choice      *promise.Choice
	consumers   float64 // on average
	latePercent float64
}

// after simulates a policy with an objective, and compares what is predicted after a while with what comes then.
func after(t *testing.T, tr Trace, w World, percent float64, learned time.Duration) forecast {
	t.Helper()
	w = w.filled()
	policy, err := newOurs(ours{name: OurName}, Declare(scaler.Spec{TargetLag: w.Target, Objective: &percent, ObjectiveBudget: new(4.0)}, w))
	if err != nil {
		t.Fatal(err)
	}
	r := newRun(tr, w)
	view, polls, begin := newView(r), r.every(policy.Every()), totals{}
	f := forecast{}
	for second := range int32(len(r.rates)) {
		if second == int32(learned/time.Second) {
			begin = r.totals
			play := policy.memory.Play(viewCluster, viewGroup)
			list, ok := play.Price(percent / 100)
			if f.predicted, _ = list.Cell(w.Target, percent/100); !ok {
				t.Fatal("no price")
			}
			f.choice = play.Choice(percent/100, 4)
		}
		r.step(second)
		if polls.due(second) {
			view.read(r, second)
			if n, why := policy.Decide(view); n != r.fleet.spec {
				view.noteWrite(second, n, why)
				r.fleet.resize(n, second, r)
			}
		}
		r.totals.second(r, second)
	}
	f.consumers = float64(r.totals.podSeconds-begin.podSeconds) / (float64(len(r.rates)) - learned.Seconds())
	f.latePercent = 100 * float64(r.totals.late-begin.late) / float64(r.totals.arrived-begin.arrived)
	return f
}

// What an objective is said to cost after two days is what it then costs, within 15 %, and as many records are late, within a factor of
// 1.5 or 0.05 % of the records. One protocol for each traffic. LAGSCALER_LONG (make long) plays all traffic, not only half of it.
func TestPredictedPrice(t *testing.T) {
	const percent = 99.8
	for i, name := range slices.Sorted(maps.Keys(madeUps)) {
		if i >= len(madeUps)/2 && os.Getenv("LAGSCALER_LONG") == "" {
			break
		}
		protocol := []Protocol{Eager, Cooperative}[i%2]
		t.Run(name+"/"+string(protocol), func(t *testing.T) {
			t.Parallel()
			f := after(t, madeUps[name].trace(name, 74*time.Hour), World{Seed: 3, Protocol: protocol, Partitions: 24}, percent, 50*time.Hour)
			late, said := f.latePercent, 100*(1-f.predicted.Kept)
			t.Logf("said %.2f consumers, %.3f %% late; then %.2f, %.3f %%; in force %+v", f.predicted.Consumers, said, f.consumers, late, f.choice.Room)
			if math.Abs(f.consumers/f.predicted.Consumers-1) > 0.15 {
				t.Errorf("%.2f consumers were predicted, %.2f were needed", f.predicted.Consumers, f.consumers)
			}
			if late > max(1.5*said, said+0.05) || said > max(1.5*late, late+0.05) {
				t.Errorf("%.3f %% late were predicted, %.3f %% were", said, late)
			}
			if f.predicted.Reachable && late > 1.2*(100-percent)+0.1 {
				t.Errorf("%.3f %% late, though the objective can be kept", late)
			}
		})
	}
}

// Where pods start slowly, consumers differ and the rate jumps within a second, the records that were late are those of the price, within a
// factor of 1.5 or 0.05 % of the records, on the mean of three seeds. Without the correction it says less than a half of them for eager
// rebalances.
func TestCorrectedPrice(t *testing.T) {
	const seeds, slack = 3, 0.05
	tr, r := Trace{Name: "jumps", Step: 5 * time.Minute}, rand.New(rand.NewPCG(9, 9))
	for range 24 * 12 {
		tr.Counts = append(tr.Counts, 300*500*math.Exp(0.9*r.NormFloat64()))
	}
	for _, protocol := range []Protocol{Eager, Cooperative} {
		t.Run(string(protocol), func(t *testing.T) {
			t.Parallel()
			said, bare, late := 0.0, 0.0, 0.0
			for seed := range uint64(seeds) {
				play, result, err := Played(tr, World{Seed: seed + 1, Protocol: protocol}, scaler.Spec{})
				if err != nil {
					t.Fatal(err)
				}
				said += 100 * (1 - play.Reserve().Kept) / seeds
				play = play.Uncorrected()
				bare, late = bare+100*(1-play.Reserve().Kept)/seeds, late+result.LatePercent/seeds
			}
			t.Logf("%.3f %% late, the price says %.3f %%, without the correction %.3f %%", late, said, bare)
			if late > max(1.5*said, said+slack) || said > max(1.5*late, late+slack) {
				t.Errorf("%.3f %% were late, the price says %.3f %%", late, said)
			}
			if protocol == Eager && 2*bare > late {
				t.Errorf("%.3f %% were late, and %.3f %% without the correction: this traffic does not show what it is for", late, bare)
			}
		})
	}
}

// In traffic of short bursts, the fleet that keeps what the scaler kept has as many consumers as really ran, within 8 % on the mean of
// three seeds. Most steps up and down are those of bursts there, so a rule of theirs that a fleet does not follow shows: with other rules
// for the steps down in an hour, for the stabilization, and for the backlog, it was 15 to 17 %.
func TestPlayedInShortBursts(t *testing.T) {
	const seeds, within = 3, 0.08
	for _, protocol := range []Protocol{Eager, Cooperative} {
		t.Run(string(protocol), func(t *testing.T) {
			t.Parallel()
			tr, played, really := madeUps["bursts of ten seconds"].trace("bursts of ten seconds", 24*time.Hour), 0.0, 0.0
			for seed := range uint64(seeds) {
				play, result, err := Played(tr, World{Seed: seed + 1, Protocol: protocol}, scaler.Spec{})
				if err != nil {
					t.Fatal(err)
				}
				played, really = played+play.Reserve().Consumers/seeds, really+result.ConsumerHours/24/seeds
			}
			t.Logf("played %.2f consumers, really %.2f: %+.1f %%", played, really, 100*(played/really-1))
			if math.Abs(played/really-1) > within {
				t.Errorf("%.2f consumers were played, %.2f really ran", played, really)
			}
		})
	}
}
