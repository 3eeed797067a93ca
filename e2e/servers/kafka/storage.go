package kafka

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// format lays out one node's empty data folder, as StorageTool would. What the
// tool writes differs between nodes in meta.properties only, so the rest is
// asked of it once per installation and then copied: a JVM start saved per
// node.
func (in install) format(ctx context.Context, dir, clusterID string, node int) error {
	bootstrap, err := in.bootstrapRecords(ctx)
	if err != nil {
		return fmt.Errorf("formatting the storage of node %d: %w", node, err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("formatting the storage of node %d: %w", node, err)
	}
	meta := fmt.Sprintf("version=1\ncluster.id=%s\nnode.id=%d\ndirectory.id=%s\n", clusterID, node, randomID())
	if err := os.WriteFile(filepath.Join(dir, "meta.properties"), []byte(meta), 0o600); err != nil {
		return fmt.Errorf("formatting the storage of node %d: %w", node, err)
	}
	checkpoint := filepath.Join(dir, in.checkpoint())
	if err := os.MkdirAll(filepath.Dir(checkpoint), 0o755); err != nil {
		return fmt.Errorf("formatting the storage of node %d: %w", node, err)
	}
	if err := os.WriteFile(checkpoint, bootstrap, 0o600); err != nil {
		return fmt.Errorf("formatting the storage of node %d: %w", node, err)
	}
	return nil
}

// checkpoint is where StorageTool leaves the first records: since 4.4 as the
// first snapshot of the metadata log.
func (in install) checkpoint() string {
	if !in.version.Since(V44) {
		return "bootstrap.checkpoint"
	}
	return filepath.Join("__cluster_metadata-0", "00000000000000000000-0000000000.checkpoint")
}

// bootstrapRecords returns the first records of the metadata log, which turn
// on the version's features, from the cache or from StorageTool.
func (in install) bootstrapRecords(ctx context.Context) ([]byte, error) {
	// Beside the jars, so that it goes when they are fetched anew.
	cached := filepath.Join(in.dir, "libs", "bootstrap.checkpoint")
	if data, err := readIfExists(cached); err != nil || data != nil {
		return data, err
	}
	tmp, err := os.MkdirTemp("", "lagscaler-kafka-format-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tmp)
	config := filepath.Join(tmp, "node.properties")
	properties := propertiesText(map[string]string{
		"process.roles":             "broker,controller",
		"node.id":                   "1",
		"listeners":                 "CONTROLLER://127.0.0.1:1,PLAINTEXT://127.0.0.1:2", // nobody listens
		"controller.listener.names": "CONTROLLER",
		"controller.quorum.voters":  "1@127.0.0.1:1",
		"log.dirs":                  filepath.Join(tmp, "data"),
	})
	if err := os.WriteFile(config, []byte(properties), 0o600); err != nil {
		return nil, err
	}
	if _, err := in.run(ctx, jvm{
		class: "kafka.tools.StorageTool",
		args:  []string{"format", "-t", randomID(), "-c", config},
	}); err != nil {
		return nil, err
	}
	data, err := os.ReadFile(filepath.Join(tmp, "data", in.checkpoint()))
	if err != nil {
		return nil, err
	}
	return data, publish(cached, data)
}

// randomID makes an id as Kafka prints its UUIDs: 16 bytes in URL-safe base64. It does not begin with a dash, because the tools would
// take it for a flag; Kafka does the same (Uuid.randomUuid).
func randomID() string {
	var id [16]byte
	for {
		// It never fails: crypto/rand ends the program instead.
		_, _ = rand.Read(id[:])
		if text := base64.RawURLEncoding.EncodeToString(id[:]); text[0] != '-' {
			return text
		}
	}
}

// readIfExists returns nil without an error for a file that is not there.
func readIfExists(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}
