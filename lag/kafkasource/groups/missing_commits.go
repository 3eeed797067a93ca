package groups

import (
	"slices"
	"strings"
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

// TopicIDs knows the ids of topics. It is false for a topic that is not there.
type TopicIDs interface {
	ID(topic string) (id [16]byte, ok bool)
}

// commitCount is the number of partitions of a topic that a group has commits for, as of the last reading that was believed.
type commitCount struct {
	topic      string
	id         [16]byte // of the topic: one that was created again begins without commits
	partitions int
}

// missingCommits are the topics for which the response has fewer commits than an earlier poll has read. A new coordinator
// does not know the commits whose record it has not seen replicated: for a moment it leaves them out, without an error
// (seen on Kafka 4.3 in a clean restart: a response without any commit). The group must not read as without lag then.
// Commits can also be deleted or expire; that is believed after Config.Grace.
func (r *Reading) missingCommits(g *group) []commitCount {
	c, known := r.cache[g.Group]
	if !known || g.Err != lag.OK || g.State == lag.Dead || g.CommitsAt.IsZero() {
		return nil
	}
	var fewer []commitCount
	for _, count := range c.commits {
		if g.commitsTo(count.topic) < count.partitions {
			fewer = append(fewer, count)
		}
	}
	return fewer
}

func (g *group) commitsTo(topic string) int {
	i, ok := slices.BinarySearchFunc(g.Commits, topic, func(c lag.TopicCommits, name string) int { return strings.Compare(c.Topic, name) })
	if !ok {
		return 0
	}
	return len(g.Commits[i].Partitions)
}

// RejectMissingCommits treats all commits of a group as not read while some of them are missing. Commits of a topic that
// was deleted or created again are gone and do not count as missing. It needs this poll's metadata of the topics.
func (r *Reading) RejectMissingCommits(ids TopicIDs) {
	for _, g := range r.groups {
		fewer := slices.DeleteFunc(r.missingCommits(g), func(c commitCount) bool {
			id, ok := ids.ID(c.topic)
			return !ok || id != c.id
		})
		if len(fewer) == 0 || r.cache[g.Group].commitsMissingFor(r.cfg.Grace) {
			continue
		}
		g.Err, g.Commits, g.CommitsAt = lag.CommitsMissing, nil, time.Time{}
	}
}

// commitsMissingFor reports whether the group has been without some of its commits for that long. The first call starts
// the clock.
func (c *cached) commitsMissingFor(d time.Duration) bool {
	now := time.Now()
	if c.missingSince.IsZero() {
		c.missingSince = now
	}
	return now.Sub(c.missingSince) >= d
}

// countCommits counts the commits that a group was just read with, in the memory of the last count.
func countCommits(g *group, ids TopicIDs, into []commitCount) []commitCount {
	into = into[:0]
	for _, c := range g.Commits {
		if id, ok := ids.ID(c.Topic); ok {
			into = append(into, commitCount{c.Topic, id, len(c.Partitions)})
		}
	}
	return into
}
