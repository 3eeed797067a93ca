package lag

// LeaderChanges counts the partitions whose leader epoch rose between two snapshots, and the groups whose
// coordinator moved. Neither is a rebalance. Without epochs (brokers before 2.1) a changed leader counts.
func LeaderChanges(prev, now *Snapshot) uint64 {
	if prev == nil {
		return 0
	}
	var n uint64
	for i := range now.Topics {
		t := &now.Topics[i]
		before, ok := prev.Topic(t.Name)
		if !ok || before.ID != t.ID {
			continue
		}
		for p := range min(len(t.Partitions), len(before.Partitions)) {
			n += leaderChange(&before.Partitions[p], &t.Partitions[p])
		}
	}
	for i := range now.Groups {
		g := &now.Groups[i]
		before, ok := prev.Group(g.Group)
		if ok && g.Err == OK && before.Err == OK && g.Coordinator >= 0 && before.Coordinator >= 0 && g.Coordinator != before.Coordinator {
			n++
		}
	}
	return n
}

func leaderChange(before, now *PartitionRead) uint64 {
	switch {
	case now.LeaderEpoch > before.LeaderEpoch:
		return 1
	case now.LeaderEpoch < 0 && now.Leader != before.Leader:
		return 1
	}
	return 0
}
