package daemon

import (
	"log/slog"
	"maps"
	"slices"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/lag"
)

// readErrors logs the read errors of clusters: when one begins and when all are over, not at every poll.
type readErrors struct {
	log  *slog.Logger
	last map[string][]lag.ReadError // by cluster
}

func newReadErrors(log *slog.Logger) *readErrors {
	return &readErrors{log: log, last: map[string][]lag.ReadError{}}
}

// published is called after each Report.
func (e *readErrors) published(r *engine.Report) {
	maps.DeleteFunc(e.last, func(name string, _ []lag.ReadError) bool { _, reads := r.Cluster(name); return !reads })
	for _, c := range r.Clusters {
		now, before := c.Snapshot.Errors, e.last[c.Name]
		for _, failed := range now {
			if !slices.ContainsFunc(before, func(b lag.ReadError) bool { return sameError(b, failed) }) {
				e.log.Warn("reading Kafka failed; trying again at the next poll", "kafka_cluster", c.Name,
					"stage", failed.Stage, "broker", brokerOf(failed), "code", failed.Code.String(), "error", failed.Detail)
			}
		}
		if len(now) == 0 && len(before) > 0 {
			e.log.Info("reading Kafka works again", "kafka_cluster", c.Name)
		}
		e.last[c.Name] = now
	}
}

// sameError reports whether an error is the same as at the last poll. Details such as ports and times may differ.
func sameError(a, b lag.ReadError) bool {
	return a.Stage == b.Stage && a.Broker == b.Broker && a.Code == b.Code
}

// brokerOf is the id of the broker that failed, or "any" if the error is not of one broker.
func brokerOf(e lag.ReadError) any {
	if e.Broker < 0 {
		return "any"
	}
	return e.Broker
}
