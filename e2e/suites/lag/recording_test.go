package lag_test

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/lagscaler/lagscaler/e2e/servers/kafka"
	"github.com/lagscaler/lagscaler/lag/kafkasource/tape"
)

// recordingsVariable names a folder in which the recordings are left, for the testdata of lag/kafkasource/tape.
const recordingsVariable = "LAGSCALER_RECORDINGS"

// recorded records what the brokers answer, without names, and plays it: a source then reads what it read of the brokers.
func recorded(t *testing.T, c *kafka.Cluster) {
	names := populate(t, c)
	file := filepath.Join(t.TempDir(), "kafka-"+string(c.Version)+".jsonl.gz")
	if out, err := lagscaler(t, "record", "--brokers", c.Bootstrap(), "--polls", "2", "--every", "1s", "--out", file, "--provider", "Apache Kafka "+string(c.Version)); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	recording, err := tape.Read(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(recording.Polls[1].Groups); n < len(names) {
		t.Errorf("%d groups are recorded, and %d were made", n, len(names))
	}
	for _, e := range recording.Exchanges {
		for _, name := range append(names, "127.0.0.1") {
			if strings.Contains(string(e.Request)+string(e.Response), name) {
				t.Errorf("the recording has the name %s", name)
			}
		}
	}
	p, err := tape.NewPlayer(recording)
	if err != nil {
		t.Fatal(err)
	}
	s := source(t, p.Config())
	for i, want := range recording.Polls {
		if want.Errors == nil {
			want.Errors = map[string]int{}
		}
		if got := tape.PollOf(s.Observe(t.Context())); !reflect.DeepEqual(got, want) {
			t.Errorf("poll %d reads %+v, want %+v; not recorded: %q", i, got, want, p.Unasked())
		}
	}
	if folder := os.Getenv(recordingsVariable); folder != "" && !t.Failed() {
		if err := os.WriteFile(filepath.Join(folder, filepath.Base(file)), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
