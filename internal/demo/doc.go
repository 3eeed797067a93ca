// Package demo runs lagscaler on a small world of its own: three embedded Kafka brokers, a producer that follows a
// recorded trace, and a fleet of real kafka-go consumers whose size is what gets scaled. Between them stands the real
// engine with the real source, rebalance monitor and scaler; only its clocks run faster, and the demo says so.
//
//	traffic --records--> embedded brokers --records--> fleet (consumers that take their time)
//	                          |                           ^
//	                     kafkasource --> engine --Change--/
package demo
