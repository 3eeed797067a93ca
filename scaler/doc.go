// Package scaler decides how many replicas a target should have, and gives the reason.
//
// [Evaluate] is called at every poll. Its input is what the poll read, and the [Memory] that the last call returned. It
// returns a [Decision], which contains everything that is needed to recompute its numbers, and the Memory for the next call.
// Evaluate does no I/O, reads no clock, writes no log and does not change its input. So the simulator and the replay can
// call the same function as the daemon.
//
//	see       scaler/seen     Poll -> State             the readings of the last minutes
//	learn     scaler/learn    State -> Memory           capacity, durations, seasons
//	break     scaler/breaker  State, Memory -> State    the circuit breaker: which of our scale-downs made records late
//	estimate  scaler/need     State, Memory -> Need     consumers for every source
//	judge     scaler          facts -> verdict          for every source, the first rule that matches; then the source that
//	                                                    asks for the most replicas decides
//	limit     scaler          verdict -> Decision       every limit that changes the number is a step; package scaler/brakes
//	                                                    computes the limits of all scalers together, the engine calls it
//
// Example: 12 replicas run on 48 partitions, 1 540/s arrive, the forecast is 1 690/s, and one consumer processes 100/s. At a
// utilization of 0.92, capacity for 1 690 / 0.92 = 1 837/s is needed, so the plan is 19 consumers. With 19 to 23 consumers, the
// busiest one would have three partitions, which is too much, so the need is 24. The rule ScaleUp matches and asks for 24. The
// limit MaxReplicas reduces this number to 20: ScaleUp 12 -> 24, MaxReplicas 24 -> 20.
//
// The package is larger than others, because a verdict is one row of a table: its name, its condition, its deadline and its
// words are here together. CONTRIBUTING.md says how to add a rule.
//
// Start with table.go: it lists the verdicts and the limits in the order in which they are tried. rules.go has the condition
// of each verdict.
package scaler
