package lag

import "slices"

// Measurement is a group's lag, time lag and rates as of one poll: the numbers that users see, on the pages, in the API, in the
// status of a KafkaScaler and in explain. All of them show a Measurement, so that they agree.
type Measurement struct {
	Lag      int64 // records, over the partitions whose lag is known
	LagKnown bool
	Complete bool // false: a partition is missing, so that Lag is a lower bound
	TimeLag  TimeLag
	Produced Rate
	Consumed Rate
	Rest     Rest // what of it is read, or may be, and the rhythm of the commits
	Stuck    []Stuck
	Part     bool // not all topics of the group are in it: its rates are then unknown, they are kept for whole groups
}

// Measure is the group as of this poll, with its own summary and rates. Topics that are not wanted are left out; nil wants all.
func (g *GroupLag) Measure(sum *Summary, r *Rates, wants func(topic string) bool) Measurement {
	m := Measurement{TimeLag: r.TimeLag, Rest: r.Rest, Produced: r.Produced, Consumed: r.Consumed}
	if wants != nil && (!g.allWanted(wants) || sum.Partitions == 0) {
		part := g.summary(wants)
		sum = &part
		m = Measurement{TimeLag: r.worst(g, wants), Rest: r.stands.Rest(wants), Part: true}
	}
	m.Lag, m.LagKnown = sum.Lag()
	m.Complete = sum.Complete
	m.Stuck = slices.DeleteFunc(r.Stuck(g), func(s Stuck) bool { return wants != nil && !wants(s.Topic) })
	return m
}

func (g *GroupLag) allWanted(wants func(topic string) bool) bool {
	for i := range g.Topics {
		if t := &g.Topics[i]; !t.Orphaned && !wants(t.Topic) {
			return false
		}
	}
	return true
}
