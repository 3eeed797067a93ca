package config

import (
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler"
)

// Scaler is a workload to scale: what a KafkaScaler resource says, for use without the custom resource.
type Scaler struct {
	// Its name, as metadata.name of the resource would be.
	Name string `yaml:"name"`

	// The namespace of the scaler and of its target.
	Namespace string `yaml:"namespace"`

	// The same fields as the resource's spec.
	Spec ScalerSpec `yaml:"spec"`
}

// ScalerSpec is the spec of a KafkaScaler.
type ScalerSpec struct {
	// What is scaled: anything with a scale subresource.
	ScaleTargetRef TargetRef `yaml:"scaleTargetRef"`

	// The groups that run on the target, one or more. It grows for the neediest, and shrinks only if all agree.
	Sources []Source `yaml:"sources"`

	// `observe`, `advise` or `act`; the weaker of this and the global mode wins. Default advise.
	Mode scaler.Mode `yaml:"mode"`

	// `capacity` (the plan on an effective rate) or `thresholds` (the fixed lag thresholds). Default capacity.
	Policy scaler.PolicyKind `yaml:"policy"`

	// `balanced`, `economy` or `latency`: headroom, stabilization window and room for what was together. Default balanced.
	Preset scaler.Preset `yaml:"preset"`

	// How late is late: the thresholds of the alerts. It does not change a decision.
	SLO SLO `yaml:"slo"`

	// Never fewer replicas; 0 allows scale to zero. Default 1.
	MinReplicas *int32 `yaml:"minReplicas"`

	// Never more replicas. Absent: as many as the partitions can use.
	MaxReplicas *int32 `yaml:"maxReplicas"`

	// Replicas to have at least when lag is unknown for long. Absent: hold.
	FallbackReplicas *int32 `yaml:"fallbackReplicas"`

	// Times with a minimum of their own.
	Schedule []Window `yaml:"schedule"`

	// How late records may be. Default 30s.
	TargetLag Duration `yaml:"targetLag"`

	// How soon a backlog should be gone. Default 120s, or twice targetLag when that is longer.
	DrainTime Duration `yaml:"drainTime"`

	// How far back the demand is looked at before going down. Default: the preset's, 240s for balanced.
	StabilizationWindow Duration `yaml:"stabilizationWindow"`

	// Records of lag that start a workload of zero replicas. Default 0: any.
	ActivationLag int64 `yaml:"activationLag"`

	// Time without lag and arrivals after which a workload goes to zero. Default 600s.
	IdleTime Duration `yaml:"idleTime"`

	// `keep` the replicas when the scaler is deleted, or `restore` at least one. Default restore when minReplicas is 0, else keep.
	OnDelete scaler.OnDelete `yaml:"onDelete"`
}

// TargetRef is an object with a scale subresource, in the scaler's namespace.
type TargetRef struct {
	// Its API version.
	APIVersion string `yaml:"apiVersion"`

	// Its kind.
	Kind string `yaml:"kind"`

	// The object's name.
	Name string `yaml:"name"`
}

// Source is a consumer group that runs on the target.
type Source struct {
	// The cluster, by its name in this file.
	Cluster string `yaml:"cluster"`

	// The group's whole name.
	Group string `yaml:"group"`

	// Only these topics count. Absent, and without topicPattern: all that the group consumes.
	Topics []string `yaml:"topics"`

	// Only topics whose whole name matches count.
	TopicPattern string `yaml:"topicPattern"`

	// How long one record takes. Absent: learned.
	ProcessingTime Duration `yaml:"processingTime"`

	// Records that one consumer works on at once. Default 1.
	Concurrency int32 `yaml:"concurrency"`

	// How often the consumers commit. Default 5s, the clients' own default.
	CommitInterval Duration `yaml:"commitInterval"`

	// `read_committed` or `read_uncommitted`. Default read_uncommitted.
	Isolation scaler.Isolation `yaml:"isolation"`
}

// Window is a time with a minimum of replicas.
type Window struct {
	// When it begins, in cron's five fields.
	Start string `yaml:"start"`

	// When it ends, in cron's five fields.
	End string `yaml:"end"`

	// An IANA time zone. Default UTC.
	TimeZone string `yaml:"timeZone"`

	// The minimum.
	MinReplicas int32 `yaml:"minReplicas"`
}

// Target is what is scaled.
func (s *Scaler) Target() scaler.Ref {
	t := s.Spec.ScaleTargetRef
	return scaler.Ref{APIVersion: t.APIVersion, Kind: t.Kind, Namespace: s.Namespace, Name: t.Name}
}

// Scaler is the specification as package scaler has it.
func (s ScalerSpec) Scaler() scaler.Spec {
	out := scaler.Spec{
		Mode: s.Mode, Kind: s.Policy, Preset: s.Preset, SLO: s.SLO.lag(),
		MinReplicas: s.MinReplicas, MaxReplicas: s.MaxReplicas, FallbackReplicas: s.FallbackReplicas,
		TargetLag: time.Duration(s.TargetLag), DrainTime: time.Duration(s.DrainTime),
		StabilizationWindow: time.Duration(s.StabilizationWindow),
		ActivationLag:       s.ActivationLag, IdleTime: time.Duration(s.IdleTime), OnDelete: s.OnDelete,
	}
	for _, src := range s.Sources {
		out.Sources = append(out.Sources, scaler.SourceSpec{
			Cluster: src.Cluster, Group: src.Group, Topics: src.Topics, TopicPattern: src.TopicPattern,
			ProcessingTime: time.Duration(src.ProcessingTime), Concurrency: src.Concurrency,
			CommitInterval: time.Duration(src.CommitInterval), Isolation: src.Isolation,
		})
	}
	for _, w := range s.Schedule {
		out.Schedule = append(out.Schedule, scaler.WindowSpec(w))
	}
	return out
}

// lag is the thresholds as package lag has them: 0 is unset in both.
func (s SLO) lag() lag.SLO {
	return lag.SLO{
		Lag: s.Lag, LagTime: time.Duration(s.LagTime), RebalancesPerHour: s.RebalancesPerHour,
		RebalanceTime: time.Duration(s.RebalanceTime), Churn: s.Churn, Skew: s.Skew,
	}
}
