package standby

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

var (
	uses  = Look{Read: true, Has: true, Whole: true}
	some  = Look{Read: true, Has: true}
	empty = Look{Read: true}
	gone  = Look{}
)

func TestPair(t *testing.T) {
	minute := time.Minute
	for name, c := range map[string]struct {
		before Pair
		looks  [2]Look
		after  time.Duration // since noon
		active Side
		counts [2]bool
		holds  bool
	}{
		"nothing is known":                          {Pair{}, [2]Look{gone, gone}, 0, Primary, [2]bool{true, false}, false},
		"in use":                                    {Pair{}, [2]Look{uses, empty}, 0, Primary, [2]bool{true, false}, false},
		"in use, the copy cannot be read":           {Pair{Had: [2]bool{true, false}}, [2]Look{uses, gone}, 0, Primary, [2]bool{true, false}, false},
		"moved over":                                {Pair{Had: [2]bool{true, false}}, [2]Look{empty, uses}, 0, Standby, [2]bool{false, true}, false},
		"moved back":                                {Pair{Active: Standby, Had: [2]bool{false, true}}, [2]Look{uses, empty}, 0, Primary, [2]bool{true, false}, false},
		"nobody, after a move":                      {Pair{Active: Standby, Had: [2]bool{false, true}}, [2]Look{empty, empty}, 0, Standby, [2]bool{false, true}, false},
		"both":                                      {Pair{Had: [2]bool{true, false}}, [2]Look{some, some}, 0, Primary, [2]bool{true, true}, true},
		"both, for 59 minutes":                      {Pair{Had: [2]bool{true, true}, Both: noon}, [2]Look{some, some}, 59 * minute, Primary, [2]bool{true, true}, true},
		"both, for an hour":                         {Pair{Had: [2]bool{true, true}, Both: noon}, [2]Look{some, some}, 60 * minute, Primary, [2]bool{true, true}, false},
		"the active one is gone":                    {Pair{Had: [2]bool{true, false}}, [2]Look{gone, empty}, 0, Primary, [2]bool{true, false}, false},
		"it is gone, and all moved":                 {Pair{Had: [2]bool{true, false}}, [2]Look{gone, uses}, 0, Standby, [2]bool{false, true}, false},
		"it is gone, and some moved":                {Pair{Had: [2]bool{true, false}}, [2]Look{gone, some}, 0, Standby, [2]bool{false, true}, true},
		"the same, an hour later":                   {Pair{Active: Standby, Had: [2]bool{true, true}, Both: noon}, [2]Look{gone, some}, 60 * minute, Standby, [2]bool{false, true}, false},
		"it is back, and has none":                  {Pair{Active: Standby, Had: [2]bool{false, true}}, [2]Look{empty, uses}, 0, Standby, [2]bool{false, true}, false},
		"both had members, and neither is read":     {Pair{Had: [2]bool{true, true}, Both: noon}, [2]Look{gone, gone}, minute, Primary, [2]bool{true, false}, true},
		"the copy is gone while some are there":     {Pair{Had: [2]bool{true, true}, Both: noon}, [2]Look{some, gone}, minute, Primary, [2]bool{true, false}, true},
		"the clock was set back":                    {Pair{Had: [2]bool{true, true}, Both: noon.Add(time.Hour)}, [2]Look{some, some}, 0, Primary, [2]bool{true, true}, true},
		"all moved, and the old one cannot be read": {Pair{Active: Standby, Had: [2]bool{true, true}, Both: noon}, [2]Look{gone, uses}, minute, Standby, [2]bool{false, true}, false},
	} {
		now := noon.Add(c.after)
		p := c.before.Next(now, c.looks, Most)
		counts := [2]bool{p.Counts(Primary, c.looks[Primary].Read), p.Counts(Standby, c.looks[Standby].Read)}
		if p.Active != c.active || counts != c.counts || p.MovesOver(now, Most) != c.holds {
			t.Errorf("%s: active %v, counts %v, holds %v; want %v, %v, %v", name, p.Active, counts, p.MovesOver(now, Most), c.active, c.counts, c.holds)
		}
	}
}

// Over any sequence of looks: something always counts; where only one cluster has members, it is the one that counts; what counts
// changes only to where members were seen; and nothing is held for longer than an hour at a time.
func TestPairAlwaysCounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		look := rapid.Custom(func(t *rapid.T) Look {
			return rapid.SampledFrom([]Look{uses, some, empty, gone}).Draw(t, "look")
		})
		p, now, held := Pair{}, noon, time.Time{}
		for range rapid.IntRange(1, 60).Draw(t, "polls") {
			now = now.Add(time.Duration(rapid.IntRange(1, 1200).Draw(t, "seconds")) * time.Second)
			looks := [2]Look{look.Draw(t, "primary"), look.Draw(t, "standby")}
			before := p
			p = p.Next(now, looks, Most)
			counts := [2]bool{p.Counts(Primary, looks[Primary].Read), p.Counts(Standby, looks[Standby].Read)}
			if !counts[0] && !counts[1] {
				t.Fatalf("nothing counts: %+v after %+v", p, looks)
			}
			for s, l := range looks {
				o := looks[1-s]
				if l.Read && l.Has && o.Read && !o.Has && (!counts[s] || counts[1-s]) {
					t.Fatalf("only side %d has members, and %v counts: %+v", s, counts, p)
				}
			}
			if a := p.Active; a != before.Active && !looks[a].Has && (looks[a].Read || !before.Had[a]) {
				t.Fatalf("%v is active without a member: %+v after %+v", p.Active, p, looks)
			}
			switch {
			case !p.MovesOver(now, Most):
				held = time.Time{}
			case held.IsZero():
				held = p.Both
			case now.Sub(held) >= Most && p.Both.Equal(held):
				t.Fatalf("nothing was scaled down for more than an hour: %+v", p)
			}
		}
	})
}
