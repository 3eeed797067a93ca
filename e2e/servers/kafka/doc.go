// Package kafka runs real Apache Kafka for tests: clusters of brokers, and the
// Java clients and tools from the same jars.
//
//	func TestMain(m *testing.M) { defer kafka.CloseShared(); m.Run() }
//
//	func TestLag(t *testing.T) {
//		kafka.EachVersion(t, func(t *testing.T, c *kafka.Cluster) {
//			topic := c.CreateTopic(t, "orders", 6)
//			c.Produce(t, topic, 100)
//			fleet := c.Fleet(t)
//			fleet.Join(kafka.Consumer{ID: "a", Group: "g", Topics: []string{topic}})
//			fleet.AwaitBalanced(topic, 6, "a")
//			...
//			truth := c.Groups(t) // kafka-consumer-groups --describe --all-groups
//		})
//	}
//
// [EachVersion] and [Shared] use one cluster per version and test binary. A
// test that takes long runs on one version in make test, and on all in make
// versions: see [Heavy]. A test that breaks brokers or needs other settings starts its own with
// [Start] and then may stop, kill, pause and restart each [Node].
//
// A [Fleet] is one JVM with many consumers that obey the test. The
// coordinator's log ([Cluster.Records]) is the truth for rebalances.
//
// The jars come from `make kafka`, and the class archives, from which JVMs
// start fast, from `make kafka-archives`. With LAGSCALER_KAFKA_BOOTSTRAP set, an
// existing Kafka is used instead of a started one; tests that need brokers of
// their own then skip, and say so, except under CI=true, where they fail.
//
// Methods that take a [testing.TB] end the test when they fail, so they must
// be called from the test's own goroutine.
package kafka
