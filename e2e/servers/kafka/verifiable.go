package kafka

import (
	"cmp"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// VerifiableConsumer describes Kafka's own test consumer. What a [Consumer] of
// a fleet can do is cheaper there; this one is its own process, can be killed
// with SIGKILL, and is not of our making.
type VerifiableConsumer struct {
	Group          string
	Topic          string
	Protocol       Protocol
	Assignor       Assignor
	InstanceID     string
	SessionTimeout time.Duration // 6 s when zero; classic only
	Properties     map[string]string
	Own            bool // from the jars of the brokers also where these are older than the other clients
}

// VerifiableConsumer starts the tool.
func (c *Cluster) VerifiableConsumer(t testing.TB, v VerifiableConsumer) *Client {
	t.Helper()
	properties := map[string]string{}
	args := []string{
		"--bootstrap-server", c.bootstrap, "--topic", v.Topic, "--group-id", v.Group, "--reset-policy", "earliest",
	}
	if v.Protocol == KIP848 {
		args = append(args, "--group-protocol", string(KIP848))
		if v.Assignor != "" {
			args = append(args, "--group-remote-assignor", string(v.Assignor))
		}
	} else {
		session := cmp.Or(v.SessionTimeout, defaultSession)
		args = append(args,
			"--session-timeout", strconv.FormatInt(millis(session), 10),
			"--assignment-strategy", assignorClasses[cmp.Or(v.Assignor, Range)])
		properties["heartbeat.interval.ms"] = strconv.FormatInt(millis(session/6), 10)
	}
	if v.InstanceID != "" {
		args = append(args, "--group-instance-id", v.InstanceID)
	}
	maps.Copy(properties, v.Properties)
	option := "--command-config"
	if !c.Version.Since(V43) {
		option = "--consumer.config"
	}
	args = append(args, option, propertiesFile(t, properties))
	return c.startClient(t, jvm{class: "org.apache.kafka.tools.VerifiableConsumer", args: args, own: v.Own}, parseVerifiableLine)
}

// VerifiableProducer describes Kafka's own test producer.
type VerifiableProducer struct {
	Topic      string
	Throughput int // per second; as fast as it can when negative
	Messages   int // ends after so many; runs on when negative
	Keys       int // spreads by so many keys; the sticky partitioner when zero
}

// VerifiableProducer starts the tool.
func (c *Cluster) VerifiableProducer(t testing.TB, v VerifiableProducer) *Client {
	t.Helper()
	args := []string{
		"--bootstrap-server", c.bootstrap, "--topic", v.Topic,
		"--throughput", strconv.Itoa(v.Throughput), "--max-messages", strconv.Itoa(v.Messages),
	}
	if v.Keys > 0 {
		args = append(args, "--repeating-keys", strconv.Itoa(v.Keys))
	}
	return c.startClient(t, jvm{class: "org.apache.kafka.tools.VerifiableProducer", args: args}, parseVerifiableLine)
}

// ShareConsumer starts ConsoleShareConsumer: a member of a share group, since 4.3
// only. Each record it reads is an event of kind [Consumed]. A share group
// begins at the end of the log unless its configuration says otherwise.
func (c *Cluster) ShareConsumer(t testing.TB, group, topic string) *Client {
	t.Helper()
	return c.startClient(t, jvm{
		class: "org.apache.kafka.tools.consumer.ConsoleShareConsumer",
		args:  []string{"--bootstrap-server", c.bootstrap, "--group", group, "--topic", topic},
	}, func([]byte) (Event, bool, error) {
		return Event{At: time.Now(), Kind: Consumed, Count: 1}, true, nil
	})
}

// propertiesFile writes a file that ends with the test.
func propertiesFile(t testing.TB, properties map[string]string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "client.properties")
	if err := os.WriteFile(path, []byte(propertiesText(properties)), 0o600); err != nil {
		t.Fatalf("writing a client's properties: %v", err)
	}
	return path
}
