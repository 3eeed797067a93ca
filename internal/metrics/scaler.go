package metrics

import (
	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/need"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

var targetLabels = []string{"target_namespace", "target_kind", "target"}

// scalerView is one scaler.
type scalerView struct {
	labels
	*engine.ScalerReport
	decided bool
	need    need.Need // of the source that decided
}

// scalerViews are the scalers, one for each target: the second one on a target is refused, and would double its series.
func scalerViews(r *engine.Report) []*scalerView {
	var views []*scalerView
	seen := map[seen.Ref]bool{}
	for _, refused := range []bool{false, true} {
		for i := range r.Scalers {
			s := &r.Scalers[i]
			target := s.Workload.Ref
			target.APIVersion = ""
			if refused != s.Refused() || seen[target] {
				continue
			}
			seen[target] = true
			v := &scalerView{
				labels:       newLabels("target_namespace", target.Namespace, "target_kind", target.Kind, "target", target.Name),
				ScalerReport: s, decided: !s.Decision.At.IsZero(),
			}
			v.need, _ = s.Decision.Need()
			views = append(views, v)
		}
	}
	return views
}

func scalerRow(name, help string, t Type, f func(*scalerView, *out), own ...string) row[*scalerView] {
	return row[*scalerView]{Metric: Metric{Name: name, Type: t, Area: AreaScaler, Stability: Stable, Labels: labelsOf(targetLabels, own...), Help: help}, emit: f}
}

// scalerTable is what every scaler has.
var scalerTable = []row[*scalerView]{
	scalerRow("lagscaler_scaler_current_replicas", "Current value of spec.replicas of the target.", Gauge,
		func(s *scalerView, o *out) { o.know(float64(s.Workload.Spec), s.Workload.Sized()) }),
	scalerRow("lagscaler_scaler_desired_replicas", "Replicas of the last decision, after all limits.", Gauge,
		func(s *scalerView, o *out) { o.know(float64(s.Decision.Desired), s.Decision.Decides()) }),
	scalerRow("lagscaler_scaler_given_replicas", "Number of replicas that was given at the last decision to an autoscaler that asks for it (KEDA or an HPA) and sets the replicas itself. Absent if none asks.", Gauge,
		func(s *scalerView, o *out) {
			if s.Workload.Followed && s.Given != nil {
				o.add(float64(s.Given.Replicas))
			}
		}),
	scalerRow("lagscaler_scaler_min_replicas", "Minimum number of replicas, including the active schedule entries.", Gauge,
		func(s *scalerView, o *out) {
			if s.decided {
				o.add(float64(s.Decision.Bounds.Min))
			} else {
				o.add(float64(s.Policy.MinReplicas))
			}
		}),
	scalerRow("lagscaler_scaler_max_replicas", "Maximum number of replicas. Absent if only the partitions limit them.", Gauge,
		func(s *scalerView, o *out) { o.know(float64(s.Policy.MaxReplicas), s.Policy.MaxReplicas > 0) }),
	scalerRow("lagscaler_scaler_partition_limit_replicas", "Number of replicas that can have a partition; more replicas would be idle.", Gauge,
		func(s *scalerView, o *out) {
			o.know(float64(s.Decision.Bounds.Replicas), s.Decision.Bounds.Replicas > 0)
		}),
	scalerRow("lagscaler_scaler_mode", "1 for the mode in force: observe, advise or act. It is the more restrictive one of the mode of the configuration and the mode of the scaler.", Gauge,
		func(s *scalerView, o *out) { o.add(1, word(string(s.Mode))) }, "mode"),
	scalerRow("lagscaler_scaler_reason", "1 for the reason in force: the verdict of the last decision, or why no decision is made for the scaler. Absent before the first decision.", Gauge,
		func(s *scalerView, o *out) {
			switch {
			case s.Refused():
				o.add(1, word(string(s.Refusal.Reason)))
			case s.decided:
				o.add(1, word(string(s.Decision.Verdict)))
			}
		}, "reason"),
	scalerRow("lagscaler_scaler_decisions_total", "Decisions by verdict. The series of a reason appears with its first decision.", Counter,
		func(s *scalerView, o *out) {
			for _, c := range s.Counts.Decisions {
				o.add(float64(c.Count), string(c.Reason))
			}
		}, "reason"),
	scalerRow("lagscaler_scaler_scale_events_total", "Successful writes of the replicas, by direction: up or down.", Counter,
		func(s *scalerView, o *out) {
			o.add(float64(s.Counts.Downs), string(scaler.Down))
			o.add(float64(s.Counts.Ups), string(scaler.Up))
		}, "direction"),
	scalerRow("lagscaler_scaler_errors_total", "Failed writes of the replicas, including conflicts.", Counter,
		func(s *scalerView, o *out) { o.add(float64(s.Counts.Errors)) }),
	scalerRow("lagscaler_scaler_paused", "1 while the annotation lagscaler.io/paused is set.", Gauge,
		func(s *scalerView, o *out) { o.flag(s.Workload.Paused) }),
	scalerRow("lagscaler_scaler_limited", "1 for each limit that changed the number of replicas of the last decision, with its name: MaxReplicas, PoolFull and others. Absent otherwise.", Gauge,
		func(s *scalerView, o *out) {
			for _, step := range s.Decision.Steps {
				o.add(1, string(step.Reason))
			}
		}, "reason"),
	scalerRow("lagscaler_scaler_frozen", "1 while a freeze is in force, with what it stops: down (scale downs) or all (every write). Absent otherwise.", Gauge,
		func(s *scalerView, o *out) {
			if f := s.Workload.Freeze; f != nil {
				o.add(1, string(f.Stops))
			}
		}, "stops"),
	scalerRow("lagscaler_scaler_frozen_until_timestamp_seconds", "Unix time at which the freeze in force ends by itself. Absent without a freeze.", Gauge,
		func(s *scalerView, o *out) {
			if f := s.Workload.Freeze; f != nil {
				o.know(float64(f.Until.Unix()), !f.Until.IsZero())
			}
		}),
	scalerRow("lagscaler_scaler_zero_by_hand", "1 while another client has set the replicas to 0, and lagscaler keeps the target at 0.", Gauge,
		func(s *scalerView, o *out) {
			o.flag(s.decided && (s.Decision.Verdict == scaler.ZeroByHand || s.Decision.Verdict == scaler.ZeroByHandWaiting))
		}),
	scalerRow("lagscaler_scaler_required_records_per_second", "Capacity that the deciding group needs, in records per second: forecast, headroom and drain.", Gauge,
		func(s *scalerView, o *out) { o.know(s.need.Required, s.decided && s.need.RateKnown) }),
	scalerRow("lagscaler_scaler_capacity_per_replica_records_per_second", "Capacity of one replica in records per second, declared or learned. Absent while it is unknown.", Gauge,
		func(s *scalerView, o *out) {
			o.know(s.need.PerConsumer*float64(max(1, s.Decision.Why.PerReplica)), s.need.Capacity.Known())
		}),
	scalerRow("lagscaler_scaler_hold_overdue", "1 while a verdict has blocked a change for longer than its deadline, with the reason; absent otherwise.", Gauge,
		func(s *scalerView, o *out) {
			if s.Decision.Overdue {
				o.add(1, string(s.Decision.Verdict))
			}
		}, "reason"),
	optional(scalerRow("lagscaler_scaler_owner_info", "1, with a label for each entry of `owners` in the configuration that is known of the scaler, such as team. The alerts join it. Absent if none is known.", Gauge,
		func(s *scalerView, o *out) { o.addLabels(1, s.Owners) })),
	scalerRow("lagscaler_scaler_scale_down_stopped", "1 while the scaler does not scale down because its own scale-downs (reason ScaleDownStopped) or those of other scalers (FleetStopped) made records late or had to be undone; absent otherwise.", Gauge,
		func(s *scalerView, o *out) {
			if reason, _, stopped := s.Decision.StoppedBy(); stopped {
				o.add(1, string(reason))
			}
		}, "reason"),
	scalerRow("lagscaler_scaler_source_standby", "1 for every group of the target in a Kafka cluster that is the standby: no consumer of the target is a member there. Absent otherwise.", Gauge,
		func(s *scalerView, o *out) {
			for i, source := range s.Sources {
				if i < len(s.Decision.Needs) && s.Decision.Needs[i].StandsBy {
					o.add(1, source.Cluster, source.Group)
				}
			}
		}, "kafka_cluster", "group"),
	scalerRow("lagscaler_scaler_source_info", "1 for every group that scales the target. It joins the metrics of groups and scalers.", Gauge,
		func(s *scalerView, o *out) {
			for _, source := range s.Sources {
				o.add(1, source.Cluster, source.Group)
			}
		}, "kafka_cluster", "group"),
}
