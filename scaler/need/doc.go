// Package need is what one source needs: consumers, and every number that leads there. Values in, values out.
//
// Arrivals at the moment of a decision are not the right number: a replica that is requested now processes records a horizon
// later, a backlog has to be drained meanwhile, a partition cannot be split between consumers, and a smaller fleet must hold
// what may come back. [Of] takes the history (scaler/seen), what was learned (scaler/learn) and the policy's [Targets] and
// returns an [Estimate].
//
//	measure.go    arrivals, lag, time lag and stalls, by partition
//	forecast.go   arrivals at the horizon
//	demand.go     records/s to process: base = forecast / utilization, and the drain of the backlog
//	reserve.go    the share of the last hour's peak that must be able to come back
//	packing.go    the smallest number of consumers that can process it, partitions being whole
//	words.go      the same numbers as a line prints them
//
// Example: 48 partitions, 1 000/s arrive, one consumer does 100/s, utilization 0.92, no backlog. Base is 1 087/s, so the plan
// is 11 consumers. With 11, some consumer has 5 partitions (104/s at 20.8/s each with 4.36 on average); it needs at most 4
// (92/s), so 12 consumers.
package need
