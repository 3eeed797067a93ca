// Package sim shows what a scaling policy would do on recorded traffic, before anybody trusts it with production.
//
// Time goes in steps of a second. A trace arrives at weighted partitions as a Poisson process; pods take a while to
// start; a change of members pauses an eager group, or the moved partitions of a cooperative one; assignments are the
// real range, round-robin and sticky; members commit each few seconds. Every record keeps its second of arrival, so
// ages are exact. A policy sees at each poll what the daemon would see, and no more; ours is scaler.Evaluate itself.
//
//	Trace --arrivals--> partitions (queues) <--assignment-- group <--join, leave-- fleet of pods
//	                        |                                                          ^
//	                    end, committed offsets --view, each 10 s--> Policy --replicas--/
//
// The same world, policy and seed give the same bytes. The package does no I/O and reads no clock.
package sim
