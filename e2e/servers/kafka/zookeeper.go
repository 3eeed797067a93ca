package kafka

import (
	"context"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/child"
)

// zookeeper is where the brokers of a version before KRaft keep what they know. Kafka 2.8 and 3.0 have a KRaft that was not for
// production, and has no ACLs and no SCRAM users; clusters of these versions ran with ZooKeeper.
type zookeeper struct {
	address string
	logPath string
	process *child.Process
}

// startZooKeeper starts one from the jars of the installation and waits until it listens.
func (c *Cluster) startZooKeeper(ctx context.Context) error {
	port, err := child.Port()
	if err != nil {
		return fmt.Errorf("finding a port for ZooKeeper: %w", err)
	}
	z := &zookeeper{address: fmt.Sprintf("127.0.0.1:%d", port), logPath: filepath.Join(c.dir, "zookeeper.log")}
	cmd, err := c.install.command(jvm{
		class: "org.apache.zookeeper.server.ZooKeeperServerMain",
		args:  []string{strconv.Itoa(port), filepath.Join(c.dir, "zookeeper")},
		options: []string{
			"-Xmx128m", "-Xshare:auto", // its classes are not in the archive of the brokers
			"-Dzookeeper.admin.enableServer=false", "-Dzookeeper.jmx.log4j.disable=true", "-Dzookeeper.clientPortAddress=127.0.0.1",
		},
	})
	if err != nil {
		return fmt.Errorf("starting ZooKeeper: %w", err)
	}
	log, err := os.OpenFile(z.logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("opening the log of ZooKeeper: %w", err)
	}
	defer log.Close() // the child has its own
	cmd.Stdout, cmd.Stderr = log, log
	if z.process, err = child.Own(cmd); err != nil {
		return fmt.Errorf("starting ZooKeeper: %w", err)
	}
	c.zookeeper = z
	return poll(ctx, func() error {
		if !z.process.Alive() {
			return fatal{fmt.Errorf("ZooKeeper has ended: %w", z.process.Wait(ctx))}
		}
		conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", z.address)
		if err != nil {
			return err
		}
		return conn.Close()
	})
}

// withZooKeeper turns the properties of a node that is its own controller into those of a broker with ZooKeeper.
func (n *Node) withZooKeeper(all map[string]string) map[string]string {
	all = maps.Clone(all)
	for _, key := range []string{"process.roles", "node.id", "controller.listener.names", "controller.quorum.voters"} {
		delete(all, key)
	}
	all["broker.id"] = strconv.Itoa(n.ID)
	all["zookeeper.connect"] = n.cluster.zookeeper.address
	all["zookeeper.session.timeout.ms"] = "6000"
	all["listener.security.protocol.map"] = "PLAINTEXT:PLAINTEXT,AUTH:SASL_PLAINTEXT"
	all["listeners"] = all["advertised.listeners"]
	if all["authorizer.class.name"] != "" {
		all["authorizer.class.name"] = "kafka.security.authorizer.AclAuthorizer"
	}
	return all
}
