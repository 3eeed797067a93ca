package scaler_test

import (
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler"
)

// Kafka Streams reads two topics of 12 partitions. Whether that is a join with 12 tasks or two subtopologies with 24 shows
// neither in the partitions nor in their owners: what is known of the subtopologies tells, and nothing else does. Without it
// the limit is the sum of the partitions: too high a limit starts idle consumers, too low a one leaves records waiting.
func TestStreamsTasksAreTheLimit(t *testing.T) {
	join := []lag.Subtopology{{ID: "0", Topics: []string{"left", "right"}}}
	apart := []lag.Subtopology{{ID: "0", Topics: []string{"left"}}, {ID: "1", Topics: []string{"right"}}}
	for name, c := range map[string]struct {
		typ            lag.GroupType
		assignor       string
		subtopologies  []lag.Subtopology
		useful, starts int32
	}{
		"a join, classic":               {lag.Classic, "stream", join, 12, 12},
		"two subtopologies, classic":    {lag.Classic, "stream", apart, 24, 24},
		"not known, classic":            {lag.Classic, "stream", nil, 24, 24},
		"a join, KIP-1071":              {lag.Streams, "sticky", join, 12, 12},
		"two subtopologies, KIP-1071":   {lag.Streams, "sticky", apart, 24, 24},
		"not known, KIP-1071":           {lag.Streams, "sticky", nil, 24, 24},
		"one of the topics is not told": {lag.Classic, "stream", []lag.Subtopology{{ID: "0", Topics: []string{"left"}}}, 24, 24},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			w.topics, w.each, w.rate = []string{"left", "right"}, 12, 2150
			w.source.ProcessingTime = 10 * time.Millisecond
			if err := w.start(12); err != nil {
				t.Fatal(err)
			}
			var last scaler.Decision
			for range 60 {
				for range 10 {
					w.second()
				}
				w.readAgain()
				w.reading.Type, w.reading.Assignor, w.reading.Subtopologies = c.typ, c.assignor, c.subtopologies
				r := scaler.Evaluate(w.input())
				w.memory, last = r.Memory, r.Decision
				w.write(r)
			}
			if last.Bounds.Replicas != c.useful || w.wl.Spec != c.starts {
				t.Errorf("%d useful, %d replicas, want %d and %d: %s", last.Bounds.Replicas, w.wl.Spec, c.useful, c.starts, last.Verdict)
			}
		})
	}
}
