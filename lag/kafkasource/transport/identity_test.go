package transport

import (
	"testing"

	"github.com/lagscaler/lagscaler/lag"
)

// A vote in which nobody says an id, as when all bootstrap addresses answer too slowly, changes nothing: the cluster that answered
// first is still the one that is read, and another one is refused. Its twins are votes in which somebody says one.
func TestAVoteOfNobody(t *testing.T) {
	addresses := []string{"a:1", "b:1", "c:1"}
	for name, c := range map[string]struct {
		ids      []string
		mistaken bool
		id       string
		decided  bool
	}{
		"nobody":              {ids: []string{"", "", ""}, id: "first"},
		"only placeholders":   {ids: []string{"redpanda.initializing", "", ""}, id: "first"},
		"one, the same":       {ids: []string{"", "first", ""}, id: "first", decided: true},
		"one, another":        {ids: []string{"", "other", ""}, mistaken: true, id: "other", decided: true},
		"as many of each":     {ids: []string{"first", "other", ""}, mistaken: true},
		"most are of another": {ids: []string{"first", "other", "other"}, mistaken: true, id: "other", decided: true},
	} {
		t.Run(name, func(t *testing.T) {
			i := NewIdentity(nil)
			if err := i.check("a:1", "first"); err != nil {
				t.Fatal(err)
			}
			if mistaken := i.Vote(addresses, c.ids); mistaken != c.mistaken || i.ID() != c.id || i.Undecided() == c.decided {
				t.Errorf("mistaken %v, id %q, undecided %v", mistaken, i.ID(), i.Undecided())
			}
			if err := i.check("d:1", "stranger"); Code(err) != lag.ForeignCluster {
				t.Errorf("a stranger: %v", err)
			}
		})
	}
}

// A dispute lasts while nobody answers.
func TestADisputeLasts(t *testing.T) {
	i := NewIdentity(nil)
	i.Vote([]string{"a:1", "b:1"}, []string{"one", "two"})
	i.Vote([]string{"a:1", "b:1"}, []string{"", ""})
	if err := i.check("a:1", "one"); Code(err) != lag.ForeignCluster {
		t.Errorf("one of two clusters is believed: %v", err)
	}
}
