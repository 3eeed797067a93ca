package metrics

import (
	"strconv"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/shard"
	"github.com/lagscaler/lagscaler/scaler"
)

// clusterView is one Kafka cluster.
type clusterView struct {
	labels
	report *engine.ClusterReport
	stale  bool
}

func (c *clusterView) isStale() bool { return c.stale }

func clusterRow(name, help string, t Type, f func(*clusterView, *out)) row[*clusterView] {
	return row[*clusterView]{Metric: Metric{Name: name, Type: t, Area: AreaCluster, Stability: Stable, Labels: clusterLabels, Help: help}, emit: f}
}

// clusterTable is what the leader exposes for each cluster.
var clusterTable = []row[*clusterView]{
	clusterRow("lagscaler_brokers", "Brokers that the cluster's metadata lists.", Gauge,
		func(c *clusterView, o *out) {
			o.know(float64(len(c.report.Snapshot.Brokers)), len(c.report.Snapshot.Brokers) > 0)
		}),
	clusterRow("lagscaler_under_replicated_partitions", "Partitions of consumed topics with fewer in-sync replicas than assigned replicas.", Gauge,
		func(c *clusterView, o *out) {
			o.add(float64(partitions(c, func(p *lag.PartitionRead) bool { return p.InSync < p.Replicas })))
		}),
	clusterRow("lagscaler_leaderless_partitions", "Partitions of consumed topics without a leader.", Gauge,
		func(c *clusterView, o *out) {
			o.add(float64(partitions(c, func(p *lag.PartitionRead) bool { return p.Leader < 0 })))
		}),
	clusterRow("lagscaler_leader_changes_total", "Changes of the leader of consumed partitions, and of the coordinator of groups. Such a change is not a rebalance.", Counter,
		func(c *clusterView, o *out) { o.add(float64(c.report.LeaderChanges)) }),
}

func partitions(c *clusterView, is func(*lag.PartitionRead) bool) int {
	n := 0
	for i := range c.report.Snapshot.Topics {
		t := &c.report.Snapshot.Topics[i]
		for p := range t.Partitions {
			if is(&t.Partitions[p]) {
				n++
			}
		}
	}
	return n
}

// pollView is how this process reads one cluster. Followers expose it too.
type pollView struct {
	labels
	stats   *engine.PollStats
	groups  int
	dropped map[dropReason]uint64
}

func pollRow(name, help string, t Type, f func(*pollView, *out), own ...string) row[*pollView] {
	return row[*pollView]{Metric: Metric{Name: name, Type: t, Area: AreaSelf, Stability: Stable, Labels: labelsOf(clusterLabels, own...), Help: help}, emit: f}
}

var stages = []lag.Stage{lag.StageConnect, lag.StageMetadata, lag.StageList, lag.StageDescribe, lag.StageCommits, lag.StageOffsets, lag.StageHeaders}

// pollTable is what every replica exposes about its own polls and samples.
var pollTable = []row[*pollView]{
	pollRow("lagscaler_poll_duration_seconds", "Duration of the last poll, and of the last sample of group states.", Gauge,
		func(p *pollView, o *out) {
			if p.stats.Polls > 0 {
				o.add(p.stats.LastTook.Seconds(), "poll")
			}
			if p.stats.Samples > 0 {
				o.add(p.stats.SampleTook.Seconds(), "sample")
			}
		}, "stage"),
	pollRow("lagscaler_poll_errors_total", "Failed requests of polls and samples, by the stage of the poll.", Counter,
		func(p *pollView, o *out) {
			for _, stage := range stages {
				o.add(float64(errorsOf(p.stats, stage)), string(stage))
			}
		}, "stage"),
	pollRow("lagscaler_kafka_requests_total", "Requests sent to Kafka, by API.", Counter,
		func(p *pollView, o *out) {
			for _, r := range p.stats.Requests {
				o.add(float64(r.Count), r.API)
			}
		}, "api"),
	pollRow("lagscaler_poll_interval_seconds", "Interval between two polls of the cluster, as configured.", Gauge,
		func(p *pollView, o *out) { o.know(p.stats.Interval.Seconds(), p.stats.Interval > 0) }),
	pollRow("lagscaler_kafka_connections", "Connections to brokers of the cluster that were open at the end of the last poll.", Gauge,
		func(p *pollView, o *out) { o.know(float64(p.stats.Quota.Connections), p.stats.Polls > 0) }),
	pollRow("lagscaler_kafka_throttled_seconds_total", "Time for which brokers asked to be sent nothing because of their quotas, added up over the brokers. It was heeded: polls took longer.", Counter,
		func(p *pollView, o *out) { o.add(p.stats.Quota.Throttled.Seconds()) }),
	pollRow("lagscaler_kafka_quota_refusals_total", "What brokers refused because of their quotas, by kind: request (THROTTLING_QUOTA_EXCEEDED) or connection (closed before the first answer, while others to the broker were open).", Counter,
		func(p *pollView, o *out) {
			o.add(float64(p.stats.Quota.Refused), "connection")
			o.add(float64(p.stats.Quota.Exceeded), "request")
		}, "kind"),
	pollRow("lagscaler_kafka_paced_seconds_total", "Time for which requests waited because of requestsPerSecond in the configuration, added up over the requests.", Counter,
		func(p *pollView, o *out) { o.add(p.stats.Quota.Paced.Seconds()) }),
	pollRow("lagscaler_last_successful_poll_timestamp_seconds", "Unix time at which the last poll ended that at least one broker answered. Absent before the first such poll.", Gauge,
		func(p *pollView, o *out) {
			if at := p.stats.LastSuccess; !at.IsZero() {
				o.add(float64(at.UnixMilli()) / 1000)
			}
		}),
	pollRow("lagscaler_foreign_addresses", "Addresses of the cluster at which another Kafka cluster answered, as of the last poll. Its answers are not used.", Gauge,
		func(p *pollView, o *out) {
			if p.stats.Polls > 0 {
				o.add(float64(p.stats.Foreign))
			}
		}),
	pollRow("lagscaler_groups", "Consumer groups that this process knows, exported or not.", Gauge,
		func(p *pollView, o *out) { o.add(float64(p.groups)) }),
	pollRow("lagscaler_groups_dropped_total", "Groups that were not exported, counted once per poll. max_groups and max_series are the configured limits; detail counts groups whose topic and partition series were omitted.", Counter,
		func(p *pollView, o *out) {
			for _, reason := range dropReasons {
				o.add(float64(p.dropped[reason]), string(reason))
			}
		}, "reason"),
	pollRow("lagscaler_duplicate_groups_total", "Times that two brokers listed the same group. The group is counted once.", Counter,
		func(p *pollView, o *out) { o.add(float64(p.stats.Duplicates)) }),
}

func errorsOf(s *engine.PollStats, stage lag.Stage) uint64 {
	for _, e := range s.Errors {
		if e.Stage == stage {
			return e.Count
		}
	}
	return 0
}

// selfView is this process.
type selfView struct {
	labels
	opts   *Options
	leader bool
	shard  shard.Shard
	series int
	kept   int // scalers that another installation keeps
	panics []engine.PanicCount
	brakes []engine.BrakeUse // nil on a replica that does not lead
}

func selfRow(name, help string, f func(*selfView, *out), own ...string) row[*selfView] {
	return row[*selfView]{Metric: Metric{Name: name, Type: Gauge, Area: AreaSelf, Stability: Stable, Labels: own, Help: help}, emit: f}
}

// eachBrake calls yield for each number of each limit that is set.
func (s *selfView) eachBrake(yield func(brake, of string, limit, used float64)) {
	for i := range s.brakes {
		u := &s.brakes[i]
		if n := u.Limit.AddedPerMinute; n > 0 {
			yield(word(u.Limit.Name), "added_per_minute", float64(n), float64(u.AddedPerMinute))
		}
		if n := u.Limit.Replicas; n > 0 {
			yield(word(u.Limit.Name), "replicas", float64(n), float64(u.Replicas))
		}
		if u.Limit.SteppingDown > 0 {
			yield(word(u.Limit.Name), "stepping_down", float64(u.MayStepDown), float64(u.SteppingDown))
		}
	}
}

// keptByAnother counts the scalers that another installation keeps.
func keptByAnother(scalers []engine.ScalerReport) (n int) {
	for i := range scalers {
		if scalers[i].Refusal.Reason == scaler.KeptByAnother {
			n++
		}
	}
	return n
}

func (s *selfView) eachReceiver(each func(r *Receiver)) {
	if s.opts.Receivers == nil {
		return
	}
	for _, r := range s.opts.Receivers() {
		each(&r)
	}
}

// selfTable is what every replica exposes about itself.
var selfTable = []row[*selfView]{
	selfRow("lagscaler_series", "Exported series of groups, topics and partitions.",
		func(s *selfView, o *out) { o.add(float64(s.series)) }),
	selfRow("lagscaler_leader", "1 if this replica is the leader. Only the leader exports groups and scalers, and writes replicas.",
		func(s *selfView, o *out) { o.flag(s.leader) }),
	selfRow("lagscaler_shards", "Shards that share the groups of the installation, as this replica's shard goes by it. Absent if there is one.",
		func(s *selfView, o *out) { o.know(float64(s.shard.Of), !s.shard.Alone()) }),
	selfRow("lagscaler_shard_leader", "1 if this replica leads its shard: only then it exports the groups and scalers of the shard, and writes replicas. Absent if there is one shard.",
		func(s *selfView, o *out) {
			if !s.shard.Alone() {
				o.flag(s.leader, strconv.Itoa(s.shard.Index))
			}
		}, "shard"),
	selfRow("lagscaler_scalers_kept_by_another", "KafkaScalers that another installation of lagscaler keeps. This one writes neither their replicas nor their status.",
		func(s *selfView, o *out) { o.add(float64(s.kept)) }),
	selfRow("lagscaler_brake_limit", "Limit of all scalers together (brakes.limits), by name and by what it limits: replicas added in a minute, the total of the replicas, or scalers that may be scaled down within 5 minutes. Only on the leader.",
		func(s *selfView, o *out) {
			s.eachBrake(func(brake, of string, limit, _ float64) { o.add(limit, brake, of) })
		}, "brake", "of"),
	selfRow("lagscaler_brake_used", "How much of that limit is used. The total of the replicas may exceed the limit: a limit removes no running replicas.",
		func(s *selfView, o *out) {
			s.eachBrake(func(brake, of string, _, used float64) { o.add(used, brake, of) })
		}, "brake", "of"),
	selfRow("lagscaler_build_info", "1, with the version.",
		func(s *selfView, o *out) { o.add(1, word(s.opts.Version), word(s.opts.Revision)) }, "version", "revision"),
	selfRow("lagscaler_config_last_reload_successful", "1 if the last load of the configuration file succeeded; fields that need a restart apply only after it. 0 if the file was refused.",
		func(s *selfView, o *out) {
			if s.opts.ConfigLoaded != nil {
				o.flag(s.opts.ConfigLoaded())
			}
		}),
	selfRow("lagscaler_cluster_config_last_reload_successful", "1 if the last load of a cluster that has a file of its own, or that was discovered, succeeded. 0 if it was refused: what was in force of this cluster then still is, if anything was, and all other clusters are followed. The origin is the file or the object. Absent for clusters of the configuration file itself.",
		func(s *selfView, o *out) {
			if s.opts.ClusterConfigs != nil {
				s.opts.ClusterConfigs(func(cluster, origin string, loaded bool) { o.flag(loaded, word(cluster), word(origin)) })
			}
		}, "kafka_cluster", "origin"),
	{
		Metric: Metric{
			Name: "lagscaler_external_scaler_requests_total", Type: Counter, Area: AreaSelf, Stability: Stable, Labels: []string{"call", "code"},
			Help: "Requests of KEDA to this replica, by call and by outcome: OK, or the gRPC code of the error. Absent without the endpoint. A replica that does not lead asks the leader, which counts the request, too.",
		},
		emit: func(s *selfView, o *out) {
			if s.opts.Questions != nil {
				s.opts.Questions(func(call, code string, count uint64) { o.add(float64(count), call, code) })
			}
		},
	},
	{
		Metric: Metric{
			Name: "lagscaler_otlp_pushes_total", Type: Counter, Area: AreaSelf, Stability: Stable, Labels: []string{"outcome"},
			Help: "Pushes of the metrics to the OpenTelemetry collector, by outcome: sent or failed. Absent without otlp in the configuration.",
		},
		emit: func(s *selfView, o *out) {
			if s.opts.Pushes != nil {
				sent, failed := s.opts.Pushes()
				o.add(float64(failed), "failed")
				o.add(float64(sent), "sent")
			}
		},
	},
	{
		Metric: Metric{
			Name: "lagscaler_messages_total", Type: Counter, Area: AreaSelf, Stability: Stable, Labels: []string{"receiver", "outcome"},
			Help: "Messages by receiver and outcome: sent, refused (the receiver will never accept them) or dropped (too old, or too many waited). Absent without messages in the configuration. Only the leader sends.",
		},
		emit: func(s *selfView, o *out) {
			s.eachReceiver(func(r *Receiver) {
				o.add(float64(r.Dropped), r.Name, "dropped")
				o.add(float64(r.Refused), r.Name, "refused")
				o.add(float64(r.Sent), r.Name, "sent")
			})
		},
	},
	{
		Metric: Metric{
			Name: "lagscaler_message_failures_total", Type: Counter, Area: AreaSelf, Stability: Stable, Labels: []string{"receiver"},
			Help: "Requests with messages that failed, and are made again.",
		},
		emit: func(s *selfView, o *out) {
			s.eachReceiver(func(r *Receiver) { o.add(float64(r.Failed), r.Name) })
		},
	},
	selfRow("lagscaler_messages_waiting", "Messages that wait for a receiver. Only the leader has some.",
		func(s *selfView, o *out) {
			s.eachReceiver(func(r *Receiver) { o.add(float64(r.Waiting), r.Name) })
		}, "receiver"),
	{
		Metric: Metric{
			Name: "lagscaler_panics_total", Type: Counter, Area: AreaSelf, Stability: Stable, Labels: []string{"part"},
			Help: "Panics, which are defects of lagscaler, by the part that failed: read and compute concern one cluster, decide and write one scaler. Everything else continues. The log has the name and the stack.",
		},
		emit: func(s *selfView, o *out) {
			for _, p := range s.panics {
				o.add(float64(p.Count), string(p.Part))
			}
		},
	},
}
