// Package learn learns capacity, durations and seasons from the readings of scaler/seen, and returns them as a [Memory], which
// the engine saves. No other package changes what was learned.
//
// A declared processing time is often wrong, and the duration of a start or of a rebalance is not declared at all. The
// [State] of this package (not the one of scaler/seen) is a Memory and the measurements that are not complete yet. Its
// methods return the next State and do not change their input:
//
//	AtPoll          at every poll: steps down, the peak of the current five minutes, commits, sessions, what is unread, trials
//	AtStart         at every poll while replicas that were added start: how long that takes
//	AtDecision      at every decision: everything else; at an early decision, between two regular ones, it learns less
//	WithForecasts   after every decision: stores the forecasts, to compare them with the arrivals later
//	WithPlays       at every poll: simulated groups with more and less headroom (package promise)
//	WithWeek        at every poll: the week that lagscaler compare shows
//
// Memory.Bill and Memory.Timeline are those of packages bill and timeline; Evaluate gives each poll to them.
//
//	capacity.go, samples.go    records/s of one consumer, from consumers that were busy all the time
//	speeds.go                  records/s of one consumer in every window, to compare one version of the consumers with the next
//	trial.go                   fewer consumers than the known capacity asks for, while nothing waits
//	downstream.go              an experiment: if added consumers did not increase the total, it tries whether fewer are enough
//	durations.go               duration of starts and rebalances: the 90th percentile of the last 20
//	commits.go                 which offsets after a commit are not records, and how often the group commits
//	members.go                 consumers in one replica, and the session of a member that died
//	unread.go                  for how long removed replicas leave partitions unread
//	trust.go, forecasts.go     how accurate the last jumps, trends and seasons were
//	times.go                   whether the times in records agree with arrivals
//	season.go, series.go       the peaks of the last week
//	week.go, shrunk.go         the week that pages show, and how little room it takes
//	plays.go                   the usual duration of a start and of a rebalance, for the simulated groups of package promise
//
// The package is not divided further: all of it is one value, the Memory, which is saved and loaded as a whole.
//
// Example: a processing time of 10 ms is declared, so the capacity is 100/s. In three consecutive windows of 30 s, consumers
// that are busy all the time process 80/s. The capacity becomes 0.7 * 100 + 0.3 * 80 = 94/s, then 90/s, then 87/s.
package learn
