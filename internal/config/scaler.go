package config

import (
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// Scaler is a workload to scale, without the custom resource. It has the same fields as a KafkaScaler.
type Scaler struct {
	// The name, like metadata.name of a KafkaScaler.
	Name string `yaml:"name"`

	// The namespace of the scaler and of its target.
	Namespace string `yaml:"namespace"`

	// The same fields as spec of a KafkaScaler.
	Spec ScalerSpec `yaml:"spec"`
}

// ScalerSpec is the spec of a KafkaScaler.
type ScalerSpec struct {
	// The target: any object with a scale subresource.
	ScaleTargetRef TargetRef `yaml:"scaleTargetRef"`

	// The groups whose consumers run on the target, at least one. The greatest need applies, so the target is scaled
	// down only if all groups allow it.
	Sources []Source `yaml:"sources"`

	// `observe`, `advise` or `act`. The more restrictive of this and the global mode applies. Default advise.
	Mode scaler.Mode `yaml:"mode"`

	// `capacity` (the plan for the required rate) or `thresholds` (fixed lag thresholds). Default capacity.
	Policy scaler.PolicyKind `yaml:"policy"`

	// `balanced`, `economy` or `latency`: sets headroom, stabilization window and the reserve for returning peaks
	// together. Default balanced.
	Preset scaler.Preset `yaml:"preset"`

	// The thresholds of the alerts. They do not affect decisions.
	SLO SLO `yaml:"slo"`

	// Consumers of the same groups run in another Kubernetes cluster, too, where another lagscaler scales them. Each place takes its
	// share. Default: the target is the only place.
	Place *Place `yaml:"place"`

	// The minimum number of replicas; 0 allows scale to zero. Default 1.
	MinReplicas *int32 `yaml:"minReplicas"`

	// The maximum number of replicas. Default: as many as the partitions can use.
	MaxReplicas *int32 `yaml:"maxReplicas"`

	// The minimum number of replicas after the lag has been unknown for 5 minutes. Default: keep the current replicas.
	FallbackReplicas *int32 `yaml:"fallbackReplicas"`

	// Times with their own minimum number of replicas.
	Schedule []Window `yaml:"schedule"`

	// The maximum age of a record until it is processed. Default 30s.
	TargetLag Duration `yaml:"targetLag"`

	// The percentage of the records that should be processed within targetLag, between 90 and 99.99. The cheapest way that would
	// have kept it in the last days is in force. Default: none, and a constant reserve for returning peaks.
	Objective *float64 `yaml:"objective"`

	// How many times the cheapest way the objective may cost, between 1 and 4. Default 1.5.
	ObjectiveBudget *float64 `yaml:"objectiveBudget"`

	// The time in which a backlog should be processed. Default 120s, or twice targetLag if that is longer.
	DrainTime Duration `yaml:"drainTime"`

	// The period whose highest demand must fit on fewer replicas before scaling down. Default: from the preset, 240s
	// for balanced.
	StabilizationWindow Duration `yaml:"stabilizationWindow"`

	// A lag above this number of records starts a target with zero replicas. Default 0: any record starts it.
	ActivationLag int64 `yaml:"activationLag"`

	// The time without lag and arrivals after which a target is scaled to zero. Default 600s.
	IdleTime Duration `yaml:"idleTime"`

	// When the scaler is deleted: `keep` the replicas, or `restore` at least one replica. Default restore if minReplicas
	// is 0, otherwise keep.
	OnDelete scaler.OnDelete `yaml:"onDelete"`

	// When somebody else sets the replicas to 0 in mode act, for example with `kubectl scale --replicas=0`: `keep` the
	// target at zero until it is scaled up again, or `wake` it like a target that lagscaler scaled to zero. Default keep.
	OnZeroByHand scaler.OnZeroByHand `yaml:"onZeroByHand"`
}

// Place is one of two places in which consumers of a group run.
type Place struct {
	// The percentage of the consumers that this place takes, between 1 and 99. The shares of both places must add up to 100. Default:
	// it is learned from where members ran over the last day.
	Share int32 `yaml:"share"`
}

// TargetRef is an object with a scale subresource, in the namespace of the scaler.
type TargetRef struct {
	// The API version.
	APIVersion string `yaml:"apiVersion"`

	// The kind.
	Kind string `yaml:"kind"`

	// The name of the object.
	Name string `yaml:"name"`
}

// Source is a consumer group whose consumers run on the target.
type Source struct {
	// The name of the cluster in this file.
	Cluster string `yaml:"cluster"`

	// The complete name of the group.
	Group string `yaml:"group"`

	// Only these topics count. Default, without topicPattern: all topics that the group consumes.
	Topics []string `yaml:"topics"`

	// Only topics whose complete name matches this pattern count.
	TopicPattern string `yaml:"topicPattern"`

	// The processing time of one record. Default: it is learned.
	ProcessingTime Duration `yaml:"processingTime"`

	// The number of records that one consumer processes at the same time. Default 1.
	Concurrency int32 `yaml:"concurrency"`

	// How many consumers (members of the group) one replica runs. It is needed only where neither addresses nor client ids
	// tell which member runs in which pod, for example behind NAT. Default there: a scale down counts 1, and a scale up counts
	// what is learned from the members and the ready replicas.
	ConsumersPerReplica int32 `yaml:"consumersPerReplica"`

	// The session timeout of the consumers (session.timeout.ms, or group.consumer.session.timeout.ms of the brokers). It cannot be
	// read from outside. A member whose pod is gone counts as dead for so long, and no scale down follows from a change of the
	// members that is younger. Default: the longest time that a member was seen to stay without its pod, and 45s at least.
	SessionTimeout Duration `yaml:"sessionTimeout"`

	// The commit interval of the consumers. Default 5s, which is the default of the Kafka clients.
	CommitInterval Duration `yaml:"commitInterval"`

	// For how long a committed offset may stand while records wait. Default: it is learned.
	CommitsWithin Duration `yaml:"commitsWithin"`

	// How many offsets at the end of a partition are never read: markers of transactions, and aborted records if the
	// consumers read only committed ones. Default: it is learned.
	LeavesBehind int64 `yaml:"leavesBehind"`

	// `read_committed` or `read_uncommitted`. Default read_uncommitted.
	Isolation seen.Isolation `yaml:"isolation"`

	// Where the consumers begin in a partition in which the group has no commit (auto.offset.reset): `earliest` or
	// `latest`. It says which records start a target with zero replicas there. Default: not known, so that all retained
	// records start it, and keep its last replica.
	OffsetReset seen.OffsetReset `yaml:"offsetReset"`

	// Share groups: the number of members that the brokers allow in this group. Default: group.share.max.size of its
	// coordinator; if that cannot be read, 200 for a target without maxReplicas.
	MaxShareMembers int32 `yaml:"maxShareMembers"`

	// This cluster is a copy of another one (MirrorMaker 2, Cluster Linking) to which the consumers fail over. Its group counts
	// from the moment at which consumers of the target are its members. Default: the cluster is in use.
	StandbyFor StandbyFor `yaml:"standbyFor"`
}

// StandbyFor says for which cluster a source stands by.
type StandbyFor struct {
	// The cluster of another source with the same group.
	Cluster string `yaml:"cluster"`

	// The longest time until a record of the other cluster has been copied to this one. Default 60s.
	MirrorDelay Duration `yaml:"mirrorDelay"`
}

// Window is a time with a minimum number of replicas.
type Window struct {
	// The start, as a cron expression with five fields. If the clock skips it, the window opens when the clock goes on; if it
	// comes twice, the first counts.
	Start string `yaml:"start"`

	// The end, as a cron expression with five fields. If the clock skips it, the window closes when the clock goes on; if it
	// comes twice, the last counts.
	End string `yaml:"end"`

	// An IANA time zone. Default UTC.
	TimeZone string `yaml:"timeZone"`

	// The minimum number of replicas.
	MinReplicas int32 `yaml:"minReplicas"`
}

// Target is the workload to scale.
func (s *Scaler) Target() seen.Ref {
	t := s.Spec.ScaleTargetRef
	return seen.Ref{APIVersion: t.APIVersion, Kind: t.Kind, Namespace: s.Namespace, Name: t.Name}
}

// Scaler converts the specification to the type of package scaler.
func (s ScalerSpec) Scaler() scaler.Spec {
	out := scaler.Spec{
		Mode: s.Mode, Kind: s.Policy, Preset: s.Preset, SLO: s.SLO.lag(),
		MinReplicas: s.MinReplicas, MaxReplicas: s.MaxReplicas, FallbackReplicas: s.FallbackReplicas,
		TargetLag: time.Duration(s.TargetLag), DrainTime: time.Duration(s.DrainTime),
		StabilizationWindow: time.Duration(s.StabilizationWindow),
		ActivationLag:       s.ActivationLag, IdleTime: time.Duration(s.IdleTime), OnDelete: s.OnDelete,
		OnZeroByHand: s.OnZeroByHand, Objective: s.Objective, ObjectiveBudget: s.ObjectiveBudget,
	}
	if s.Place != nil {
		out.Place = &scaler.Place{Share: s.Place.Share}
	}
	for _, src := range s.Sources {
		out.Sources = append(out.Sources, seen.SourceSpec{
			Cluster: src.Cluster, Group: src.Group, Topics: src.Topics, TopicPattern: src.TopicPattern,
			ProcessingTime: time.Duration(src.ProcessingTime), Concurrency: src.Concurrency,
			ConsumersPerReplica: src.ConsumersPerReplica, SessionTimeout: time.Duration(src.SessionTimeout),
			CommitInterval: time.Duration(src.CommitInterval), Isolation: src.Isolation,
			CommitsWithin: time.Duration(src.CommitsWithin), LeavesBehind: src.LeavesBehind,
			MaxShareMembers: src.MaxShareMembers, OffsetReset: src.OffsetReset,
			StandbyFor: seen.StandbyFor{Cluster: src.StandbyFor.Cluster, MirrorDelay: time.Duration(src.StandbyFor.MirrorDelay)},
		})
	}
	for _, w := range s.Schedule {
		out.Schedule = append(out.Schedule, scaler.WindowSpec(w))
	}
	return out
}

// lag converts the thresholds to the type of package lag. In both types 0 means not set.
func (s SLO) lag() lag.SLO {
	return lag.SLO{
		Lag: s.Lag, LagTime: time.Duration(s.LagTime), RebalancesPerHour: s.RebalancesPerHour,
		RebalanceTime: time.Duration(s.RebalanceTime), Churn: s.Churn, Skew: s.Skew,
	}
}
