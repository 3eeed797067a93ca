// Package worlds is a test of the whole program: it plays hours and days of worlds, and judges what the program says.
//
// A world knows the truth: what every record of a log is (a record, a marker of a transaction, a record of an aborted one),
// which consumers live, which hang, and what was processed. The program is shown what the daemon can see: offsets, members
// and their hosts, pods and replicas. It is the program's own code that runs: the engine polls a cluster in memory
// (lag/lagtest), scales a fleet whose pods take their time to start, and is restarted with what it saved. Then judges hold
// the truth against what it said and did.
//
//	world_test.go      what a world is made of, traffic, events
//	log_test.go        truth: logs, what each offset is, what was read
//	group_test.go      truth: consumers, rebalances, sessions, commits
//	fleet_test.go      the target: pods, and what the program writes
//	run_test.go        plays a world
//	poll_test.go       what was true and what was said at each poll
//	alerts_test.go     which alerts fire
//	judges_test.go     one function for each thing that must never happen, or must happen
//	worlds_test.go     the worlds; traffic_test.go, fleets_test.go and sleeping_test.go have them
//
// The rule of these worlds: what two worlds share, no rule can tell apart. So a world has a twin where there is one: a world
// with nearly the same numbers that means the opposite, such as three markers after the last record and a consumer that hangs
// on three records. If a rule of the program fails in a world that can exist, the world is right.
//
// To add a world, add a row. To play more seeds, run make worlds. To see what the program says in one world:
//
//	WORLDS_TELL=1 go test -v -run 'TestWorlds/sink-hangs' ./scaler/sim/worlds
package worlds
