// Package chaos breaks what lagscaler depends on, and counts what it did wrong meanwhile.
//
// Three real brokers, a real control plane and real consumers under a load that changes; two replicas of the daemon, each a
// process of its own, which reach brokers and apiserver through proxies. Faults come one after the other, and then at random
// from a seed.
//
//	chaos_test.go                       the runs: TestChaos, a piece in make test; TestReliability, all of it (make chaos)
//	faults_test.go                      every fault: what begins it, and what ends it
//	selfstop_test.go                    what was learned is wrong, until the scaler stops itself
//	system_test.go                      all that runs: brokers, control plane, replicas, load
//	judge_test.go, counters_test.go     what was wrong: writes, counters, rebalances, late records
//	links_test.go, apiproxy_test.go     the proxies before brokers and apiserver
//	page_test.go                        docs/reliability.md
//
// The judges know the truth: the traffic that the producer sent, the sizes that the apiserver stored, the rebalances that the
// coordinators logged, the age of each record when a consumer was done with it.
package chaos
