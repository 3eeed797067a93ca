package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// KafkaScaler scales a target to the number of replicas that its consumer groups need, and gives the reason.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=kafkascalers,singular=kafkascaler,shortName=kscaler
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name="Target",type=string,JSONPath=`.status.target`
// +kubebuilder:printcolumn:name="Group",type=string,JSONPath=`.status.groups`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Ready reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`,priority=1
// +kubebuilder:printcolumn:name="Lag",type=string,JSONPath=`.status.lagText`
// +kubebuilder:printcolumn:name="Time lag",type=string,JSONPath=`.status.timeLag`
// +kubebuilder:printcolumn:name="Replicas",type=integer,JSONPath=`.status.currentReplicas`
// +kubebuilder:printcolumn:name="Desired",type=integer,JSONPath=`.status.desiredReplicas`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.lastDecision.reason`
// +kubebuilder:printcolumn:name="Mode",type=string,JSONPath=`.status.policy.mode`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type KafkaScaler struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// The target and the policy. Only scaleTargetRef and sources are required.
	// +required
	Spec KafkaScalerSpec `json:"spec"`

	// The last decision and its inputs.
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

// KafkaScalerSpec has the fields that a user sets. The description of a field has its default. The schema has no defaults for
// fields that a preset sets, because their default depends on the preset.
//
// +kubebuilder:validation:XValidation:rule="!has(self.maxReplicas) || (has(self.minReplicas) ? self.minReplicas : 1) <= self.maxReplicas",message="minReplicas (1 if absent) must not exceed maxReplicas",fieldPath=".maxReplicas"
// +kubebuilder:validation:XValidation:rule="!has(self.fallbackReplicas) || !has(self.maxReplicas) || self.fallbackReplicas <= self.maxReplicas",message="fallbackReplicas must not exceed maxReplicas",fieldPath=".fallbackReplicas"
// +kubebuilder:validation:XValidation:rule="!has(self.schedule) || !has(self.maxReplicas) || self.schedule.all(w, w.minReplicas <= self.maxReplicas)",message="no window's minReplicas may exceed maxReplicas",fieldPath=".schedule"
// +kubebuilder:validation:XValidation:rule="!has(self.objectiveBudget) || has(self.objective)",message="objectiveBudget has no effect without objective",fieldPath=".objectiveBudget"
// +kubebuilder:validation:XValidation:rule="!has(self.objective) || !has(self.policy) || self.policy != 'thresholds'",message="objective has no effect with the policy thresholds",fieldPath=".objective"
// +kubebuilder:validation:XValidation:rule="self.sources.all(s, !has(s.standbyFor) || self.sources.exists_one(o, o.cluster == s.standbyFor.cluster && o.group == s.group && !has(o.standbyFor)))",message="standbyFor.cluster must be the cluster of another source with the same group, which has no standbyFor",fieldPath=".sources"
type KafkaScalerSpec struct {
	// The target: an object in the same namespace, of any kind with a scale subresource.
	// +required
	ScaleTargetRef ScaleTargetRef `json:"scaleTargetRef"`

	// The consumer groups whose consumers run in the pods of the target. If there are several, the greatest need applies,
	// so the target is scaled down only if all groups allow it.
	// +required
	// +listType=map
	// +listMapKey=cluster
	// +listMapKey=group
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	Sources []Source `json:"sources"`

	// Consumers of the same groups run in another Kubernetes cluster, too, where another lagscaler scales them. Both KafkaScalers have
	// this field. Each place takes its share of what the groups need, rounded up, so that together there is at most one consumer more a
	// place. When the other place has had no member for 3 minutes, this one takes all. Default: the target is the only place, and
	// members elsewhere count as they are.
	// +optional
	Place *Place `json:"place,omitempty"`

	// The minimum number of replicas. 0 allows scale to zero. Default 1.
	// +optional
	// +kubebuilder:validation:Minimum=0
	MinReplicas *int32 `json:"minReplicas,omitempty"`

	// The maximum number of replicas. Default: only the partitions limit them.
	// +optional
	// +kubebuilder:validation:Minimum=1
	MaxReplicas *int32 `json:"maxReplicas,omitempty"`

	// The maximum age of a record until it is processed. Default 30s.
	// +optional
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('1s') && duration(self) <= duration('24h')",message="must be between 1s and 24h"
	TargetLag *Duration `json:"targetLag,omitempty"`

	// The percentage of the records that should be processed within targetLag, such as 99.9. The cheapest way that would have kept it
	// in the last days is in force; where nothing within objectiveBudget can keep it, the status says so. Default: no
	// objective, and a constant reserve for returning peaks.
	// +optional
	// +kubebuilder:validation:Minimum=90
	// +kubebuilder:validation:Maximum=99.99
	Objective *float64 `json:"objective,omitempty"`

	// How many times the cheapest way the objective may cost. Default 1.5.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=4
	ObjectiveBudget *float64 `json:"objectiveBudget,omitempty"`

	// observe: only metrics. advise: make decisions and show them, never write replicas. act: write replicas. The
	// installation has a mode, too; the more restrictive of the two applies. Default advise.
	// +optional
	// +kubebuilder:validation:Enum=observe;advise;act
	Mode string `json:"mode,omitempty"`

	// capacity: replicas from arrival rate, capacity and backlog. thresholds: fixed lag thresholds. Default capacity.
	// +optional
	// +kubebuilder:validation:Enum=capacity;thresholds
	Policy string `json:"policy,omitempty"`

	// The thresholds of the groups' alerts. A group that a KafkaScaler names is declared: its alerts may be critical.
	// +optional
	SLO *SLO `json:"slo,omitempty"`

	// balanced, economy (fewer replicas, more late records) or latency (more replicas, fewer late records): sets the
	// headroom, stabilizationWindow and the reserve for the peak of the last hour together. Default balanced.
	// +optional
	// +kubebuilder:validation:Enum=balanced;economy;latency
	Preset string `json:"preset,omitempty"`

	// Times with their own minimum number of replicas. If several are active, the highest minimum applies.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	Schedule []Window `json:"schedule,omitempty"`

	// The time in which a backlog should be processed. Default 120s, or twice targetLag if that is longer.
	// +optional
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('1s') && duration(self) <= duration('24h')",message="must be between 1s and 24h"
	DrainTime *Duration `json:"drainTime,omitempty"`

	// The period whose highest demand must fit on fewer replicas before scaling down. Default: from the preset
	// (balanced 240s, economy 240s, latency 480s).
	// +optional
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('1s') && duration(self) <= duration('24h')",message="must be between 1s and 24h"
	StabilizationWindow *Duration `json:"stabilizationWindow,omitempty"`

	// The minimum number of replicas after the lag has been unknown for 5 minutes. Default: keep the current replicas.
	// +optional
	// +kubebuilder:validation:Minimum=1
	FallbackReplicas *int32 `json:"fallbackReplicas,omitempty"`

	// A lag above this number of records starts a target with zero replicas. Default 0: any record starts it.
	// +optional
	// +kubebuilder:validation:Minimum=0
	ActivationLag *int64 `json:"activationLag,omitempty"`

	// With minReplicas 0: the time without lag and without new records after which the target is scaled to zero.
	// Default 600s.
	// +optional
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('1s') && duration(self) <= duration('168h')",message="must be between 1s and 168h"
	IdleTime *Duration `json:"idleTime,omitempty"`

	// The effect on the target when this object is deleted. keep: the replicas stay. restore: a target at zero is set to
	// one replica. Default: restore if minReplicas is 0, otherwise keep.
	// +optional
	// +kubebuilder:validation:Enum=keep;restore
	OnDelete string `json:"onDelete,omitempty"`

	// The effect of replicas that somebody else sets to 0 in mode act, for example with kubectl scale --replicas=0. keep: the
	// target stays at zero until it is scaled up again. wake: records start it, as if lagscaler had scaled it to zero.
	// Default keep.
	// +optional
	// +kubebuilder:validation:Enum=keep;wake
	OnZeroByHand string `json:"onZeroByHand,omitempty"`
}

// Place is one of two places in which consumers of a group run.
type Place struct {
	// The percentage of the consumers that this place takes. The shares of both places must add up to 100. Default: it is learned
	// from where members ran over the last day; in the first hour it is at least 50.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=99
	Share *int32 `json:"share,omitempty"`
}

// ScaleTargetRef is the reference to the target.
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
	// The name of the Kafka cluster in the configuration of lagscaler.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9._-]+$`
	Cluster string `json:"cluster"`

	// The group.id of the consumers.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Group string `json:"group"`

	// Only these topics count. Default: all topics that the group consumes.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=256
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=249
	Topics []string `json:"topics,omitempty"`

	// Only topics whose complete name matches this regular expression (RE2) count.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="''.matches(self) in [true, false]",message="must be a regular expression (RE2)"
	TopicPattern string `json:"topicPattern,omitempty"`

	// The processing time of one record. The capacity of a consumer is first computed from it, and later replaced by the
	// measured throughput. Default: it is learned.
	// +optional
	// +kubebuilder:validation:XValidation:rule="duration(self) > duration('0s') && duration(self) <= duration('24h')",message="must be more than 0s and at most 24h"
	ProcessingTime *Duration `json:"processingTime,omitempty"`

	// The number of records that one consumer processes at the same time. Default 1.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=10000
	Concurrency *int32 `json:"concurrency,omitempty"`

	// How many consumers (members of the group) one replica runs. It is needed only where neither addresses nor client ids
	// tell which member runs in which pod, for example behind NAT. Default there: a scale down counts 1, and a scale up counts
	// what is learned from the members and the ready replicas.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=10000
	ConsumersPerReplica *int32 `json:"consumersPerReplica,omitempty"`

	// The session timeout of the consumers (session.timeout.ms, or group.consumer.session.timeout.ms of the brokers). It cannot be
	// read from outside. A member whose pod is gone counts as dead for so long, and no scale down follows from a change of the
	// members that is younger. Default: the longest time that a member was seen to stay without its pod, and 45s at least.
	// +optional
	// +kubebuilder:validation:XValidation:rule="duration(self) > duration('0s') && duration(self) <= duration('1h')",message="must be more than 0s and at most 1h"
	SessionTimeout *Duration `json:"sessionTimeout,omitempty"`

	// The commit interval of the consumers (auto.commit.interval.ms). Records that only wait for the next commit do not
	// count as backlog. Default 5s, which is the default of the Kafka clients.
	// +optional
	// +kubebuilder:validation:XValidation:rule="duration(self) > duration('0s') && duration(self) <= duration('1h')",message="must be more than 0s and at most 1h"
	CommitInterval *Duration `json:"commitInterval,omitempty"`

	// For how long a committed offset may stand while records wait: longer than the longest job, or the time between two
	// files of a sink. Partitions that stand for longer are stalled. Default: it is learned.
	// +optional
	// +kubebuilder:validation:XValidation:rule="duration(self) > duration('0s') && duration(self) <= duration('24h')",message="must be more than 0s and at most 24h"
	CommitsWithin *Duration `json:"commitsWithin,omitempty"`

	// How many offsets at the end of a partition are never read: markers of transactions, and aborted records if the
	// consumers read only committed ones. A lag of at most so many counts as nothing. Default: it is learned.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000000
	LeavesBehind *int64 `json:"leavesBehind,omitempty"`

	// The isolation.level of the consumers. Default read_uncommitted.
	// +optional
	// +kubebuilder:validation:Enum=read_uncommitted;read_committed
	Isolation string `json:"isolation,omitempty"`

	// Where the consumers begin in a partition in which the group has no commit (auto.offset.reset). It says which records
	// start a target with zero replicas there. Default: not known, so that all retained records start it, and keep its last
	// replica.
	// +optional
	// +kubebuilder:validation:Enum=earliest;latest
	OffsetReset string `json:"offsetReset,omitempty"`

	// Share groups: the number of members that the brokers allow in this group. Default: group.share.max.size of its
	// coordinator; if that cannot be read, 200 for a target without maxReplicas.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100000
	MaxShareMembers *int32 `json:"maxShareMembers,omitempty"`

	// This cluster is a copy of another one (MirrorMaker 2, Cluster Linking) to which the consumers fail over. Its group counts from
	// the moment at which consumers of the target are its members. Before that, neither what the mirror copies nor the commits that it
	// moves are a need. Topics are named per cluster: MirrorMaker prefixes its copies. Default: the cluster is in use.
	// +optional
	StandbyFor *StandbyFor `json:"standbyFor,omitempty"`
}

// StandbyFor says for which cluster a source stands by.
type StandbyFor struct {
	// The cluster of another source with the same group. One of the two is in use: the one that has members of the target, and until
	// the other one has them, the one that had them last. While both have members, the greater need applies, and nothing is scaled
	// down for at most an hour.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9._-]+$`
	Cluster string `json:"cluster"`

	// The longest time until a record of the other cluster has been copied to this one. Records that arrive here start a target with
	// zero replicas only after the cluster in use has had none for longer than that, or could not be read. Default 60s.
	// +optional
	// +kubebuilder:validation:XValidation:rule="duration(self) > duration('0s') && duration(self) <= duration('24h')",message="must be more than 0s and at most 24h"
	MirrorDelay *Duration `json:"mirrorDelay,omitempty"`
}

// SLO is the set of thresholds for the alerts of a group. They do not affect decisions.
type SLO struct {
	// The highest allowed lag of a partition, in records. Default 50000.
	// +optional
	// +kubebuilder:validation:Minimum=1
	Lag *int64 `json:"lag,omitempty"`

	// The highest allowed time lag of a partition. Default: no limit, and no burn rate alerts.
	// +optional
	// +kubebuilder:validation:XValidation:rule="duration(self) > duration('0s')",message="must be more than 0s"
	LagTime *Duration `json:"lagTime,omitempty"`

	// The allowed number of unplanned rebalances per hour. Default 4.
	// +optional
	// +kubebuilder:validation:Minimum=0
	RebalancesPerHour *float64 `json:"rebalancesPerHour,omitempty"`

	// The longest allowed duration of a rebalance. Default 30s.
	// +optional
	// +kubebuilder:validation:XValidation:rule="duration(self) > duration('0s')",message="must be more than 0s"
	RebalanceTime *Duration `json:"rebalanceTime,omitempty"`

	// The allowed fraction of the members that join or leave per minute. Default 0.1.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=1
	Churn *float64 `json:"churn,omitempty"`

	// The allowed skew of the assignment: 0 is as even as possible, 1 is all partitions on one member. Default 0.3.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=1
	Skew *float64 `json:"skew,omitempty"`
}

// Window is a recurring time with a minimum number of replicas.
type Window struct {
	// The start, as a cron expression: minute, hour, day of month, month, day of week; such as 0 8 * * 1-5. If the
	// clock skips it, the window opens when the clock goes on; if it comes twice, the first counts.
	// +required
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:Pattern=`^\S+( +\S+){4}$`
	Start string `json:"start"`

	// The end, as a cron expression. If the clock skips it, the window closes when the clock goes on; if it comes twice, the
	// last counts.
	// +required
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:Pattern=`^\S+( +\S+){4}$`
	End string `json:"end"`

	// The time zone of start and end, such as Europe/Berlin. Default UTC.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9_+/-]+$`
	TimeZone string `json:"timeZone,omitempty"`

	// The minimum number of replicas during this time.
	// +required
	// +kubebuilder:validation:Minimum=0
	MinReplicas int32 `json:"minReplicas"`
}
