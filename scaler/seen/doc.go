// Package seen remembers what the last polls read of a target and of its groups. This is not saved: after a restart it is empty.
//
// A poll reads offsets, members and replicas once. A decision also needs values that one poll does not show: rates, the time
// since which the members have been the same, and who changed the replicas. [See] adds a poll to a [State] and returns the
// new State; a State is never changed.
//
//	Source, SourceSpec   one group: its specification, and the reading of this poll
//	Workload             the target, as it is now in Kubernetes
//	Clock                the interval of polls and decisions
//	History              the readings of one source: rates, peaks, the quality of this poll, the start of an outage
//	Replicas             changes of the replicas, by lagscaler and by other clients
//	Members              how members of the group map to replicas of the target
//
// Example: 48 partitions, polls of 10 s. The end offsets of all partitions grew by 30 000 in the last 30 s: the arrival rate
// is 1 000/s. 25 000 of them arrived in the last 10 s, and the rates of earlier polls differed by only 50/s: this is a
// jump to 2 500/s. Broker 3 did not answer: the quality is Partial, and the outage begins at this poll.
package seen
