package chaos

import (
	"context"
	"fmt"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/lagscaler/lagscaler/e2e/servers/child"
	"github.com/lagscaler/lagscaler/e2e/servers/closedloop"
)

// counters follows every counter of every replica: one that is smaller than before, in the same process, went back.
type counters struct {
	next   time.Time
	last   map[string]float64 // by replica, name and labels
	pages  int                // read so far
	fallen []finding
}

// finding is something wrong, and when.
type finding struct {
	At   time.Time
	What string
}

func newCounters() *counters { return &counters{last: map[string]float64{}} }

// read reads the page of every replica, once a poll.
func (c *counters) read(s *system) {
	if time.Now().Before(c.next) {
		return
	}
	c.next = time.Now().Add(closedloop.Poll)
	for _, r := range s.alive() {
		last, ok := r.last()
		if !ok || r.frozen {
			continue
		}
		ctx, cancel := context.WithTimeout(s.t.Context(), 2*time.Second)
		page, err := child.Fetch(ctx, last.Metrics)
		cancel()
		if err != nil {
			continue // it ends now, or has no time
		}
		parser := expfmt.NewTextParser(model.UTF8Validation)
		families, err := parser.TextToMetricFamilies(strings.NewReader(page))
		if err != nil {
			s.t.Errorf("the metrics of %s: %v", r.identity, err)
			continue
		}
		c.pages++
		for name, family := range families {
			c.see(r.identity+" "+name, family)
		}
	}
}

func (c *counters) see(name string, family *dto.MetricFamily) {
	for _, m := range family.GetMetric() {
		var labels strings.Builder
		for _, l := range m.GetLabel() {
			fmt.Fprintf(&labels, " %s=%s", l.GetName(), l.GetValue())
		}
		key := name + labels.String()
		switch family.GetType() {
		case dto.MetricType_COUNTER:
			c.compare(key, m.GetCounter().GetValue())
		case dto.MetricType_HISTOGRAM:
			c.compare(key+" count", float64(m.GetHistogram().GetSampleCount()))
			c.compare(key+" sum", m.GetHistogram().GetSampleSum())
		}
	}
}

func (c *counters) compare(key string, value float64) {
	if before, ok := c.last[key]; ok && value < before {
		c.fallen = append(c.fallen, finding{time.Now(), fmt.Sprintf("%s went from %v back to %v", key, before, value)})
	}
	c.last[key] = value
}
