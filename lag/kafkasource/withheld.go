package kafkasource

import (
	"slices"
	"strings"
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

// held is how many partitions of a topic a group had committed to when that was last believed.
type held struct {
	topic      string
	id         [16]byte // of the topic: one that was made anew begins without commits
	partitions int
}

// withheld are the topics of which a group that could be read shows fewer commits than it had. A coordinator that took
// over does not know, for a while, commits whose record it has not seen replicated: it leaves them out, without an error
// (seen on Kafka 4.3 in a clean restart: an OffsetFetch with no commit at all). A group must not read as without lag then.
// Commits can also be deleted, or expire; that is believed after Limits.Unlisted.
func (p *poll) withheld(r *read) []held {
	g, known := p.s.memory.groups[r.Group]
	if !known || r.Err != lag.OK || r.State == lag.Dead || r.CommitsAt.IsZero() {
		return nil
	}
	var fewer []held
	for _, h := range g.commits {
		if r.commitsTo(h.topic) < h.partitions {
			fewer = append(fewer, h)
		}
	}
	return fewer
}

func (r *read) commitsTo(topic string) int {
	i, ok := slices.BinarySearchFunc(r.Commits, topic, func(c lag.TopicCommits, name string) int { return strings.Compare(c.Topic, name) })
	if !ok {
		return 0
	}
	return len(r.Commits[i].Partitions)
}

// doubt counts a group's commits as not read while some of them are withheld. Topics that are gone, or were made anew,
// took their commits with them. It needs this poll's metadata of the topics.
func (p *poll) doubt() {
	for _, r := range p.reads {
		fewer := slices.DeleteFunc(p.withheld(r), func(h held) bool {
			t, ok := p.s.memory.topics[h.topic]
			return !ok || t.read.ID != h.id
		})
		if len(fewer) == 0 || p.s.memory.groups[r.Group].without(p.s.cfg.Limits.Unlisted) {
			continue
		}
		r.Err, r.Commits, r.CommitsAt = lag.CommitsMissing, nil, time.Time{}
	}
}

// without reports whether the group has been without some of its commits for long enough to believe it.
func (g *remember) without(grace time.Duration) bool {
	now := time.Now()
	if g.withheld.IsZero() {
		g.withheld = now
	}
	return now.Sub(g.withheld) >= grace
}

// holding counts the commits that a group was just read with, in the memory of the last count.
func (p *poll) holding(r *read, into []held) []held {
	into = into[:0]
	for _, c := range r.Commits {
		if t, ok := p.s.memory.topics[c.Topic]; ok {
			into = append(into, held{c.Topic, t.read.ID, len(c.Partitions)})
		}
	}
	return into
}
