// Package seen remembers what the last polls read of a target and of its groups. A [State] is not saved: after a
// restart it is empty.
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
//	Mapping              which member runs in which pod, since when (fleet.go, tenure.go), and the evidence (places.go, names.go)
//	Removal              which members stay although their replica was removed (removed.go)
//	Members              how many replicas a number of consumers needs, for scaling up and for scaling down
//
// The package has one task: to remember what the last polls showed. It is not divided further, because a State holds all of these
// parts, and each of them is small.
//
// Example: 48 partitions, polls of 10 s. The end offsets of all partitions grew by 30 000 in the last 30 s: the arrival rate
// is 1 000/s. 25 000 of them arrived in the last 10 s, and the rates of earlier polls differed by only 50/s: this is a
// jump to 2 500/s. Broker 3 did not answer: the quality is Partial, and the outage begins at this poll.
//
// Users see a [lag.Measurement]: on pages, in the status of a KafkaScaler, and in explain. A decision uses the readings of this
// package. Both are computed with the functions of package lag, but a decision keeps only 10 minutes of readings (2 hours of a
// million partitions would be a gigabyte), and it needs a number where a user sees "unknown". So the two may differ:
//
//	                                      a user sees                  the decision uses
//	time                                  the last poll                the poll of the decision, up to 30 s ago
//	stale                                 after two failed polls       after one: nothing is scaled down
//	rate, rebalance in the last 30 s      intervals without rebalance  the whole 30 s
//	rate, an offset went back             intervals without rewind     0/s for that partition
//	rate, a partition does not answer     intervals before that        the partitions that answer
//	time lag, older than the readings     at least 2 h                 lag / rate, and at least 10 min
//	time lag, watched for less than 60 s  unknown                      lag / rate
//	time lag, bounds from before start   at least, or at most         these bounds; lag / rate if it is within them
//	time lag of a share group             unknown                      the age of the record at end - lag
//	consumption of a share group          0/s                          the movement of end - lag
//	consumption, records after a commit   0/s                          the movement to the start of the log
//	  are deleted by retention
//	never committed, and empty            unknown                      lag 0
//
// Both use [lag.Stands] for commits that do not move, with these differences:
//
//	                                      a user sees                  the decision uses
//	offsets after a commit that may not   status rest                  no demand, if there are at most 2 such offsets, or the
//	  be records                                                       commit stood for 120 s
//	stalled, soon after a rebalance       stalled                      not stalled: members had no time to commit
//	a commit stands for long, and the     not stalled: its time        stalled, no demand: the commit did not move under
//	  partition gets another member         starts again                 either member (lag.View, Still)
//	it is not known how often the group   a warning after 2 min,       stalled, no demand after 2 min (lag.StandSlow): more
//	  commits                               stalled after 15 min         replicas do not help either way
package seen
