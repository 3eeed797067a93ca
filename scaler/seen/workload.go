package seen

import (
	"cmp"
	"time"
)

// Ref names an object with a scale subresource.
type Ref struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace"`
	Name       string `json:"name"`
}

// String is the ref as people write it: kind/namespace/name.
func (r Ref) String() string { return r.Kind + "/" + r.Namespace + "/" + r.Name }

// Workload is the target as the platform has it now.
type Workload struct {
	Ref      Ref
	Found    bool
	HasScale bool

	Spec, Status, Ready int32 // replicas wanted, existing, ready

	Unschedulable      int32     // pods that found no node
	UnschedulableSince time.Time // of the oldest of them
	RolloutInProgress  bool
	Pods               []Pod // sorted by name; empty: unknown

	LastWrite Write // our own last one, or that of an autoscaler on the way to the number that it was given; zero: none
	Owner     Owner // another controller of the replicas; zero: none
	Followed  bool  `json:",omitempty"` // another autoscaler asks for our number and sets the replicas, perhaps for other triggers too

	// Annotations of the operator.
	Paused        bool
	PauseScaleIn  bool
	PauseScaleOut bool
	FixedReplicas *int32

	Freeze *Freeze `json:",omitempty"` // in force; nil: none

	// Refused is why the API server creates no more pods for the target, in its words: a ResourceQuota that is exceeded, or an
	// admission. Empty: it creates them, or the kind does not say (a StatefulSet says it only in Events).
	Refused string `json:",omitempty"`
}

// Sized reports whether the number of replicas is known: the target is there, and has a scale subresource.
func (w *Workload) Sized() bool { return w.Found && w.HasScale }

// Pod is one replica.
type Pod struct {
	Name        string
	UID         string `json:",omitempty"` // tells the pods of a StatefulSet apart that had the same name one after another
	IP          string
	OtherIP     string `json:",omitempty"` // of the other address family: a pod has at most one of each
	HostNetwork bool   `json:",omitempty"` // its address is the node's, which others have too
	Ready       bool
}

// key identifies a pod as long as it lives.
func (p *Pod) key() string { return cmp.Or(p.UID, p.Name) }

// Write is one change of the replicas.
type Write struct {
	At       time.Time
	From, To int32
}

// Owner is another controller that sets the target's replicas.
type Owner struct {
	Kind    string // HorizontalPodAutoscaler or ScaledObject; empty: nobody
	Name    string
	Paused  bool  // a paused ScaledObject does not own
	Desired int32 // replicas it wants
	Unknown bool  // it has not computed Desired yet
}

// Wants is how many replicas the owner wants, if that is known. A ScaledObject tells it through its HPA, and has none while
// it keeps its target at zero, is paused, or has just been made.
func (o Owner) Wants() (replicas int32, known bool) {
	return o.Desired, !o.Unknown && (o.Desired > 0 || o.Kind != "ScaledObject")
}

// Owns reports whether somebody else sets the replicas.
func (o Owner) Owns() bool { return o.Kind != "" && !o.Paused }
