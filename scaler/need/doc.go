// Package need computes how many consumers one source needs, and returns every intermediate number. It has no state.
//
// The present arrival rate is not sufficient for this, for four reasons. A replica that is requested now starts to process
// records only after some time, the horizon. A backlog must be processed, too. A partition cannot be split between consumers.
// And a peak may return after the target was scaled down. [Of] takes the readings (scaler/seen), the memory (scaler/learn)
// and the policy's [Targets], and returns an [Estimate].
//
//	measure.go    arrivals, lag, time lag and stalls, by partition
//	forecast.go   arrivals at the horizon: the rate, a jump, a trend, a season, a period
//	demand.go     records/s to process: base = forecast / utilization, plus the backlog / the drain time
//	backlog.go    records that will wait at the horizon, with the pods that were asked for already
//	reserve.go    the share of the last hour's peak for which capacity is kept
//	room.go       the headroom that is kept for an objective
//	trial.go      a trial of fewer consumers, if the capacity of a consumer was never seen
//	removed.go    what removed replicas leave unread, and the capacity that processes it
//	packing.go    the smallest number of consumers that can process it, because partitions cannot be split
//	words.go      the text that shows how these numbers follow from each other
//
// The package has one task: each step adds its numbers to one Need, from which a line derives the decision.
//
// Example: 48 partitions, 1 000/s arrive, one consumer processes 100/s, the utilization is 0.92, and there is no backlog. The
// base is 1 000 / 0.92 = 1 087/s, so the plan is 11 consumers. Each partition needs 22.6/s. With 11 consumers, one has 5
// partitions and 113/s, which is too much. With 12 consumers, every consumer has 4 partitions and 91/s, so the need is 12.
package need
