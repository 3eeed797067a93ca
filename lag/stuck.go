package lag

import (
	"slices"
	"time"
)

// Stuck is a partition that is stalled (see [StandStalled]), named so that somebody can look at the record at its commit.
//
//	what is seen                                       it is
//	records wait, the commit stands                    stuck
//	nothing arrives, the commit stands at the end      not stuck: nothing waits
//	records wait, the commit moves slowly (hot)        not stuck: it moves
//	a rest, of which nobody knows whether it is read   not stuck: unknown (see [StandRest])
//
// A record that fails for ever, a consumer that hangs and a partition that the application paused look the same. If other
// commits of the group move, its consumers are not all stopped.
type Stuck struct {
	Topic      string
	Partition  int32
	Committed  int64     // the offset of the record that is read next
	Waiting    int64     // records
	Owner      Member    // zero: not known
	Since      time.Time // since when the commit stands
	OthersMove bool      // another commit of the group has moved since
	Broker     string    // HOST:PORT of a broker of the cluster; empty: none is known
}

// OwnerName is the client id and the host of the owner, such as worker-1@10.0.0.7; empty if it is not known.
func (s *Stuck) OwnerName() string { return MemberName(s.Owner.ClientID, s.Owner.Host) }

// Stuck are the stalled partitions of the group that the Rates were made for: those that stand for longest first.
func (r *Rates) Stuck(g *GroupLag) (stuck []Stuck) {
	if r.Stalled == 0 {
		return nil
	}
	for t := range g.Topics {
		topic := &g.Topics[t]
		for i := range topic.Partitions {
			v, ok := r.stands.View(t, i)
			waiting, known := topic.Partitions[i].Lag()
			if !ok || v.Stand != StandStalled || !known || topic.Orphaned {
				continue
			}
			p := &topic.Partitions[i]
			s := Stuck{Topic: topic.Topic, Partition: p.Partition, Committed: p.Committed, Waiting: waiting, Since: v.Since, OthersMove: r.LastProgress.After(v.Since), Broker: r.broker}
			if m, ok := g.OwnerOf(*p); ok {
				s.Owner = *m
			}
			stuck = append(stuck, s)
		}
	}
	slices.SortStableFunc(stuck, func(a, b Stuck) int { return a.Since.Compare(b.Since) })
	return stuck
}
