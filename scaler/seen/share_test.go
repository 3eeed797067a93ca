package seen

import (
	"testing"

	"pgregory.net/rapid"
)

func TestPlace(t *testing.T) {
	for name, c := range map[string]struct {
		place          Place
		elsewhere, per int32
		consumers      int32
		replicas       int32
	}{
		"60 % of 10":                           {Place{Share: 60}, 4, 1, 10, 6},
		"60 % of 11":                           {Place{Share: 60}, 4, 1, 11, 7},
		"the rest of 11":                       {Place{Share: 40}, 7, 1, 11, 5},
		"members elsewhere change nothing":     {Place{Share: 60}, 9, 1, 10, 6},
		"none elsewhere, for a moment":         {Place{Share: 60}, 0, 1, 10, 6},
		"alone":                                {Place{Share: 60, Alone: true}, 0, 1, 11, 11},
		"the other one comes back":             {Place{Share: 60, Alone: true}, 3, 1, 11, 8},
		"it is back":                           {Place{Share: 60, Alone: true}, 5, 1, 11, 7},
		"it has more than its share":           {Place{Share: 60, Alone: true}, 9, 1, 11, 7},
		"three consumers in a replica":         {Place{Share: 50}, 12, 3, 24, 4},
		"three consumers in a replica, 25 %":   {Place{Share: 25}, 12, 3, 25, 3},
		"nothing is needed":                    {Place{Share: 60}, 0, 1, 0, 0},
		"one place":                            {Place{}, 4, 1, 10, 6},
		"one consumer is needed in each place": {Place{Share: 1}, 4, 1, 1, 1},
	} {
		m := Members{Place: c.place, Elsewhere: c.elsewhere, PerReplica: c.per}
		if n := m.Replicas(c.consumers); n != c.replicas {
			t.Errorf("%s: %d, want %d", name, n, c.replicas)
		}
	}
}

// Two places together ask for what is needed, and for at most one consumer more a place, whatever runs at this moment. Where one is gone,
// the other one asks for all. A scaler that does not know of places takes what the other one leaves.
func TestPlacesTogetherAskForWhatIsNeeded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		share := rapid.Int32Range(1, 99).Draw(t, "share")
		need := rapid.Int32Range(1, 5000).Draw(t, "need")
		running := rapid.Int32Range(0, 5000)
		perHere, perThere := rapid.Int32Range(1, 8).Draw(t, "per replica here"), rapid.Int32Range(1, 8).Draw(t, "per replica there")
		here := Members{Place: Place{Share: share}, PerReplica: perHere, Elsewhere: running.Draw(t, "elsewhere of here")}
		there := Members{Place: Place{Share: 100 - share}, PerReplica: perThere, Elsewhere: running.Draw(t, "elsewhere of there")}
		for name, ask := range map[string]func(m Members) int32{
			"up":   func(m Members) int32 { return m.Replicas(need) * m.PerReplica },
			"down": func(m Members) int32 { return m.Enough(need) * m.PerReplica },
		} {
			if sum := ask(here) + ask(there); sum < need || sum > need+perHere+perThere-1 {
				t.Fatalf("%s: %d and %d for %d", name, ask(here), ask(there), need)
			}
			alone := here
			alone.Place.Alone = true
			alone.Least = Least{PerReplica: perHere, Elsewhere: alone.Elsewhere}
			if sum := ask(alone) + alone.Elsewhere; sum < need || ask(alone) < ask(here) {
				t.Fatalf("%s, alone: %d beside %d for %d", name, ask(alone), alone.Elsewhere, need)
			}
		}
		for name, m := range map[string]Members{"share": here, "alone": {Place: Place{Share: share, Alone: true}, PerReplica: perHere, Elsewhere: here.Elsewhere}} {
			replicas := rapid.Int32Range(1, 1000).Draw(t, "replicas")
			if back := m.Replicas(m.Consumers(replicas)); m.Consumers(replicas) > 0 && back != replicas && (name == "share" || back < replicas) {
				t.Fatalf("%s: %d replicas are %d consumers, which are %d replicas: %+v", name, replicas, m.Consumers(replicas), back, m)
			}
		}
		unaware := Members{PerReplica: 1, Elsewhere: here.Place.here(need, here.Elsewhere)}
		if sum := unaware.Replicas(need) + unaware.Elsewhere; sum != max(need, unaware.Elsewhere) {
			t.Fatalf("beside one that does not know of places: %d for %d", sum, need)
		}
	})
}
