package rebalancemon

import "github.com/lagscaler/lagscaler/lag"

// Protocol is how a group moves partitions between members.
type Protocol string

// The protocols, as far as they can be recognized through the admin API.
const (
	Eager           Protocol = "eager"       // every member gives up everything first
	Cooperative     Protocol = "cooperative" // KIP-429: only what moves is given up
	Incremental     Protocol = "kip848"      // the coordinator moves one partition at a time
	UnknownProtocol Protocol = "unknown"
)

// protocols are those of the assignors that are in use, by the name under which they stand in the group's protocol:
// Apache Kafka 4.3 (clients, Connect and Streams), librdkafka 2, franz-go 1, kafka-go 0.4, Sarama 1.
var protocols = map[string]Protocol{
	"range":              Eager,
	"roundrobin":         Eager,
	"sticky":             Eager,
	"rack-affinity":      Eager,
	"default":            Eager, // Kafka Connect before KIP-415
	"cooperative-sticky": Cooperative,
	"stream":             Cooperative, // Kafka Streams
	"compatible":         Cooperative, // Kafka Connect
	"sessioned":          Cooperative,
}

func protocolOf(l *lag.GroupLag) Protocol {
	if l.Type == lag.Consumer || l.Type == lag.Streams {
		return Incremental
	}
	if p, ok := protocols[l.Assignor]; ok && !epochs(l.Type) {
		return p
	}
	return UnknownProtocol
}
