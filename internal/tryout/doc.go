// Package tryout simulates the history of scalers with settings that are not in force: with a proposed specification, and without each
// restriction. It says what would have been different, before the settings are used.
//
//	history                               played by                what follows a decision
//	traffic of Prometheus, or a trace     the simulator            replicas, lag and late records
//	a recording, as traffic               the simulator            the same; consumers are as fast as was learned
//	a recording, poll by poll             the recorded inputs      nothing: replicas and lag are those of the recording
//
//	brake.go      which restrictions there are (the type brake), and how each is removed
//	case.go       what is simulated: present, proposed, and without each restriction
//	player.go     decides as the engine does: each scaler, and then the limits of all of them
//	outcome.go    what is counted
//	history.go    what a recording says of its scalers, and of their traffic
package tryout
