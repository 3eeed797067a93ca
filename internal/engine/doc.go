// Package engine is the loop: observe, evaluate, apply, publish.
//
//	poller, sampler (one pair a cluster, I/O)         the owner (one goroutine, all state)             readers
//	Source.Observe each 10 s --Observation--\
//	                                         > posts > lag.Compute, History, rebalancemon,  --Report--> Latest()
//	Source.Sample  each  1 s --Sample-------/          scaler.Evaluate, Targets.Apply
//
// Pollers and samplers post what they read; the owner alone holds state and runs the pure code. A cluster that is down
// delays nobody: its poller waits for it alone. [Engine.Tick] is the whole program minus the clock.
package engine
