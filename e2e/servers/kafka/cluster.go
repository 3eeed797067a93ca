package kafka

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Config says what cluster to start. Only Version is needed.
type Config struct {
	Version    Version
	Nodes      int                       // 3 when zero; each is broker and controller
	Dir        string                    // data and logs; a temporary folder when empty
	Properties map[string]string         // for every node, over the harness's own
	PerNode    map[int]map[string]string // by node id, from 1, over Properties
	Users      []User                    // opens a SASL listener and turns on ACLs
	Kerberos   *Kerberos                 // opens a SASL listener for GSSAPI, without ACLs; not together with Users

	AllCompilers bool // as in production: brokers start later, and need less CPU once they are warm

	archives bool // node 1 writes its class archive when it ends, see KeepArchive
}

// plain says whether any cluster of the version would do.
func (cfg Config) plain() bool {
	return cfg.Dir == "" && len(cfg.Properties)+len(cfg.PerNode)+len(cfg.Users) == 0 && cfg.Kerberos == nil
}

// Cluster is a running Apache Kafka.
type Cluster struct {
	Version Version
	Nodes   []*Node // by id - 1; empty when an existing Kafka is used

	install   install
	tools     install    // of the Java clients and tools, see clientsOf
	zookeeper *zookeeper // nil: the brokers are their own controllers
	cfg       Config
	id        string
	dir       string
	ownsDir   bool
	bootstrap string

	adminOnce sync.Once
	admin     *kgo.Client
	adminErr  error
}

// startLimit is how long a cluster may take to start: it takes 2 to 4 s on 2
// idle cores, and the machine may be busy.
const startLimit = 2 * time.Minute

// Start starts a cluster that ends with the test. With an existing Kafka given
// it returns that one, if any cluster will do.
func Start(t testing.TB, cfg Config) *Cluster {
	t.Helper()
	if address := os.Getenv(bootstrapVariable); address != "" {
		if !cfg.plain() {
			skipForeign(t, "needs a cluster with settings of its own")
		}
		return existing(t, cfg.Version, address)
	}
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	c, err := Open(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("end of the broker logs:\n%s", c.logTails())
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// Open starts a cluster and waits until it serves groups. The caller closes it.
func Open(ctx context.Context, cfg Config) (*Cluster, error) {
	in, err := locate(cfg.Version)
	if err != nil {
		return nil, err
	}
	tools, err := clientsOf(in)
	if err != nil {
		return nil, err
	}
	c := &Cluster{Version: cfg.Version, install: in, tools: tools, cfg: cfg, id: randomID(), dir: cfg.Dir}
	if c.cfg.Nodes == 0 {
		c.cfg.Nodes = 3
	}
	if c.dir == "" {
		if c.dir, err = os.MkdirTemp("", "lagscaler-kafka-"+string(cfg.Version)+"-"); err != nil {
			return nil, fmt.Errorf("making a folder for the cluster: %w", err)
		}
		c.ownsDir = true
	}
	err = c.start(ctx)
	if err == nil {
		err = c.awaitReady(ctx)
	}
	if err != nil {
		err = fmt.Errorf("starting Kafka %s: %w\nend of the broker logs:\n%s", cfg.Version, err, c.logTails())
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// start lays out the nodes and starts them all at once.
func (c *Cluster) start(ctx context.Context) error {
	for id := 1; id <= c.cfg.Nodes; id++ {
		n, err := newNode(c, id)
		if err != nil {
			return err
		}
		c.Nodes = append(c.Nodes, n)
	}
	c.bootstrap = strings.Join(c.addresses(func(n *Node) string { return n.Address }), ",")
	if !c.Version.Since(V39) {
		if err := c.startZooKeeper(ctx); err != nil {
			return err
		}
	}
	for _, n := range c.Nodes {
		if err := c.layOut(ctx, n); err != nil {
			return err
		}
		if err := n.writeProperties(); err != nil {
			return err
		}
		if err := n.launch(); err != nil {
			return err
		}
	}
	return nil
}

// layOut makes a node's empty data folder. With ZooKeeper a broker does that itself.
func (c *Cluster) layOut(ctx context.Context, n *Node) error {
	if c.zookeeper != nil {
		return os.MkdirAll(n.dataDir(), 0o755)
	}
	return c.install.format(ctx, n.dataDir(), c.id, n.ID)
}

// Bootstrap is the address list of the plain listeners, which let everything pass.
func (c *Cluster) Bootstrap() string { return c.bootstrap }

// Node returns the node with the id, counting from 1. A test that asks for one
// means to break it, so with an existing Kafka it is skipped.
func (c *Cluster) Node(t testing.TB, id int) *Node {
	t.Helper()
	if len(c.Nodes) == 0 {
		skipForeign(t, "stops or kills brokers")
	}
	if id < 1 || id > len(c.Nodes) {
		t.Fatalf("the cluster has no node %d, only 1 to %d", id, len(c.Nodes))
	}
	return c.Nodes[id-1]
}

// Close ends every process and removes the data, if the folder was made here.
func (c *Cluster) Close() error {
	var errs []error
	if c.admin != nil {
		c.admin.Close()
	}
	for _, n := range c.Nodes {
		if n.process != nil {
			n.process.Kill()
		}
	}
	if c.zookeeper != nil {
		c.zookeeper.process.Kill()
	}
	if c.ownsDir {
		if err := os.RemoveAll(c.dir); err != nil {
			errs = append(errs, fmt.Errorf("removing the cluster's folder: %w", err))
		}
	}
	return errors.Join(errs...)
}

func (c *Cluster) addresses(of func(*Node) string) []string {
	addresses := make([]string, 0, len(c.Nodes))
	for _, n := range c.Nodes {
		addresses = append(addresses, of(n))
	}
	return addresses
}

// logTails returns the last lines of each node's log, for a failure's message.
func (c *Cluster) logTails() string {
	const lines = 15
	var b strings.Builder
	for _, n := range c.Nodes {
		data, err := os.ReadFile(n.LogPath())
		if err != nil {
			fmt.Fprintf(&b, "node %d: %v\n", n.ID, err)
			continue
		}
		all := strings.Split(strings.TrimSpace(string(data)), "\n")
		for _, line := range all[max(0, len(all)-lines):] {
			fmt.Fprintf(&b, "node %d: %s\n", n.ID, line)
		}
	}
	return b.String()
}
