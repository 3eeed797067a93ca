// Package worlds tests the whole program: it simulates hours and days of different worlds and checks what the program says.
//
// A world knows the truth: what every offset of a log is (a record, a marker of a transaction, a record of an aborted transaction),
// which consumers run, which hang, and what was processed. The program sees only what a daemon can see: offsets, members and
// their hosts, pods and replicas. The program's own code runs: the engine polls a cluster in memory (lag/lagtest), scales
// pods that need time to start, and is restarted with its saved memory. Then judges compare the truth with what the program
// said and did.
//
//	world_test.go      what a world is made of, traffic, events
//	log_test.go        truth: logs, what each offset is, what was read
//	group_test.go      truth: consumers, rebalances, sessions, commits
//	fleet_test.go      the target: pods, and what the program writes
//	run_test.go        simulates a world
//	poll_test.go       what was true and what was said at each poll
//	alerts_test.go     which alerts fire; rules_test.go compares them with alerts/rules
//	judges_test.go     one function for everything that must happen or must never happen
//	worlds_test.go     simulates all worlds; traffic_test.go, fleets_test.go, staying_test.go, stopping_test.go, standby_test.go, places_test.go, kinds_test.go, sleeping_test.go and
//	                   program_test.go declare them
//	soak_test.go       a month of many scalers: what the program keeps does not grow; soakshop_test.go: one of them
//	properties_test.go worlds that are made at random; accidents_test.go: what may happen to members
//
// Two worlds that give the program the same numbers cannot be distinguished by any rule. So a world has a twin if possible: a
// world with nearly the same numbers and the opposite meaning, such as three transaction markers after the last record, and a
// consumer that hangs on three records. If a rule of the program fails in a world that can exist, the rule is wrong.
//
// To add a world, add a row. To simulate more seeds, run make worlds. To print what the program says in one world:
//
//	WORLDS_TELL=1 go test -v -run 'TestWorlds/sink-hangs' ./scaler/sim/worlds
package worlds
