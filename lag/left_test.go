package lag

import (
	"testing"
	"time"
)

// drama is a group with commits in "orders" and "old", polled every 10 s.
type drama struct {
	t       *testing.T
	d       Declared
	s       *Snapshot
	seconds int
	old     [2]int64 // committed offset and end of "old"
}

// play polls for a time while the members subscribe to the given topics; state nil is Stable, or Empty when there are none.
func (p *drama) play(lasts time.Duration, subscribed ...string) *GroupLag {
	p.t.Helper()
	return p.poll(lasts, func(g *GroupRead) {
		if len(subscribed) == 0 {
			g.State = Empty
		}
		for _, topic := range subscribed {
			member(topic, []string{topic}, TopicPartitions{topic, []int32{0}})(g)
		}
	})
}

func (p *drama) poll(lasts time.Duration, change func(*GroupRead)) *GroupLag {
	p.t.Helper()
	for end := p.seconds + int(lasts.Seconds()); p.seconds < end; p.seconds += 10 {
		w := at(p.seconds).topic("old", [2]int64{0, p.old[1]}).topic("orders", [2]int64{0, 100})
		w.group("g", change, commits("old", p.old[0]), commits("orders", 100))
		p.s = p.d.Compute(w.observation(), p.s)
	}
	return one(p.t, p.s)
}

func newDrama(t *testing.T) *drama { return &drama{t: t, old: [2]int64{1, 5000}} }

// The group has left "old", and its commits there are kept. What counts as its lag?
func TestLeftTopics(t *testing.T) {
	const rest = OrphanAfter + 20*time.Second
	for _, c := range []struct {
		name     string
		play     func(p *drama) *GroupLag
		orphaned bool
	}{
		{"stable without it for ten minutes", func(p *drama) *GroupLag { return p.play(rest, "orders") }, true},
		{"then the last member goes", func(p *drama) *GroupLag {
			p.play(rest, "orders")
			return p.play(time.Hour)
		}, true},
		{"then a member comes back that does not want it", func(p *drama) *GroupLag {
			p.play(rest, "orders")
			p.play(time.Hour)
			return p.play(10*time.Second, "orders")
		}, true},
		{"then a member comes back that wants it", func(p *drama) *GroupLag {
			p.play(rest, "orders")
			return p.play(10*time.Second, "orders", "old")
		}, false},
		{"and goes at once", func(p *drama) *GroupLag {
			p.play(rest, "orders")
			p.play(10*time.Second, "orders", "old")
			return p.play(time.Hour)
		}, false},
		{"twin: of two deployments one leaves seconds before the other", func(p *drama) *GroupLag {
			p.play(time.Hour, "orders", "old")
			p.play(20*time.Second, "orders")
			return p.play(time.Hour)
		}, false},
		{"and they come back one after the other", func(p *drama) *GroupLag {
			p.play(time.Hour, "orders", "old")
			p.play(9*time.Minute, "orders")
			p.play(time.Hour)
			return p.play(9*time.Minute, "orders")
		}, false},
		{"not at rest for long", func(p *drama) *GroupLag { return p.play(OrphanAfter-time.Minute, "orders") }, false},
		{"it rebalances all the time", func(p *drama) *GroupLag {
			p.play(20*time.Second, "orders")
			return p.poll(time.Hour, func(g *GroupRead) { g.State = PreparingRebalance; undescribed(g) })
		}, false},
		{"it could not be read", func(p *drama) *GroupLag {
			p.play(20*time.Second, "orders")
			p.poll(time.Hour, unreadable)
			return p.play(10*time.Second, "orders")
		}, false},
		{"then its commits could not be read for a while, although it was described", func(p *drama) *GroupLag {
			p.play(rest, "orders")
			p.poll(time.Minute, func(g *GroupRead) { g.State, g.Err, g.CommitsAt = Empty, CommitsMissing, time.Time{} })
			return p.play(10 * time.Second)
		}, true},
		{"a scaler names it", func(p *drama) *GroupLag {
			p.d.Names = func(group, topic string) bool { return group == "g" && topic == "old" }
			return p.play(time.Hour, "orders")
		}, false},
		{"a target that may read it sleeps", func(p *drama) *GroupLag {
			p.d.Sleeps = func(group string) bool { return group == "g" }
			return p.play(time.Hour, "orders")
		}, false},
		{"a member does not tell what it wants", func(p *drama) *GroupLag {
			return p.poll(time.Hour, func(g *GroupRead) { member("m", nil, TopicPartitions{"orders", []int32{0}})(g) })
		}, false},
		{"saved before a restart", func(p *drama) *GroupLag {
			p.d.Left = map[string][]Left{"g": {{Topic: "old", Orphaned: true}}}
			return p.play(10*time.Second, "orders")
		}, true},
		{"saved before a restart, and nobody is there", func(p *drama) *GroupLag {
			p.d.Left = map[string][]Left{"g": {{Topic: "old", Orphaned: true}}}
			return p.play(10 * time.Second)
		}, true},
		{"saved before a restart, and wanted again", func(p *drama) *GroupLag {
			p.d.Left = map[string][]Left{"g": {{Topic: "old", Orphaned: true}}}
			return p.play(10*time.Second, "old")
		}, false},
		{"without members and without history", func(p *drama) *GroupLag { return p.play(time.Hour) }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := c.play(newDrama(t))
			want := int64(4999)
			if c.orphaned {
				want = 0
			}
			if n, complete := g.Total(); n != want || !complete || g.topic("old").Orphaned != c.orphaned {
				t.Errorf("lag %d, complete %v, left %+v; want %d", n, complete, g.Left, want)
			}
		})
	}
}

// A topic that was read within the last day and still gets records may have lost its consumers. What nobody saw is unknown.
func TestMissedTopics(t *testing.T) {
	for _, c := range []struct {
		name          string
		read, grows   bool
		later         time.Duration
		missed, known bool
	}{
		{"read, and records arrive", true, true, time.Hour, true, true},
		{"read, and no record arrives", true, false, time.Hour, false, true},
		{"read more than a day ago", true, true, 25 * time.Hour, false, true},
		{"twin: not seen to be read, watched for an hour", false, true, time.Hour, false, false},
		{"not seen to be read, watched for more than a day", false, true, 25 * time.Hour, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newDrama(t)
			p.play(20*time.Second, "orders", "old")
			if c.read {
				p.old[0]++
				p.play(10*time.Second, "orders", "old")
			}
			p.play(time.Minute, "orders")
			if c.grows {
				p.old[1]++
			}
			g := p.play(c.later, "orders")
			if len(g.Left) != 1 {
				t.Fatalf("left %+v, want old", g.Left)
			}
			if missed, known := g.Left[0].Missed(p.s.At); missed != c.missed || known != c.known {
				t.Errorf("missed %v, known %v, want %v, %v: %+v", missed, known, c.missed, c.known, g.Left[0])
			}
		})
	}
}

// Who commits for a topic reads it, whatever the members subscribe to.
func TestATopicThatIsReadIsNotLeft(t *testing.T) {
	p := newDrama(t)
	p.play(OrphanAfter+time.Minute, "orders")
	p.old[0] = 3000
	g := p.play(10*time.Second, "orders")
	if n, _ := g.Total(); n != 2000 || g.Left[0].Orphaned {
		t.Errorf("lag %d, left %+v", n, g.Left)
	}
}
