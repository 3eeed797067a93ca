package main

import (
	"log/slog"
	"slices"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/internal/web"
	"github.com/lagscaler/lagscaler/lag"
)

// problems are what is wrong around the Report, for the pages: a configuration that does not load, and rights that the API
// server refuses.
func (d *daemon) problems() []web.Problem {
	var out []web.Problem
	if d.reloader != nil {
		if err := d.reloader.Outcome().Err; err != nil {
			out = append(out, web.Problem{
				Where: "configuration", What: err.Error(), Count: 1,
				Do: "the last good one stays in force until the file is mended; lagscaler check tells whether it is",
			})
		}
	}
	if d.targets.Controller != nil {
		for _, missing := range d.targets.MissingRights() {
			out = append(out, web.Problem{
				Where: "Kubernetes", What: missing, Count: 1,
				Do: "grant it to the service account, as the chart's roles do; it is noticed within a minute and a half",
			})
		}
	}
	return out
}

// troubles logs what of a cluster cannot be read: when it begins, when it changes and when it is over, not at each poll.
type troubles struct {
	log  *slog.Logger
	last map[string][]lag.ReadError // by cluster
}

func newTroubles(log *slog.Logger) *troubles {
	return &troubles{log: log, last: map[string][]lag.ReadError{}}
}

// published is called after each Report.
func (t *troubles) published(r *engine.Report) {
	for _, c := range r.Clusters {
		now, before := c.Snapshot.Errors, t.last[c.Name]
		for _, e := range now {
			if !slices.ContainsFunc(before, func(b lag.ReadError) bool { return alike(b, e) }) {
				t.log.Warn("reading Kafka failed; trying again at the next poll", "kafka_cluster", c.Name,
					"stage", e.Stage, "broker", broker(e), "code", e.Code.String(), "error", e.Detail)
			}
		}
		if len(now) == 0 && len(before) > 0 {
			t.log.Info("reading Kafka works again", "kafka_cluster", c.Name)
		}
		t.last[c.Name] = now
	}
}

// alike reports whether two errors are one trouble that lasts: details, such as ports and times, may differ.
func alike(a, b lag.ReadError) bool {
	return a.Stage == b.Stage && a.Broker == b.Broker && a.Code == b.Code
}

// broker is the id of the broker that failed, or any.
func broker(e lag.ReadError) any {
	if e.Broker < 0 {
		return "any"
	}
	return e.Broker
}
