package output

import (
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/internal/api"
)

// The wide table names stalled partitions, with the command that prints the record; the narrow one does not.
func TestStuckInTheWideTable(t *testing.T) {
	l := api.Lag{Clusters: []api.Cluster{{Cluster: "main", Groups: []api.Group{{Group: "shop", Stuck: []api.Stuck{{
		Topic: "orders", Partition: 7, Committed: 42, Waiting: 3, Owner: "worker-1@10.0.0.7", OthersMove: true,
		Since: time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC), Command: "kafka-console-consumer.sh --offset 42",
	}}}}}}}
	for format, shown := range map[LagFormat]bool{LagWide: true, LagTable: false} {
		var out strings.Builder
		if err := format.Print(&out, l, Reading{}); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"orders-7 stands at offset 42 since 2026-01-05 12:00:00 UTC", "owner worker-1@10.0.0.7", "the record: kafka-console-consumer.sh --offset 42"} {
			if strings.Contains(out.String(), want) != shown {
				t.Errorf("%s: %q shown: want %v\n%s", format, want, shown, out.String())
			}
		}
	}
}
