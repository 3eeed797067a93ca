package scaler

import (
	"testing"

	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/need"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// A cap behind a downstream system asks for the replicas in which its consumers run. Fewer than there are it asks for only as a
// complete poll counts members for sure.
func TestACapBehindADownstreamSystem(t *testing.T) {
	exact := seen.Members{PerReplica: 1}
	atLeastOne := seen.Members{PerReplica: 2, Least: seen.Least{PerReplica: 1}} // two members in a replica, for steps down one
	for name, c := range map[string]struct {
		members   seen.Members
		up, capN  int32
		quality   seen.Quality
		want      int32 // of 4 replicas
		otherRule bool
	}{
		"fewer would do":                      {exact, 9, 3, seen.Complete, 3, false},
		"as many":                             {exact, 9, 4, seen.Complete, 4, false},
		"more, but not as many as are needed": {exact, 9, 6, seen.Complete, 6, false},
		"no more are needed than the cap":     {exact, 6, 6, seen.Complete, 0, true},
		"fewer, on a poll that is partial":    {exact, 9, 3, seen.Partial, 4, false},
		"more, on a poll that is partial":     {exact, 9, 6, seen.Partial, 6, false},
		"fewer, if two run in a replica":      {atLeastOne, 9, 3, seen.Complete, 3, false},
		"fewer only if two run in a replica":  {atLeastOne, 9, 6, seen.Complete, 4, false},
		"more, if two run in a replica":       {atLeastOne, 20, 12, seen.Complete, 6, false},
	} {
		f := facts{
			current: 4, members: c.members, source: &seen.History{Quality: c.quality},
			need: &need.Need{Up: c.up, Downstream: &learn.Downstream{CapN: c.capN}},
		}
		if got, holds := f.downstreamBound(); holds == c.otherRule || holds && got != c.want {
			t.Errorf("%s: %d replicas, holds %v; want %d", name, got, holds, c.want)
		}
	}
	if _, holds := (&facts{need: &need.Need{Up: 9}}).downstreamBound(); holds {
		t.Error("it holds without a cap")
	}
}
