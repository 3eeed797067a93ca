package kafkasource_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource"
)

// A topic that a scaler names is read although no group has to do with it: its records wake a group that never ran.
func TestNamedTopicsAreRead(t *testing.T) {
	r := newRig(t, kafkasource.Config{Topic: func(topic string) bool { return topic != "left-out" }}, kfake.NumBrokers(1))
	for _, name := range []string{"orders", "audit", "left-out", "book-eu", "book-us"} {
		r.Create(name, 2)
	}
	r.Append("orders", 1, 7)
	r.Append("book-us", 0, 3)
	if o := r.observe(); len(o.Topics) > 0 {
		t.Fatalf("nobody named a topic, and %d are read", len(o.Topics))
	}
	r.source.ReadTopics(lag.TopicNames{
		Names: []string{"audit", "left-out", "misspelt", "orders", "orders,payments"},
		Match: func(topic string) bool { return strings.HasPrefix(topic, "book-") },
	})
	for range 2 { // the second poll asks for no metadata
		o := r.observe()
		quiet(t, o)
		var names []string
		for _, read := range o.Topics {
			names = append(names, read.Name)
		}
		if want := []string{"audit", "book-eu", "book-us", "orders"}; !slices.Equal(names, want) {
			t.Errorf("topics %v, want %v", names, want)
		}
		if p := topic(t, o, "orders").Partitions[1]; p.End != 7 || !p.Known.Has(lag.KnownStart|lag.KnownEnd) {
			t.Errorf("orders/1 %+v", p)
		}
		if want := []string{"misspelt", "orders,payments"}; !slices.Equal(o.Absent, want) {
			t.Errorf("absent %q, want %q", o.Absent, want)
		}
		if s := lag.Compute(o, nil, nil); !slices.Equal(s.Absent, o.Absent) {
			t.Errorf("the snapshot lacks what is absent: %q", s.Absent)
		}
	}
	r.source.ReadTopics(lag.TopicNames{})
	if o := r.observe(); len(o.Topics)+len(o.Absent) > 0 {
		t.Errorf("nobody names a topic any more, and %v, %v are read", o.Topics, o.Absent)
	}
}
