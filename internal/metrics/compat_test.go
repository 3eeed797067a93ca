package metrics

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/lag"
)

// golden compares with a file of testdata; UPDATE_GOLDEN=1 writes it.
func golden(t *testing.T, file, got string) {
	t.Helper()
	path := "testdata/" + file
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (UPDATE_GOLDEN=1 writes it):\n%s", path, got)
	}
}

// Two clusters, one with a lagging group of two partitions, one with a group that never committed.
func compatReport() *engine.Report {
	r := (&fleet{name: "main", groups: 1, topics: 1, partitions: 2}).report(3)
	alter(r, func(g *lag.GroupLag) { g.Topics[0].Partitions[1].Committed -= 70 })
	other := (&fleet{name: "other", groups: 1, topics: 1, partitions: 1}).report(3)
	alter(other, func(g *lag.GroupLag) { g.Topics[0].Partitions[0].Known &^= lag.KnownCommitted })
	r.Clusters = append(r.Clusters, other.Clusters...)
	r.Polls = append(r.Polls, other.Polls...)
	return r
}

func TestCompatPage(t *testing.T) {
	golden(t, "compat.txt", scrape(t, page(compatReport(), Filter{}).Compat(), nil).Body.String())
}

func TestPageOfOneGroup(t *testing.T) {
	r := scaled((&fleet{name: "main", groups: 1, topics: 1, partitions: 2}).report(20), nil)
	golden(t, "page.txt", text(t, page(r, everything)))
}

// A sum of which a part is not known is a lower bound, and a series beside it says so; a sum of offsets is absent. Twin: all is
// known.
func TestCompatLowerBounds(t *testing.T) {
	for _, c := range []struct {
		name      string
		code      lag.ErrorCode
		unknown   string
		committed bool
	}{
		{"a partition does not answer", lag.LeaderNotAvailable, " 1", false},
		{"twin: all do", lag.OK, "", true},
	} {
		r := (&fleet{name: "main", groups: 1, topics: 1, partitions: 2}).report(3)
		alter(r, func(g *lag.GroupLag) {
			if p := &g.Topics[0].Partitions[1]; c.code != lag.OK {
				*p = lag.PartitionLag{Partition: 1, Owner: p.Owner, Committed: p.Committed, Known: lag.KnownCommitted, Err: c.code}
			}
		})
		body := scrape(t, page(r, Filter{}).Compat(), nil).Body.String()
		value := ""
		for line := range strings.Lines(body) {
			if strings.HasPrefix(line, "lagscaler_compat_partitions_unknown{") {
				value += line[strings.LastIndexByte(line, ' ') : len(line)-1]
			}
		}
		if value != c.unknown || strings.Contains(body, "\nkminion_kafka_consumer_group_topic_offset_sum{") != c.committed ||
			!strings.Contains(body, "\nkafka_consumergroup_lag_sum{") {
			t.Errorf("%s: %q partitions unknown\n%s", c.name, value, body)
		}
	}
}

// The three families show one Report: their sums are ours.
func TestCompatAgreesWithOurs(t *testing.T) {
	p := page(compatReport(), Filter{Topics: all})
	sum := func(body, series string) float64 {
		t.Helper()
		total, found := 0.0, false
		for line := range strings.Lines(body) {
			if strings.HasPrefix(line, series+"{") {
				total, found = total+value(t, line), true
			}
		}
		if !found {
			t.Errorf("no %s", series)
		}
		return total
	}
	ours, theirs := text(t, p), scrape(t, p.Compat(), nil).Body.String()
	want := sum(ours, "lagscaler_group_lag_records")
	for _, series := range []string{
		"kafka_consumergroup_lag", "kafka_consumergroup_lag_sum", "kafka_consumergroup_group_lag", "kafka_consumergroup_group_sum_lag",
		"kafka_consumergroup_group_topic_sum_lag", "kminion_kafka_consumer_group_topic_lag", "kminion_kafka_consumer_group_topic_partition_lag",
	} {
		if got := sum(theirs, series); got != want {
			t.Errorf("%s is %g, ours %g", series, got, want)
		}
	}
	if got := sum(theirs, "kafka_consumergroup_members"); got != sum(ours, "lagscaler_group_members") {
		t.Errorf("members: %g", got)
	}
}

func TestCompatNamesAreUnique(t *testing.T) {
	var names []string
	for _, m := range append(Metrics(), CompatMetrics()...) {
		if slices.Contains(names, m.Name) {
			t.Errorf("%s is there twice", m.Name)
		}
		names = append(names, m.Name)
	}
}
