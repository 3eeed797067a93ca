// Package lagtest is for tests of whatever reads lag: an in-memory [Cluster] that answers like a source,
// and [Conform], the test that every source passes, the in-memory one included.
//
//	c := lagtest.New(t, "main", 3)
//	c.Create("orders", 4)
//	c.Join("shop", "worker-1", "orders")
//	c.Append("orders", 0, 100)
//	c.Commit("shop", "orders", 0, 40)
//	s := lag.Compute(c.Observe(ctx), nil, nil) // shop has a lag of 60
//	c.Fail(1, lag.Unreachable)                 // and so on
package lagtest
