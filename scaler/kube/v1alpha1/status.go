package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// The condition types of a KafkaScaler.
const (
	Ready          = "Ready"          // the spec is valid, and the daemon has the data for a decision
	Active         = "Active"         // the target asks for at least one replica
	AbleToScale    = "AbleToScale"    // the daemon would write a change now
	ScalingLimited = "ScalingLimited" // a limit changed the number of replicas that the decision asked for
	Paused         = "Paused"         // an annotation on the scaler or the target, or a freeze, stops or limits changes
	Permitted      = "Permitted"      // the daemon has all permissions that this scaler needs

	ScaleDownStopped = "ScaleDownStopped" // its own steps down, or those of other scalers, stopped it from scaling down
)

// The reasons of the condition Ready when a scaler is refused: no decision is made for it.
const (
	Invalid        = "Invalid"        // the spec or an annotation is not valid
	UnknownCluster = "UnknownCluster" // it names a Kafka cluster that the configuration does not have
	NotAllowed     = "NotAllowed"     // its namespace may not name the cluster or the group
	TargetTaken    = "TargetTaken"    // an older scaler has the same target
	MissingRight   = "MissingRight"   // a permission is missing that the daemon needs to read the target
	NotReadYet     = "NotReadYet"     // the target's kind is being listed for the first time
)

// WaitingForGroup is the reason of the condition Ready, whose status is then Unknown, when a group does not exist and no
// replica of the target is ready: if the name is right, the first consumer that joins creates the group.
const WaitingForGroup = "WaitingForGroup"

// The annotations of an operator, on a KafkaScaler or on its target.
const (
	AnnotationPaused        = "lagscaler.io/paused"
	AnnotationPauseScaleIn  = "lagscaler.io/pause-scale-in"
	AnnotationPauseScaleOut = "lagscaler.io/pause-scale-out"
	AnnotationFixedReplicas = "lagscaler.io/fixed-replicas"
)

// The annotations of a freeze, on a namespace, a KafkaScaler or its target.
const (
	AnnotationFreeze       = "lagscaler.io/freeze"        // down, or all
	AnnotationFreezeUntil  = "lagscaler.io/freeze-until"  // a time of RFC 3339; absent: 24 h after the annotation was written
	AnnotationFreezeReason = "lagscaler.io/freeze-reason" // why, for people
)

// KafkaScalerStatus is the last decision and the numbers behind it. The daemon writes it if something has changed, at most
// once every few seconds; the metrics and pages of the daemon always show the last poll.
// A number that is unknown is absent, never 0.
type KafkaScalerStatus struct {
	// The generation of the spec to which this status belongs.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// The target, as kind/name.
	// +optional
	Target string `json:"target,omitempty"`

	// The consumer groups, separated by commas.
	// +optional
	Groups string `json:"groups,omitempty"`

	// The current number of replicas in the spec of the target.
	// +optional
	CurrentReplicas *int32 `json:"currentReplicas,omitempty"`

	// The number of replicas of the last decision.
	// +optional
	DesiredReplicas *int32 `json:"desiredReplicas,omitempty"`

	// The number of replicas that can have a partition; more replicas would be idle.
	// +optional
	Partitions *int32 `json:"partitions,omitempty"`

	// The lag of all groups, in records.
	// +optional
	Lag *int64 `json:"lag,omitempty"`

	// The lag in records as text; ">=" means at least, because a partition did not answer.
	// +optional
	LagText string `json:"lagText,omitempty"`

	// The age of the oldest record that is not processed yet; ">=" means at least, "<=" at most.
	// +optional
	TimeLag string `json:"timeLag,omitempty"`

	// The arrival rate of all groups, in records per second.
	// +optional
	ArrivalRate *float64 `json:"arrivalRate,omitempty"`

	// The consumption rate of all groups, in records per second.
	// +optional
	ConsumptionRate *float64 `json:"consumptionRate,omitempty"`

	// The capacity of one consumer of the deciding group, in records per second.
	// +optional
	CapacityPerConsumer *float64 `json:"capacityPerConsumer,omitempty"`

	// The source of that capacity: declared, learned or observed.
	// +optional
	CapacitySource string `json:"capacitySource,omitempty"`

	// +optional
	LastDecision *LastDecision `json:"lastDecision,omitempty"`

	// The last change of replicas that was written.
	// +optional
	LastChange *LastChange `json:"lastChange,omitempty"`

	// The effective policy, including defaults and preset.
	// +optional
	Policy *PolicyInForce `json:"policy,omitempty"`

	// The objective of the spec, and what keeps it. Of several groups, the one that keeps least.
	// +optional
	Objective *ObjectiveStatus `json:"objective,omitempty"`

	// Why the target has zero replicas, and what its topics had then. It is written before the replicas are set to 0.
	// +optional
	Asleep *Asleep `json:"asleep,omitempty"`

	// The installation of lagscaler that keeps this KafkaScaler: it alone writes the replicas of the target and this status.
	// +optional
	KeptBy *Keeper `json:"keptBy,omitempty"`
}

// ObjectiveStatus is the objective of the spec, and what keeps it.
type ObjectiveStatus struct {
	// The percentage of the records that should be processed within targetLag.
	Percent float64 `json:"percent"`

	// Whether something within objectiveBudget would have kept it in the last days; absent in the first 24 hours.
	// +optional
	Reachable *bool `json:"reachable,omitempty"`

	// The percentage that what is in force would have kept in the last days; absent in the first 24 hours.
	// +optional
	WouldHaveKept string `json:"wouldHaveKept,omitempty"`

	// The percentage that was really kept in the last days, as far as lagscaler set the replicas and could measure it.
	// +optional
	Kept string `json:"kept,omitempty"`

	// What is in force, and why.
	Message string `json:"message"`

	// Another target for which the same objective would cost less than two thirds.
	// +optional
	Cheaper string `json:"cheaper,omitempty"`
}

// Keeper is the installation of lagscaler that keeps a KafkaScaler.
type Keeper struct {
	// The Lease of the installation, as namespace/name. While it is renewed, no other installation takes over.
	Lease string `json:"lease"`

	// The mode in which the installation keeps it: advise or act. An installation that acts takes over from one that advises.
	Mode string `json:"mode"`

	// The time at which the leader of the installation wrote this.
	Since metav1.MicroTime `json:"since"`
}

// Asleep is what is remembered of a target at zero replicas, and of its last start from there.
type Asleep struct {
	// The time since which the target has zero replicas, as far as it was seen.
	// +optional
	Since *metav1.Time `json:"since,omitempty"`

	// The time at which lagscaler was about to set the replicas to 0. Absent if zero replicas would be somebody else's.
	// +optional
	Intent *metav1.Time `json:"intent,omitempty"`

	// The time at which somebody else's change of the replicas to 0 was seen.
	// +optional
	ByHand *metav1.Time `json:"byHand,omitempty"`

	// The time since which records have waited without a replica.
	// +optional
	WaitingSince *metav1.Time `json:"waitingSince,omitempty"`

	// The topics when the target went to zero.
	// +optional
	// +listType=atomic
	Topics []AsleepTopic `json:"topics,omitempty"`

	// The topics for which the target was started, and in whose partitions the group has no new commit yet.
	// +optional
	// +listType=atomic
	Woken []AsleepTopic `json:"woken,omitempty"`
}

// AsleepTopic is a topic of a source of a target at zero replicas.
type AsleepTopic struct {
	Cluster string `json:"cluster"`
	Group   string `json:"group"`
	Topic   string `json:"topic"`

	// The id of the topic; absent if it did not exist.
	// +optional
	ID string `json:"id,omitempty"`

	// The sum of the log ends of the partitions without a commit.
	// +optional
	Ends int64 `json:"ends,omitempty"`

	// The sum of the log starts of these partitions.
	// +optional
	Starts int64 `json:"starts,omitempty"`

	// The number of these partitions.
	// +optional
	Uncommitted int32 `json:"uncommitted,omitempty"`

	// The sum of the positions of the partitions with a commit.
	// +optional
	Read int64 `json:"read,omitempty"`

	// The number of these partitions.
	// +optional
	Committed int32 `json:"committed,omitempty"`

	// The topic could not be read then.
	// +optional
	Pending bool `json:"pending,omitempty"`

	// Of a topic for which the target was started: the partitions without a commit in which records may have arrived, as 0,3-7.
	// +optional
	Partitions string `json:"partitions,omitempty"`
}

// LastDecision is the last decision and its reason.
type LastDecision struct {
	// One of the documented reasons.
	Reason string `json:"reason"`

	// The line with the derivation of the number.
	Message string `json:"message"`

	// Applied, Advised, Answered, Follower, Paused, Conflict or Failed. Absent if a write would be possible, and no change was needed.
	// +optional
	Disposition string `json:"disposition,omitempty"`

	// The time at which this was first decided.
	Time metav1.Time `json:"time"`
}

// LastChange is a change of replicas that was written.
type LastChange struct {
	From   int32       `json:"from"`
	To     int32       `json:"to"`
	Reason string      `json:"reason"`
	Time   metav1.Time `json:"time"`
}

// PolicyInForce is the spec with the values of the defaults and the preset.
type PolicyInForce struct {
	Mode   string `json:"mode"`
	Policy string `json:"policy"`
	Preset string `json:"preset"`

	// The planned share of a consumer's capacity, for scaling up.
	TargetUtilization float64 `json:"targetUtilization"`

	// The same for scaling down.
	DownUtilization float64 `json:"downUtilization"`

	MinReplicas int32 `json:"minReplicas"`

	// +optional
	MaxReplicas *int32 `json:"maxReplicas,omitempty"`

	// +optional
	FallbackReplicas *int32 `json:"fallbackReplicas,omitempty"`

	TargetLag           metav1.Duration `json:"targetLag"`
	DrainTime           metav1.Duration `json:"drainTime"`
	StabilizationWindow metav1.Duration `json:"stabilizationWindow"`
	OnDelete            string          `json:"onDelete"`

	// The percentage of the records that should be processed within targetLag.
	// +optional
	Objective *float64 `json:"objective,omitempty"`

	// How many times the cheapest way the objective may cost.
	// +optional
	ObjectiveBudget *float64 `json:"objectiveBudget,omitempty"`
}
