package sim

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/promise"
)

// What does not count changes nothing of what happens after it, and nothing of it is in the result.
func TestUncounted(t *testing.T) {
	tr := madeUps["steps"].trace("steps", 6*time.Hour)
	from := func(uncounted time.Duration, p Policy) Result {
		return Simulate(tr, World{Seed: 5, Uncounted: uncounted}, p)
	}
	all, counted := from(0, KEDA(100)), from(2*time.Hour, KEDA(100))
	after := slices.DeleteFunc(slices.Clone(all.Moves), func(m Move) bool { return m.Second < 7200 })
	if !slices.Equal(counted.Moves, after) || len(after) == len(all.Moves) {
		t.Errorf("%d of %d moves count, of which %d come after two hours", len(counted.Moves), len(all.Moves), len(after))
	}
	if got, want := counted.ChangesPerDay, float64(6*len(after)); got != want {
		t.Errorf("%v changes a day, want %v", got, want)
	}
	if got, want := all.Records-counted.Records, all.Records-from(6*time.Hour-time.Second, KEDA(100)).Records; got <= 0 || got >= want {
		t.Errorf("%d records do not count, of %d", got, want)
	}
	if all, counted := from(0, Static{}), from(2*time.Hour, Static{}); math.Abs(counted.ConsumerHours-all.ConsumerHours*4/6) > 0.1 {
		t.Errorf("%v consumer hours of a static fleet, of %v", counted.ConsumerHours, all.ConsumerHours)
	}
	if got, most := 4*counted.RebalancesPerDay/24, 6*all.RebalancesPerDay/24; got <= 0 || got >= most {
		t.Errorf("%v of %v rebalances count", got, most)
	}
}

// A room that is held is in force from the first poll on, and costs what it keeps; the room that is chosen for an objective is one of these.
func TestInRoom(t *testing.T) {
	tr := madeUps["three times as much each 2 h, for 4 min"].trace("bursts", 6*time.Hour)
	objective := 99.9
	cost := map[int]float64{}
	for _, room := range []int{0, 5} { // the reserve, and all of the hour's peak
		policy, err := InRoom("held", Declare(scaler.Spec{Objective: &objective, ObjectiveBudget: new(4.0)}, World{}), room)
		if err != nil {
			t.Fatal(err)
		}
		w := World{Seed: 2, Uncounted: time.Hour}
		cost[room] = Simulate(tr, w, policy).CostOverFluid
		own, ok := policy.(*ours)
		play := own.memory.Play(viewCluster, viewGroup)
		if c := play.Choice(promise.Share(objective), 4); !ok || c == nil || c.Room != promise.Rooms[room] {
			t.Errorf("room %d: %+v is in force", room, c)
		}
	}
	if cost[5] < 1.2*cost[0] {
		t.Errorf("the hour's peak costs %.2f times the least, the reserve alone %.2f", cost[5], cost[0])
	}
	says, result, err := Promised(tr, World{Seed: 2}, scaler.Spec{Objective: &objective})
	if err != nil || says == nil || says.Objective != promise.Share(objective) || !says.Learning || result.Records == 0 {
		t.Errorf("%+v, %d records, %v", says, result.Records, err)
	}
}
