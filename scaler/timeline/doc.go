// Package timeline remembers what happened to a scaler in the last week: its decisions for another size, and the rebalances of its groups.
//
// A page draws them on one time axis with traffic and replicas. The pods of lagscaler are replaced at every upgrade, so what they saw is
// saved with what was learned. The newest are kept, so that a scaler that never rests stays as small as others; the timeline says from
// when on it is complete.
//
//	what                                    kept         when it is dropped
//	a decision for another size             96           after a week, or when 96 came later
//	the same decision once more             no           an advice that nobody follows is one decision
//	a rebalance that has ended              96           as a decision
//
// An example: with 200 rebalances in the last week, of which the 96th newest began on Thursday at 09:12, rebalances are complete since
// Thursday, 09:12, and decisions since the week began.
package timeline
