package topics

import (
	"context"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource/cluster"
	"github.com/lagscaler/lagscaler/lag/kafkasource/transport"
	"github.com/lagscaler/lagscaler/lag/kafkasource/wire"
)

// followLeaders reads metadata of the topics whose metadata is wrong, and asks the new leaders for what is missing.
func (o *reading) followLeaders(ctx context.Context) {
	for try := range cluster.MoveTries {
		names := o.outdated(try == 0)
		if len(names) == 0 || try > 0 && o.round.Pause(ctx) != nil {
			return
		}
		if err := o.refresh(ctx, o.round, names, partitionsOf(names, o.needs)); err != nil {
			o.round.Fail(lag.StageMetadata, transport.AnyBroker, err)
			return
		}
		o.round.UseBrokers()
		var again []wire.Partition
		for _, name := range names {
			again = append(again, o.replace(o.index[name])...)
		}
		if len(again) == 0 {
			return
		}
		o.read(ctx, again)
	}
}

// outdated are the topics whose metadata is wrong: a leader moved, a broker does not know the topic or does not answer,
// or (looked at once) an end is below that of the poll before, as after the topic was created again.
func (o *reading) outdated(first bool) []string {
	var names []string
	for t := range o.topics {
		topic := &o.topics[t]
		before := o.known[topic.Name]
		for i := range topic.Partitions {
			if cluster.LeaderMoved(topic.Partitions[i].Err) || first && endDecreased(before, i, &topic.Partitions[i]) {
				names = append(names, topic.Name)
				break
			}
		}
	}
	return names
}

func endDecreased(before *topic, i int, now *lag.PartitionRead) bool {
	if before == nil || i >= len(before.read.Partitions) || !now.Known.Has(lag.KnownEnd) {
		return false
	}
	b := &before.read.Partitions[i]
	return b.Known.Has(lag.KnownEnd) && b.End > now.End || b.Known.Has(lag.KnownStart) && b.Start > now.End
}

// replace puts new metadata of a topic in place and returns the partitions to ask for again.
func (o *reading) replace(t int32) []wire.Partition {
	old := o.topics[t]
	remembered, ok := o.known[old.Name]
	if !ok { // deleted: the new metadata says so
		o.topics[t].Err, o.topics[t].Partitions = lag.UnknownTopic, nil
		return nil
	}
	now := remembered.withoutOffsets()
	var again []wire.Partition
	for i := range now.Partitions {
		if i < len(old.Partitions) && keepsAnswer(&old.Partitions[i], &now.Partitions[i], old.ID == now.ID) {
			now.Partitions[i] = old.Partitions[i]
			continue
		}
		if i < len(old.Partitions) && old.Partitions[i].Start > old.Partitions[i].End {
			now.Partitions[i].Known = 0 // the log start that is remembered is of another log
		}
		again = append(again, wire.Partition{Topic: t, Number: int32(i)})
	}
	o.topics[t] = now
	return again
}

// keepsAnswer reports whether new metadata gives no reason to ask again: the partition has an end that is not below its
// start, or its leader does not answer and is still the leader.
func keepsAnswer(old, now *lag.PartitionRead, sameTopic bool) bool {
	if !sameTopic {
		return false
	}
	if old.Known.Has(lag.KnownEnd) {
		return !old.Known.Has(lag.KnownStart) || old.Start <= old.End
	}
	return now.Leader < 0 || (old.Err == lag.Unreachable || old.Err == lag.Slow) && old.Leader == now.Leader
}
