// Package sim shows how a scaling policy would have done on recorded traffic, before it is trusted with production.
//
// Time goes in steps of a second. Records arrive at partitions as a Poisson process with the rate of a [Trace]; pods take a
// while to start; a change of members pauses all partitions of an eager group, or the partitions that move in a cooperative
// one; assignments are those of the real range, round-robin and sticky assignors; members commit every few seconds. Every
// record keeps its second of arrival, so ages are exact. At each poll a [Policy] sees what the daemon would see, and no more;
// [Ours] is scaler.Evaluate itself.
//
//	Trace --arrivals--> queues of partitions <--assignment-- group <--join, leave-- fleet of pods
//	                        |                                                          ^
//	                    end, committed offsets --View, every 10 s--> Policy --replicas--/
//
//	The world         simulation.go (one second), fleet.go, group.go, assign.go, queue.go, arrivals.go, fault.go
//	What it is given  world.go, trace.go, spread.go
//	Policies          ours.go, and to compare with: hpa.go, ds2.go, static.go, follower.go, clairvoyant.go; lineup.go has all
//	Results           result.go; leastcost.go: what no policy can be cheaper than
//
// An example: with 48 partitions and consumers of 100 records/s, a trace is scaled so that its peak is 70 % of 4800/s. When the rate
// rises from 1000/s to 2000/s and ten consumers run, a policy that asks for ten more at the next poll, 10 s later, gets them
// after 20 to 40 s more and a pause of 8 s. By then the oldest record has waited for about 30 s, and records processed later
// than the target of 30 s are counted as late.
//
// It has many files and is one idea, a trial: world, policies and results are only understood together, and the clairvoyant
// and the lower bound read what the world alone knows. The same world, policy and seed give the same bytes. The package does
// no I/O and reads no clock.
package sim
