// Package scaler decides how many replicas a target should have, and says why.
//
// [Evaluate] is called at every poll with what was read and what was learned until then. It returns a [Decision], whose
// every number can be recomputed from it, and the [Memory] to give it the next time. It does no I/O, reads no clock, writes
// no log and changes nothing it was given: the simulator and the replay run the function that the daemon runs.
//
//	see       scaler/seen     Poll -> State             the readings of the last minutes
//	learn     scaler/learn    State -> Memory           capacity, durations, seasons
//	estimate  scaler/need     both, targets -> Need     consumers for every source
//	judge     here            facts -> verdict          the first rule that holds, for every source; the greatest need wins
//	limit     here            verdict -> Decision       every limit that changes the number is a step
//
// Example: 12 replicas run on 48 partitions, 1 540/s arrive and grow to 1 690/s, a consumer does 100/s. The plan is 19
// consumers, and the need 24, the next number that lowers the partitions of each. The rule ScaleUp holds and asks for 24;
// the limit MaxReplicas makes 20 of it: ScaleUp 12 -> 24, MaxReplicas 24 -> 20.
//
// The package is larger than others, and still one idea: a verdict is one row of a table, so its name, its condition, its
// deadline and its words are here together. A rule is added in this package and in its documents, and nowhere else.
//
// Start with table.go: the verdicts and the limits, in the order in which they are tried. rules.go says when each holds.
package scaler
