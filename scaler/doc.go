// Package scaler decides how many replicas a target should have, and says why.
//
//	Input ----> demand, fit ----> rules ----> combine ----> limits ----> Decision
//	 ^           (Need)          (Verdict)   (sources)      (Steps)          |
//	 +------------------------------ Memory <--------------------------------+
//
// [Evaluate] is called at every poll with what was read and what was learned so far. It returns a [Decision],
// whose every number can be recomputed from it, and the [Memory] to give it the next time. It does no I/O, reads no
// clock, writes no log and changes nothing it was given: the simulator and the replay run the very function
// that the daemon runs.
//
// Start with rules.go: the verdicts and the limits, in the order in which they are tried.
package scaler
