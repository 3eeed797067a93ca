package kafka

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// archiveLimit is how long a JVM may take to write its archive: 3 s on an idle core.
const archiveLimit = 5 * time.Minute

// KeepArchive makes the shared class archive of a version, unless there is one: a broker writes it when it ends by itself. A JVM that
// starts from it needs a third of the CPU until it serves. It reports whether it made one.
func KeepArchive(ctx context.Context, version Version) (made bool, err error) {
	in, err := locate(version)
	if err != nil {
		return false, err
	}
	if exists(in.archive()) {
		return false, nil
	}
	c, err := Open(ctx, Config{Version: version, Nodes: 1, archives: true})
	if err != nil {
		return false, err
	}
	return true, errors.Join(c.keepArchive(), c.Close())
}

// newArchive is where node 1 writes the archive when it ends.
func (c *Cluster) newArchive() string { return filepath.Join(c.dir, "classes.jsa") }

func (c *Cluster) keepArchive() error {
	if err := c.Nodes[0].process.Stop(archiveLimit); err != nil {
		return fmt.Errorf("stopping the broker that writes the class archive: %w", err)
	}
	data, err := os.ReadFile(c.newArchive())
	if err != nil {
		return fmt.Errorf("reading the class archive of the broker: %w", err)
	}
	return publish(c.install.archive(), data)
}
