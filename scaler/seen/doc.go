// Package seen keeps the readings of a target and of its groups, those of the last polls. Nothing of it is saved.
//
// A poll reads offsets, members and replicas once. A decision needs more than one poll: rates, since when members have been
// the same, who changed the replicas. [See] takes a poll in and returns the new [State]; a State is never changed.
//
//	Source, SourceSpec   one group: its specification, and the reading of this poll
//	Workload             the target, as Kubernetes has it now
//	Clock                the interval of polls and decisions
//	History              the readings of one source: rates, peaks, the quality of this poll, since when
//	Replicas             changes of the replicas, by us and by others
//	Members              how members of the group map to replicas of the target
//
// Example: 48 partitions, polls of 10 s. The end offsets of all partitions grew by 30 000 in the last 30 s: the arrival rate
// is 1 000/s. The last poll alone brought 25 000 of them, while polls before differed by 50/s from each other: it is a jump
// to 2 500/s. Broker 3 did not answer: the quality is Partial, and the outage begins at this poll.
package seen
