package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// KafkaScaler keeps a workload at the number of replicas that its consumer groups need, and says why.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=kafkascalers,singular=kafkascaler,shortName=ks
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name="Target",type=string,JSONPath=`.status.target`
// +kubebuilder:printcolumn:name="Group",type=string,JSONPath=`.status.groups`
// +kubebuilder:printcolumn:name="Lag",type=integer,JSONPath=`.status.lag`
// +kubebuilder:printcolumn:name="Time lag",type=string,JSONPath=`.status.timeLag`
// +kubebuilder:printcolumn:name="Replicas",type=integer,JSONPath=`.status.currentReplicas`
// +kubebuilder:printcolumn:name="Desired",type=integer,JSONPath=`.status.desiredReplicas`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.lastDecision.reason`
// +kubebuilder:printcolumn:name="Mode",type=string,JSONPath=`.status.policy.mode`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type KafkaScaler struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// What to scale, and how. Only scaleTargetRef and sources are needed.
	// +required
	Spec KafkaScalerSpec `json:"spec"`

	// What was decided, and from what.
	// +optional
	Status KafkaScalerStatus `json:"status,omitzero"`
}

// KafkaScalerList is a list of KafkaScalers.
//
// +kubebuilder:object:root=true
type KafkaScalerList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []KafkaScaler `json:"items"`
}

// Duration is a length of time such as 450ms, 30s or 1h30m.
//
// +kubebuilder:validation:Type=string
// +kubebuilder:validation:Pattern=`^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$`
// +kubebuilder:validation:MaxLength=32
type Duration struct {
	metav1.Duration `json:",inline"`
}

// KafkaScalerSpec is what a user may set. A field that is left out has the default that its description names; a preset
// gives the values of the fields it sets, so those have no default in the schema.
//
// +kubebuilder:validation:XValidation:rule="!has(self.maxReplicas) || (has(self.minReplicas) ? self.minReplicas : 1) <= self.maxReplicas",message="minReplicas (1 if absent) must not exceed maxReplicas",fieldPath=".maxReplicas"
// +kubebuilder:validation:XValidation:rule="!has(self.fallbackReplicas) || !has(self.maxReplicas) || self.fallbackReplicas <= self.maxReplicas",message="fallbackReplicas must not exceed maxReplicas",fieldPath=".fallbackReplicas"
// +kubebuilder:validation:XValidation:rule="!has(self.schedule) || !has(self.maxReplicas) || self.schedule.all(w, w.minReplicas <= self.maxReplicas)",message="no window's minReplicas may exceed maxReplicas",fieldPath=".schedule"
type KafkaScalerSpec struct {
	// The workload to scale, in the same namespace: any kind with a scale subresource.
	// +required
	ScaleTargetRef ScaleTargetRef `json:"scaleTargetRef"`

	// The consumer groups whose members the workload's pods are. With several, the greatest need counts,
	// and replicas go down only when all agree.
	// +required
	// +listType=map
	// +listMapKey=cluster
	// +listMapKey=group
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	Sources []Source `json:"sources"`

	// Never fewer replicas than this. 0 allows scale to zero. Default 1.
	// +optional
	// +kubebuilder:validation:Minimum=0
	MinReplicas *int32 `json:"minReplicas,omitempty"`

	// Never more replicas than this. Default: no limit but the partitions.
	// +optional
	// +kubebuilder:validation:Minimum=1
	MaxReplicas *int32 `json:"maxReplicas,omitempty"`

	// How old a record may become before it is processed. Default 30s.
	// +optional
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('1s') && duration(self) <= duration('24h')",message="must be between 1s and 24h"
	TargetLag *Duration `json:"targetLag,omitempty"`

	// observe: only metrics. advise: decide and show, never write. act: scale. The installation has a mode too; the weaker
	// of the two wins. Default advise.
	// +optional
	// +kubebuilder:validation:Enum=observe;advise;act
	Mode string `json:"mode,omitempty"`

	// capacity: replicas from arrivals, capacity and backlog. thresholds: the fixed lag thresholds. Default capacity.
	// +optional
	// +kubebuilder:validation:Enum=capacity;thresholds
	Policy string `json:"policy,omitempty"`

	// The thresholds of the groups' alerts. A group that a KafkaScaler names is declared: its alerts may be critical.
	// +optional
	SLO *SLO `json:"slo,omitempty"`

	// balanced, economy (fewer replicas, later records) or latency (more replicas, earlier records): sets the headroom,
	// stabilizationWindow and whether room is kept for the last hour's peak together. Default balanced.
	// +optional
	// +kubebuilder:validation:Enum=balanced;economy;latency
	Preset string `json:"preset,omitempty"`

	// Windows of time with a minimum of their own. Where several are open, the greatest counts.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	Schedule []Window `json:"schedule,omitempty"`

	// In what time a backlog is to be gone. Default the greater of 120s and twice targetLag.
	// +optional
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('1s') && duration(self) <= duration('24h')",message="must be between 1s and 24h"
	DrainTime *Duration `json:"drainTime,omitempty"`

	// Replicas go down to what the busiest moment of this window needed. Default: the preset's (balanced 240s,
	// economy 240s, latency 480s).
	// +optional
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('1s') && duration(self) <= duration('24h')",message="must be between 1s and 24h"
	StabilizationWindow *Duration `json:"stabilizationWindow,omitempty"`

	// Go up to this when nothing reliable could be read from Kafka for 5 minutes. Default: stay.
	// +optional
	// +kubebuilder:validation:Minimum=1
	FallbackReplicas *int32 `json:"fallbackReplicas,omitempty"`

	// With no replica running, start one when more records than this wait, or when records arrive. Default 0.
	// +optional
	// +kubebuilder:validation:Minimum=0
	ActivationLag *int64 `json:"activationLag,omitempty"`

	// With minReplicas 0, go to zero after this time without lag and without arrivals. Default 600s.
	// +optional
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('1s') && duration(self) <= duration('168h')",message="must be between 1s and 168h"
	IdleTime *Duration `json:"idleTime,omitempty"`

	// What becomes of the workload when this object is deleted. keep: its replicas stay. restore: if it is at zero, one
	// replica is started first. Default: restore when minReplicas is 0, else keep.
	// +optional
	// +kubebuilder:validation:Enum=keep;restore
	OnDelete string `json:"onDelete,omitempty"`
}

// ScaleTargetRef names the workload.
type ScaleTargetRef struct {
	// Such as apps/v1.
	// +optional
	// +kubebuilder:default="apps/v1"
	// +kubebuilder:validation:MaxLength=316
	// +kubebuilder:validation:Pattern=`^([a-z0-9.-]+/)?v[a-z0-9]+$`
	APIVersion string `json:"apiVersion,omitempty"`

	// Such as Deployment or StatefulSet.
	// +optional
	// +kubebuilder:default=Deployment
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[A-Z][A-Za-z0-9]*$`
	Kind string `json:"kind,omitempty"`

	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`
}

// Source is one consumer group.
//
// +kubebuilder:validation:XValidation:rule="!has(self.topics) || !has(self.topicPattern)",message="topics and topicPattern exclude each other",fieldPath=".topicPattern"
type Source struct {
	// The Kafka cluster, as the installation's configuration names it.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9._-]+$`
	Cluster string `json:"cluster"`

	// The consumer group's id.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Group string `json:"group"`

	// Only these topics count. Default: all that the group consumes.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=256
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=249
	Topics []string `json:"topics,omitempty"`

	// Only topics whose whole name matches this regular expression (RE2) count.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="''.matches(self) in [true, false]",message="must be a regular expression (RE2)"
	TopicPattern string `json:"topicPattern,omitempty"`

	// How long one record takes to process. It is where the estimate of a consumer's capacity starts;
	// what consumers are seen to do corrects it. Default: learned.
	// +optional
	// +kubebuilder:validation:XValidation:rule="duration(self) > duration('0s') && duration(self) <= duration('24h')",message="must be more than 0s and at most 24h"
	ProcessingTime *Duration `json:"processingTime,omitempty"`

	// Records that one consumer works on at the same time. Default 1.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=10000
	Concurrency *int32 `json:"concurrency,omitempty"`

	// How often consumers commit (auto.commit.interval.ms). Records that wait only for the next commit are no backlog.
	// Default 5s, the clients' default.
	// +optional
	// +kubebuilder:validation:XValidation:rule="duration(self) > duration('0s') && duration(self) <= duration('1h')",message="must be more than 0s and at most 1h"
	CommitInterval *Duration `json:"commitInterval,omitempty"`

	// The consumers' isolation.level. Default read_uncommitted.
	// +optional
	// +kubebuilder:validation:Enum=read_uncommitted;read_committed
	Isolation string `json:"isolation,omitempty"`
}

// SLO holds the thresholds of a group's alerts. They do not change decisions.
type SLO struct {
	// Records that the worst partition may lag behind. Default 50000.
	// +optional
	// +kubebuilder:validation:Minimum=1
	Lag *int64 `json:"lag,omitempty"`

	// Time that the worst partition may lag behind. Default: none, and no burn rate alerts.
	// +optional
	// +kubebuilder:validation:XValidation:rule="duration(self) > duration('0s')",message="must be more than 0s"
	LagTime *Duration `json:"lagTime,omitempty"`

	// Rebalances an hour that neither a resize nor a rollout explains. Default 4.
	// +optional
	// +kubebuilder:validation:Minimum=0
	RebalancesPerHour *float64 `json:"rebalancesPerHour,omitempty"`

	// How long a rebalance may take. Default 30s.
	// +optional
	// +kubebuilder:validation:XValidation:rule="duration(self) > duration('0s')",message="must be more than 0s"
	RebalanceTime *Duration `json:"rebalanceTime,omitempty"`

	// Share of the members that may change in a minute. Default 0.1.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=1
	Churn *float64 `json:"churn,omitempty"`

	// How uneven partitions may be spread: 0 is the best possible split, 1 is everything on one member. Default 0.3.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=1
	Skew *float64 `json:"skew,omitempty"`
}

// Window is a span of time that comes back, with a minimum of replicas.
type Window struct {
	// When it opens, as cron: minute, hour, day of month, month, day of week; such as 0 8 * * 1-5.
	// +required
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:Pattern=`^\S+( +\S+){4}$`
	Start string `json:"start"`

	// When it closes, as cron.
	// +required
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:Pattern=`^\S+( +\S+){4}$`
	End string `json:"end"`

	// The time zone of start and end, such as Europe/Berlin. Default UTC.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9_+/-]+$`
	TimeZone string `json:"timeZone,omitempty"`

	// At least so many replicas while it is open.
	// +required
	// +kubebuilder:validation:Minimum=0
	MinReplicas int32 `json:"minReplicas"`
}
