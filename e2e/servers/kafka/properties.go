package kafka

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// defaults are the properties of a quick, small cluster. Offsets and
// transactions are replicated to every node, up to three, so that one may be
// killed.
func (cfg Config) defaults() map[string]string {
	replicas := strconv.Itoa(min(3, cfg.Nodes))
	return map[string]string{
		"process.roles":                                              "broker,controller",
		"controller.listener.names":                                  "CONTROLLER",
		"inter.broker.listener.name":                                 "PLAINTEXT",
		"listener.security.protocol.map":                             "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
		"auto.create.topics.enable":                                  "false",
		"default.replication.factor":                                 replicas,
		"num.partitions":                                             "1",
		"offsets.topic.num.partitions":                               "8",
		"offsets.topic.replication.factor":                           replicas,
		"transaction.state.log.num.partitions":                       "4",
		"transaction.state.log.replication.factor":                   replicas,
		"transaction.state.log.min.isr":                              "1",
		"share.coordinator.state.topic.num.partitions":               "4",
		"share.coordinator.state.topic.replication.factor":           replicas,
		"share.coordinator.state.topic.min.isr":                      "1",
		"group.initial.rebalance.delay.ms":                           "0",
		"group.min.session.timeout.ms":                               "1000",
		"group.consumer.min.session.timeout.ms":                      "1000",
		"group.consumer.session.timeout.ms":                          "6000",
		"group.consumer.min.heartbeat.interval.ms":                   "500",
		"group.share.min.heartbeat.interval.ms":                      "500",
		"group.share.heartbeat.interval.ms":                          "1000",
		"group.consumer.heartbeat.interval.ms":                       "1000",
		"log.initial.task.delay.ms":                                  "500",
		"log.segment.delete.delay.ms":                                "1000",
		"num.network.threads":                                        "2",
		"num.io.threads":                                             "4",
		"background.threads":                                         "2",
		"log.cleaner.dedupe.buffer.size":                             "4194304",
		"transaction.remove.expired.transaction.cleanup.interval.ms": "10000",
	}
}

// properties are a node's settings: the defaults, what only this node has, and
// then the test's own over both.
func (n *Node) properties() map[string]string {
	all := n.cluster.cfg.defaults()
	maps.Copy(all, n.identity())
	switch {
	case n.cluster.cfg.Kerberos != nil:
		maps.Copy(all, n.kerberos())
	case n.SASLAddress != "":
		maps.Copy(all, n.security())
	}
	if n.cluster.zookeeper != nil {
		all = n.withZooKeeper(all)
	}
	maps.Copy(all, n.cluster.cfg.Properties)
	maps.Copy(all, n.cluster.cfg.PerNode[n.ID])
	return all
}

// propertiesText is a Java properties file, sorted by key.
func propertiesText(properties map[string]string) string {
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(properties)) {
		fmt.Fprintf(&b, "%s=%s\n", key, strings.ReplaceAll(properties[key], `\`, `\\`))
	}
	return b.String()
}

// identity is what tells the node from its peers.
func (n *Node) identity() map[string]string {
	voters := make([]string, 0, len(n.cluster.Nodes))
	for _, peer := range n.cluster.Nodes {
		voters = append(voters, fmt.Sprintf("%d@%s", peer.ID, peer.controller))
	}
	return map[string]string{
		"node.id":                  strconv.Itoa(n.ID),
		"log.dirs":                 n.dataDir(),
		"listeners":                "PLAINTEXT://" + n.Address + ",CONTROLLER://" + n.controller,
		"advertised.listeners":     "PLAINTEXT://" + n.Address,
		"controller.quorum.voters": strings.Join(voters, ","),
	}
}
