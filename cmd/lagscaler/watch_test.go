package main

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/lagscaler/lagscaler/internal/api"
)

// interrupted is an output whose reader leaves after some writes.
type interrupted struct {
	bytes.Buffer
	left  int
	leave context.CancelFunc
}

func (o *interrupted) Write(p []byte) (int, error) {
	if o.left--; o.left == 0 {
		o.leave()
	}
	return o.Buffer.Write(p)
}

// TestWatch reads twice and leaves: the second reading has a history, and leaving is no failure.
func TestWatch(t *testing.T) {
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(3, "orders"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	if err := fill(c.ListenAddrs(), nil); err != nil {
		t.Fatal(err)
	}
	watch := func(format string) string {
		t.Helper()
		ctx, leave := context.WithCancel(t.Context())
		out := &interrupted{left: 2, leave: leave}
		var errOut strings.Builder
		args := []string{"lag", "billing", "--watch", "--every", "50ms", "--brokers", c.ListenAddrs()[0], "-o", format}
		if code := execute(ctx, newRoot(), args, out, &errOut); code != exitOK || complaints(errOut.String()) != "" {
			t.Fatalf("exit code %d, %s", code, errOut.String())
		}
		return out.String()
	}
	if table := watch("table"); strings.Count(table, "TIME LAG") != 2 || strings.Count(table, "billing") != 2 {
		t.Errorf("got:\n%s", table)
	}
	lines := strings.Split(strings.TrimSpace(watch("json")), "\n")
	if len(lines) != 2 {
		t.Fatalf("%d lines of JSON, want 2", len(lines))
	}
	var l api.Lag
	if err := json.Unmarshal([]byte(lines[1]), &l); err != nil || l.Clusters[0].Groups[0].Partitions[1].LagSeconds == nil {
		t.Errorf("no time lag in %s (%v)", lines[1], err)
	}
	if yaml := watch("yaml"); strings.Count(yaml, "---\n") != 2 {
		t.Errorf("got:\n%s", yaml)
	}
}
