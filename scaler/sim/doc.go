// Package sim simulates a scaling policy on recorded traffic, so that its cost and its late records are known before it is used
// in production.
//
// One step is one second. Records arrive at partitions as a Poisson process with the rate of a [Trace]. Pods need some time
// to start, and some need long. A change of members pauses an eager group completely; in a cooperative group it pauses only the
// partitions that move. The pause lasts until the last member has noticed the change and has processed what it fetched. Assignments
// are those of the real range, round-robin and sticky assignors. Members commit every few seconds, each in a second of its own; what
// was not committed before a rebalance is processed again. Polls, HPAs and the steps of a trace are not in step with the commits.
// Every record keeps its second of arrival, so ages are exact. At each poll a [Policy] sees what the daemon would see, and no more;
// [Ours] is scaler.Evaluate itself.
//
//	Trace --arrivals--> queues of partitions <--assignment-- group <--join, leave-- fleet of pods
//	                        |                                                          ^
//	                    end, committed offsets --View, every 10 s--> Policy --replicas--/
//
//	The world         simulation.go (one second), fleet.go, group.go, rebalance.go, assign.go, queue.go, arrivals.go, phase.go, fault.go
//	What it is given  world.go, trace.go, spread.go
//	Policies          ours.go, and to compare with: hpa.go, ds2.go, static.go, follower.go, clairvoyant.go; lineup.go has all
//	Results           result.go; leastcost.go: a lower bound of the cost of every policy
//
// An example: with 48 partitions and consumers of 100 records/s, a trace is scaled so that its peak is 70 % of 4800/s. When the rate
// rises from 1000/s to 2000/s and ten consumers run, a policy asks for ten more at the next poll, 10 s later. Their pods need 20
// to 40 s to start, and then a rebalance pauses the group for some seconds. By then the oldest record has waited for about 30 s. A record
// that is processed later than the target of 30 s is counted as late.
//
// The package has many files for one task: to try a policy. The world, the policies and the results can only be understood
// together; the clairvoyant policy and the lower bound also use data that only the world has. The same world, policy and seed
// give the same bytes. The package does no I/O and reads no clock.
package sim
