// Package rebalancemon tells from outside a consumer group how often it rebalances, how long, why and with what outcome,
// and how stable its members are.
//
// It is fed by two streams: group states, each second, from the sampler (lag.Sample), which give starts and durations;
// and snapshots, each poll (lag.Snapshot), which give generations, epochs and members, so that rebalances between two
// samples are counted too. Counts are a lower bound: a rebalance shorter than a sample that leaves no trace in a
// generation cannot be seen.
//
// The package does no I/O and reads no clock.
package rebalancemon
