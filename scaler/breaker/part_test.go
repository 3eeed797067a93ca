package breaker

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// However the scalers of a fleet are shared among shards, each shard finds what one process finds: what the others tell of theirs, as JSON,
// is enough.
func TestShardsStopAsOneProcess(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shards := make([][]Member, rapid.IntRange(1, 4).Draw(t, "shards"))
		var all []Member
		for range rapid.IntRange(0, MostTold).Draw(t, "members") {
			m := Member{Namespace: rapid.SampledFrom([]string{"shop", "bank"}).Draw(t, "namespace"), WentDown: rapid.Bool().Draw(t, "down")}
			if rapid.Bool().Draw(t, "stopped") {
				m.Stopped = noon.Add(time.Duration(rapid.IntRange(-90, 5).Draw(t, "at")) * time.Minute)
			}
			of := rapid.IntRange(0, len(shards)-1).Draw(t, "shard")
			shards[of], all = append(shards[of], m), append(all, m)
		}
		var before Stop
		if rapid.Bool().Draw(t, "stopped before") {
			since := noon.Add(-time.Duration(rapid.IntRange(0, 120).Draw(t, "since")) * time.Minute)
			before = Stop{Since: since, Until: since.Add(FleetFor)}
		}
		want := Fleet(before, noon, clock, all)
		for i, own := range shards {
			var others []Part
			for j, members := range shards {
				if i == j {
					continue
				}
				text, err := json.Marshal(PartOf(noon, clock, members))
				if err != nil {
					t.Fatal(err)
				}
				var told Part
				if err := json.Unmarshal(text, &told); err != nil {
					t.Fatal(err)
				}
				others = append(others, told)
			}
			if got := Fleet(before, noon, clock, own, others...); got != want {
				t.Fatalf("shard %d of %v: %+v; one process: %+v", i, shards, got, want)
			}
		}
	})
}

// What is told is bounded, and has the last stops. A number below zero counts for nothing.
func TestWhatAShardTells(t *testing.T) {
	var many []Member
	for i := range 100 {
		many = append(many, Member{Namespace: "shop", Stopped: noon.Add(-time.Duration(i%50) * time.Minute)}, Member{WentDown: true}, Member{})
	}
	p := PartOf(noon, clock, many)
	if len(p.Stopped) != MostTold || p.Down != 100+100-MostTold || !slices.IsSortedFunc(p.Stopped, func(a, b Member) int { return b.Stopped.Compare(a.Stopped) }) || !p.Stopped[0].Stopped.Equal(noon) {
		t.Errorf("%d stops are told, and %d that went down: %+v", len(p.Stopped), p.Down, p.Stopped)
	}
	three := []Member{{Namespace: "shop", Stopped: noon}, {Namespace: "bank", Stopped: noon}, {Namespace: "bank", Stopped: noon}}
	if got := Fleet(Stop{}, noon, clock, three, Part{Down: -1000}); got.Steps != 3 {
		t.Errorf("%+v", got)
	}
	if got := Fleet(Stop{}, noon, clock, three, Part{Down: 28}); got.Steps != 0 {
		t.Errorf("beside 28 of another shard that went down, 3 of 31 stop all: %+v", got)
	}
}
