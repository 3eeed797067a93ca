// Package demo shows lagscaler without Kafka and without Kubernetes. It starts three embedded Kafka brokers, a producer that
// replays a recorded trace, and real consumers. The consumers are scaled by the real engine.
//
//	producer --records--> embedded brokers --records--> fleet (a consumer per replica)
//	                          |                           ^
//	                     kafkasource --> engine --Change--/
//
// Only the times differ from production: polls and decisions are 10 times as frequent, and the other time windows are divided by 20,
// so that a demo of 90 seconds shows a scale-up and a scale-down. The first lines of the output say so.
//
//	command.go                 the command line, for lagscaler and for the program of make demo
//	scenario.go                what arrives and what goes wrong, per scenario
//	brokers.go                 the embedded brokers
//	traffic.go, neighbours.go  producers; groups that are not scaled: a quiet one, a stuck one, one without members
//	fleet.go, consumer.go      the consumers that are scaled
//	lines.go, screen.go        output as lines, and as a live picture on a terminal
//	pages.go                   web pages, metrics and the recording
//	summary.go                 the text at the end
package demo
