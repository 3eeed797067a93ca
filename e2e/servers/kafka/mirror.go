package kafka

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/lagscaler/lagscaler/e2e/servers/child"
)

// Mirror is a running MirrorMaker 2: it copies a topic and the commits of a group from one cluster to another, each second. The copy of
// orders is east.orders if the first cluster is called east.
type Mirror struct {
	process *child.Process
	log     string
}

// mirrorJars is the folder of its jars in the cache, as the version of an installation. They are those of Kafka 4.3.
const mirrorJars Version = "mirror"

// Mirroring says what a Mirror copies.
type Mirroring struct {
	Name         string // of the cluster From: the prefix of the copies
	From, To     *Cluster
	Topic, Group string
}

// StartMirror starts one that ends with the test.
func StartMirror(t testing.TB, c Mirroring) *Mirror {
	t.Helper()
	in, err := locate(mirrorJars)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	m := &Mirror{log: filepath.Join(dir, "log")}
	file := filepath.Join(dir, "mirror.properties")
	flow := c.Name + "->copy."
	text := propertiesText(map[string]string{
		"clusters": c.Name + ",copy", c.Name + ".bootstrap.servers": c.From.bootstrap, "copy.bootstrap.servers": c.To.bootstrap,
		flow + "enabled": "true", "copy->" + c.Name + ".enabled": "false", flow + "topics": c.Topic, flow + "groups": c.Group,
		"replication.factor": "1", "checkpoints.topic.replication.factor": "1", "heartbeats.topic.replication.factor": "1",
		"offset-syncs.topic.replication.factor": "1", "config.storage.replication.factor": "1",
		"offset.storage.replication.factor": "1", "status.storage.replication.factor": "1", "offset.storage.partitions": "1", "status.storage.partitions": "1",
		"emit.heartbeats.enabled": "false", "emit.checkpoints.interval.seconds": "1", "sync.group.offsets.enabled": "true",
		"sync.group.offsets.interval.seconds": "1", "refresh.topics.interval.seconds": "2", "refresh.groups.interval.seconds": "2",
		"offset.lag.max": "10", "offset.flush.interval.ms": "1000", "tasks.max": "1",
	})
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd, err := in.command(jvm{class: "org.apache.kafka.connect.mirror.MirrorMaker", args: []string{file}, options: []string{"-Xmx256m"}})
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(m.log)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close() // the child has its own
	cmd.Stdout, cmd.Stderr = log, log
	if m.process, err = child.Own(cmd); err != nil {
		t.Fatal(fmt.Errorf("starting MirrorMaker: %w", err))
	}
	t.Cleanup(func() {
		m.process.Kill()
		if text, err := os.ReadFile(m.log); t.Failed() && err == nil {
			t.Logf("the end of the log of MirrorMaker:\n%s", text[max(0, len(text)-4000):])
		}
	})
	return m
}

// Kill ends it.
func (m *Mirror) Kill() { m.process.Kill() }
