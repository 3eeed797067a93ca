// Package lagtest is for tests of code that reads lag.
//
// The problem: a test of the engine needs states that a real cluster has for milliseconds, and a cluster in memory
// that behaves better than Kafka makes such a test useless.
//
// The rule: the in-memory [Cluster] and the source of real clusters pass the same test, [Conform].
//
//	Cluster    a Kafka cluster in memory, with the methods Sample and Observe of a source
//	Conform    the promises of every source, one subtest each; the table conformance in conform.go lists them
//	Subject    what Conform needs of a cluster: a source, and functions that create topics, append, commit and join
//	Kafka      a Subject for brokers that speak Kafka's protocol, embedded or real
//
// For example:
//
//	c := lagtest.New(t, "main", 3)
//	c.Create("orders", 4)
//	c.Join("shop", "worker-1", "orders")
//	c.Append("orders", 0, 100)
//	c.Commit("shop", "orders", 0, 40)
//	s := lag.Compute(c.Observe(ctx), nil, nil) // shop has a lag of 60
//	c.Fail(1, lag.Unreachable)                 // broker 1 does not answer from now on
package lagtest
