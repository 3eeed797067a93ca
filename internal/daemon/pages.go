package daemon

import (
	"cmp"
	"fmt"
	"strconv"
	"time"

	"github.com/lagscaler/lagscaler/internal/config"
	"github.com/lagscaler/lagscaler/internal/metrics"
	"github.com/lagscaler/lagscaler/internal/web"
	"github.com/lagscaler/lagscaler/internal/web/recent"
)

// showIn makes the metrics and the pages; the pages show the reports in the ring.
func (d *Daemon) showIn(ring *recent.Ring) {
	c, b := d.config.Load(), d.opts.Build
	d.metrics = metrics.New(metrics.Options{
		Latest:   d.engine.Latest,
		Filter:   seriesOf(c.Metrics),
		Interval: time.Duration(c.Interval), Sample: time.Duration(c.SampleInterval),
		ConfigLoaded: d.configLoaded(), ClusterConfigs: d.clusterConfigs(), Questions: d.external.questions(), Pushes: d.pushes(c.OTLP), Receivers: d.told,
		Version: b.Version, Revision: b.Commit,
	})
	d.pages = web.New(web.Options{
		Latest: d.engine.Latest, Ring: ring, Interval: time.Duration(c.Interval),
		Version: b.Version, Config: d.redacted, Troubles: d.problems, HourPrice: d.hourPrice, Deeds: d.deeds.Of, History: d.history, Log: d.log,
		Others: d.otherShards,
	})
}

// otherShards are the other shards, for the pages.
func (d *Daemon) otherShards() (out []web.Other) {
	if d.kube == nil {
		return nil
	}
	_, others := d.kube.Others()
	for _, o := range others {
		out = append(out, web.Other{Name: "shard " + strconv.Itoa(o.Index), URL: o.URL, Why: o.Why})
	}
	return out
}

// hourPrice is what a replica costs in an hour, by the configuration in force.
func (d *Daemon) hourPrice() web.HourPrice {
	b := d.config.Load().Bill
	return web.HourPrice{Amount: b.ReplicaHour, Currency: b.Currency}
}

// seriesOf says which series are exposed.
func seriesOf(m config.Metrics) metrics.Filter {
	return metrics.Filter{
		Topics: m.Topics.Match, Partitions: m.Partitions.Match.Match,
		OverThreshold: m.Partitions.OverThreshold, Top: m.Partitions.Top,
		MaxGroups: m.MaxGroups, MaxSeries: m.MaxSeries,
	}
}

// configLoaded returns a function that reports whether the last load of the file succeeded; nil without a file.
func (d *Daemon) configLoaded() func() bool {
	r := d.opts.Reloader
	if r == nil {
		return nil
	}
	return func() bool { return r.LastReload().Err == nil }
}

// clusterConfigs returns a function that tells of each cluster with a file of its own, or that was discovered, whether the last load of it
// succeeded; nil without a file.
func (d *Daemon) clusterConfigs() func(each func(cluster, origin string, loaded bool)) {
	r := d.opts.Reloader
	if r == nil {
		return nil
	}
	return func(each func(cluster, origin string, loaded bool)) {
		for _, s := range r.Parts() {
			each(s.Cluster, s.Origin, s.Err == nil)
		}
	}
}

// refusedClusters are the clusters that have files of their own, or that were discovered, and whose configuration is refused.
func (d *Daemon) refusedClusters() (out []web.Problem) {
	for _, s := range d.opts.Reloader.Parts() {
		if s.Err == nil {
			continue
		}
		where, do := cmp.Or(s.Cluster, s.Origin), "correct it; until then the cluster is not read"
		if s.InForce {
			do = "correct it; until then the last valid configuration of this cluster is in force"
		}
		out = append(out, web.Problem{Where: where, What: "configuration refused: " + s.Err.Error(), Count: 1, Do: do + "; all other clusters are followed"})
	}
	return out
}

// redacted is the current configuration without its secrets, for the status page.
func (d *Daemon) redacted() string {
	text, err := d.config.Load().Redacted()
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// messagesLate is how long a message may wait: a receiver that restarts is no problem.
const messagesLate = 5 * time.Minute

// problems are problems that are not part of a Report, for the pages: a configuration that cannot be loaded, and missing
// permissions in Kubernetes.
func (d *Daemon) problems() []web.Problem {
	var out []web.Problem
	if d.opts.Reloader != nil {
		if err := d.opts.Reloader.LastReload().Err; err != nil {
			out = append(out, web.Problem{
				Where: "configuration", What: err.Error(), Count: 1,
				Do: "correct the file; until then the last valid configuration is in force; lagscaler check validates the file",
			})
		}
		out = append(out, d.refusedClusters()...)
	}
	for _, r := range d.messenger.Counts() {
		if r.Waiting > 0 && time.Since(r.Oldest) > messagesLate {
			out = append(out, web.Problem{
				Where: "messages to " + r.Receiver, What: fmt.Sprintf("%d messages wait, the oldest since %s", r.Waiting, r.Oldest.UTC().Format(time.RFC3339)), Count: r.Waiting,
				Do: "look at the receiver, its address and its secrets; the log has its answer. A message is dropped after 24 h, or when too many wait",
			})
		}
	}
	for _, missing := range d.MissingRights() {
		out = append(out, web.Problem{
			Where: "Kubernetes", What: missing, Count: 1,
			Do: "grant it to the service account, as the roles of the chart do; lagscaler notices it within 90 seconds",
		})
	}
	return out
}
