// Package breaker is the circuit breaker of a scaler. A decision rests on numbers that may be wrong: a processing time that is declared
// too short, a capacity that was learned wrongly, a rate that is misread. Records that are late after a step down (a scale-down that
// we wrote) show it, whichever number was wrong. After too many such steps the scaler does not scale down for a time.
//
//	step down is written      it is on probation for one stabilization window
//	probation ends            it counts if it made records late, or if the scaler scaled up again meanwhile (undone);
//	                          otherwise it is forgotten
//	3 late steps in 6 h       stops for 1 h, and goes up to the size before the last of them
//	4 undone steps in 1 h     the same
//	after a stop              2 late or 2 undone steps are enough for the next one; it lasts 2 h, 4 h, … 24 h, and half as
//	                          long after each day without a step that counts
//
// Other things make records late, too, and must not count. A step is forgotten when one of these happened within its probation:
//
//	more arrives than the step was computed for                it was the traffic
//	a partition gets more than its share of that               the same, for the records that wait there
//	a rebalance that no write of ours caused, a rollout        the members did not work meanwhile
//	a partition is stalled, or offsets are set back            no number of replicas helps
//	consumers are bound by a system behind them                the same
//	pods are missing, others change the replicas               there were not as many consumers as it asked for
//	a poll is partial or stale, or polls are missing           not known
//
// A number that is wrong for a while and then right again, such as arrivals that are not seen for ten minutes, cannot be told from a
// producer that stops and returns: both show fewer arrivals, and then more than the step was computed for. It does not count.
//
//	state.go   what is remembered
//	step.go    the probation of a step
//	stop.go    when a scaler stops, and for how long
//	fleet.go   when all scalers stop
//
// The term is that of Nygard, Release It!, 2007: it opens after repeated failures, and is tried again after a time.
package breaker
