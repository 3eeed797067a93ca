package kafka

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/lagscaler/lagscaler/e2e/servers/kafka/coordlog"
)

// Log returns everything that the node has printed.
func (n *Node) Log() (string, error) {
	data, err := os.ReadFile(n.LogPath())
	if err != nil {
		return "", fmt.Errorf("reading the log of node %d: %w", n.ID, err)
	}
	return string(data), nil
}

// Records returns what all coordinators have logged of their groups, by time.
func (c *Cluster) Records(t testing.TB) []coordlog.Record {
	t.Helper()
	if len(c.Nodes) == 0 {
		skipForeign(t, "reads the brokers' logs")
	}
	records, err := c.records()
	if err != nil {
		t.Fatal(err)
	}
	return records
}

// Rebalances returns the rebalances of a group according to the coordinators.
func (c *Cluster) Rebalances(t testing.TB, group string) []coordlog.Rebalance {
	t.Helper()
	all := coordlog.Rebalances(c.Records(t))
	return slices.DeleteFunc(all, func(r coordlog.Rebalance) bool { return r.Group != group })
}

// AwaitRebalances waits until ok is true of a group's rebalances, and returns them.
func (c *Cluster) AwaitRebalances(t testing.TB, group, what string, ok func([]coordlog.Rebalance) bool) []coordlog.Rebalance {
	t.Helper()
	var last []coordlog.Rebalance
	Eventually(t, what, func() error {
		if last = c.Rebalances(t, group); !ok(last) {
			return fmt.Errorf("%d rebalances so far: %+v", len(last), last)
		}
		return nil
	})
	return last
}

// records reads every node's log.
func (c *Cluster) records() ([]coordlog.Record, error) {
	var records []coordlog.Record
	for _, n := range c.Nodes {
		data, err := os.ReadFile(n.LogPath())
		if err != nil {
			return nil, fmt.Errorf("reading the log of node %d: %w", n.ID, err)
		}
		// The last line may still be on its way.
		for line := range bytes.Lines(data[:bytes.LastIndexByte(data, '\n')+1]) {
			if r, ok := coordlog.Parse(string(line)); ok {
				records = append(records, r)
			}
		}
	}
	slices.SortStableFunc(records, func(a, b coordlog.Record) int { return a.At.Compare(b.At) })
	return records, nil
}
