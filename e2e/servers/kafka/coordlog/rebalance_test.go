package coordlog

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// The logs were printed by real brokers while consumers joined, left, vanished,
// stalled, restarted as static members, and changed their topics; at the end
// partitions were added. The goldens were compared with that script by hand.
func TestRebalancesOfRealLogs(t *testing.T) {
	for _, version := range []string{"3.9", "4.3"} {
		t.Run(version, func(t *testing.T) {
			log, err := os.ReadFile(filepath.Join("testdata", version+".log"))
			if err != nil {
				t.Fatal(err)
			}
			var records []Record
			for line := range strings.Lines(string(log)) {
				if r, ok := Parse(line); ok {
					records = append(records, r)
				}
			}
			var got bytes.Buffer
			for _, r := range Rebalances(records) {
				took := "-"
				if !r.End.IsZero() {
					took = r.End.Sub(r.Start).String()
				}
				fmt.Fprintf(&got, "%-10s %2d %s %-8s %-10s %s\n",
					r.Group, r.Epoch, r.Start.Format("15:04:05.000"), took, r.Outcome, r.Cause)
			}
			golden := filepath.Join("testdata", version+".golden")
			if *update {
				if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got.String() != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got.String(), want)
			}
		})
	}
}
