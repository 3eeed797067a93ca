package kafka

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/child"
)

// Node is one broker, which is a controller as well.
type Node struct {
	ID      int
	Address string // of the plain listener
	// SASLAddress is the listener that authenticates; empty without users.
	SASLAddress string

	cluster    *Cluster
	controller string
	process    *child.Process // nil before the first start
	paused     bool
}

// stopLimit is how long a clean shutdown may take. A controlled shutdown moves
// the node's leaders first: about 0.3 s on an idle cluster.
const stopLimit = 30 * time.Second

func newNode(c *Cluster, id int) (*Node, error) {
	n := &Node{ID: id, cluster: c}
	targets := []*string{&n.Address, &n.controller}
	if len(c.cfg.Users) > 0 || c.cfg.Kerberos != nil {
		targets = append(targets, &n.SASLAddress)
	}
	for _, address := range targets {
		port, err := child.Port()
		if err != nil {
			return nil, fmt.Errorf("finding a port for node %d: %w", id, err)
		}
		*address = fmt.Sprintf("127.0.0.1:%d", port)
	}
	if c.cfg.Kerberos != nil {
		n.SASLAddress = strings.Replace(n.SASLAddress, "127.0.0.1", "localhost", 1) // as principals name it
	}
	return n, nil
}

func (n *Node) dataDir() string        { return filepath.Join(n.cluster.dir, fmt.Sprintf("data-%d", n.ID)) }
func (n *Node) propertiesPath() string { return n.dataDir() + ".properties" }

// LogPath is the file that everything the node prints is appended to, across restarts.
func (n *Node) LogPath() string {
	return filepath.Join(n.cluster.dir, fmt.Sprintf("node-%d.log", n.ID))
}

// launch starts the node's JVM and does not wait for it to serve.
func (n *Node) launch() error {
	options := []string{"-Xms64m", "-Xmx384m"}
	if n.cluster.cfg.AllCompilers {
		options = append(options, "-XX:TieredStopAtLevel=4")
	}
	if k := n.cluster.cfg.Kerberos; k != nil {
		options = append(options, "-Djava.security.krb5.conf="+k.Krb5Conf)
	}
	if n.ID == 1 && n.cluster.cfg.archives {
		options = append(options, archiveOption+n.cluster.newArchive())
	}
	cmd, err := n.cluster.install.command(jvm{
		class: "kafka.Kafka", args: []string{n.propertiesPath()}, options: options,
	})
	if err != nil {
		return fmt.Errorf("starting node %d: %w", n.ID, err)
	}
	log, err := os.OpenFile(n.LogPath(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("opening the log of node %d: %w", n.ID, err)
	}
	defer log.Close() // the child has its own
	cmd.Stdout, cmd.Stderr = log, log
	if n.process, err = child.Own(cmd); err != nil {
		return fmt.Errorf("starting node %d: %w", n.ID, err)
	}
	return nil
}

// Pid is the process id of a node that was started.
func (n *Node) Pid() int { return n.process.Pid() }

// running says whether the node's process exists, paused or not.
func (n *Node) running() bool { return n.process != nil && n.process.Alive() }

// Stop shuts the node down cleanly (SIGTERM), handing over its leaders. The
// node needs a quorum for that, so the last ones are better killed.
func (n *Node) Stop(t testing.TB) {
	t.Helper()
	if err := n.process.Stop(stopLimit); err != nil {
		t.Fatalf("stopping node %d: %v", n.ID, err)
	}
}

// Kill ends the node with SIGKILL, the crash test.
func (n *Node) Kill(t testing.TB) {
	t.Helper()
	n.process.Kill()
	n.paused = false
}

// Pause freezes the node with SIGSTOP: its connections stay, nothing answers.
func (n *Node) Pause(t testing.TB) {
	t.Helper()
	if err := n.process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatalf("pausing node %d: %v", n.ID, err)
	}
	n.paused = true
}

// Resume lets a paused node go on.
func (n *Node) Resume(t testing.TB) {
	t.Helper()
	if err := n.process.Signal(syscall.SIGCONT); err != nil {
		t.Fatalf("resuming node %d: %v", n.ID, err)
	}
	n.paused = false
}

// Start starts a stopped or killed node with the data it left, and waits until
// it is a live broker again.
func (n *Node) Start(t testing.TB) {
	t.Helper()
	if n.running() {
		t.Fatalf("starting node %d: it runs already", n.ID)
	}
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	err := n.launch()
	if err == nil {
		err = n.awaitBrokers(ctx, n.ID)
	}
	if err != nil {
		t.Fatalf("starting node %d: %v\n%s", n.ID, err, n.cluster.logTails())
	}
}

// writeProperties writes the node's configuration file.
func (n *Node) writeProperties() error {
	if err := os.WriteFile(n.propertiesPath(), []byte(propertiesText(n.properties())), 0o600); err != nil {
		return fmt.Errorf("writing the properties of node %d: %w", n.ID, err)
	}
	return nil
}
