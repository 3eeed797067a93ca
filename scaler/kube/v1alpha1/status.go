package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// The condition types of a KafkaScaler.
const (
	Ready          = "Ready"          // the resource makes sense, its target and groups are there and can be read
	Active         = "Active"         // replicas run, or would run if the workload were not stopped
	AbleToScale    = "AbleToScale"    // a change would be written now
	ScalingLimited = "ScalingLimited" // a limit changed what the decision asked for
	Paused         = "Paused"         // an annotation of the operator holds the replicas
	Permitted      = "Permitted"      // every right that this needs is there
)

// KafkaScalerStatus is the last decision, and what it rests on. It is written when something changed, and not more often
// than every few seconds; the daemon's metrics and pages are always of the last poll.
// A number that is not known is absent, never 0.
type KafkaScalerStatus struct {
	// The generation of the spec that the rest speaks of.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// The workload, as kind/name.
	// +optional
	Target string `json:"target,omitempty"`

	// The consumer groups, separated by commas.
	// +optional
	Groups string `json:"groups,omitempty"`

	// Replicas that the workload asks for now.
	// +optional
	CurrentReplicas *int32 `json:"currentReplicas,omitempty"`

	// Replicas that it should have.
	// +optional
	DesiredReplicas *int32 `json:"desiredReplicas,omitempty"`

	// Partitions that can be worked on at the same time: more replicas than this would idle.
	// +optional
	Partitions *int32 `json:"partitions,omitempty"`

	// Records waiting, over all groups.
	// +optional
	Lag *int64 `json:"lag,omitempty"`

	// Age of the oldest record waiting.
	// +optional
	TimeLag string `json:"timeLag,omitempty"`

	// Records arriving per second, over all groups.
	// +optional
	ArrivalRate *float64 `json:"arrivalRate,omitempty"`

	// Records processed per second, over all groups.
	// +optional
	ConsumptionRate *float64 `json:"consumptionRate,omitempty"`

	// Records per second that one consumer does, of the group that decides.
	// +optional
	CapacityPerConsumer *float64 `json:"capacityPerConsumer,omitempty"`

	// Where that number comes from: declared, learned or observed.
	// +optional
	CapacitySource string `json:"capacitySource,omitempty"`

	// +optional
	LastDecision *LastDecision `json:"lastDecision,omitempty"`

	// The last change of replicas that was written.
	// +optional
	LastChange *LastChange `json:"lastChange,omitempty"`

	// The policy in force: defaults and preset filled in.
	// +optional
	Policy *PolicyInForce `json:"policy,omitempty"`
}

// LastDecision is what was decided, and why.
type LastDecision struct {
	// One of the documented reasons.
	Reason string `json:"reason"`

	// The line that derives the number.
	Message string `json:"message"`

	// Applied, Advised, Follower, Paused, Conflict or Failed; absent when there was nothing to do.
	// +optional
	Disposition string `json:"disposition,omitempty"`

	// When this was first decided.
	Time metav1.Time `json:"time"`
}

// LastChange is a write of the replicas.
type LastChange struct {
	From   int32       `json:"from"`
	To     int32       `json:"to"`
	Reason string      `json:"reason"`
	Time   metav1.Time `json:"time"`
}

// PolicyInForce is the spec with its defaults and preset filled in.
type PolicyInForce struct {
	Mode   string `json:"mode"`
	Policy string `json:"policy"`
	Preset string `json:"preset"`

	// Share of a consumer's capacity that is planned for, going up.
	TargetUtilization float64 `json:"targetUtilization"`

	// And going down.
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
}
