package election

import (
	"context"
	"slices"
	"strings"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	coordinationclient "k8s.io/client-go/kubernetes/typed/coordination/v1"
)

// The Lease says three things about its installation, as annotations.
const (
	annotationKeeps      = "lagscaler.io/keeps"       // the namespaces whose KafkaScalers it may keep: "*", or a list with commas; "" for none
	annotationFirstWrite = "lagscaler.io/first-write" // the time since which its writes carry its own field manager
	annotationAnswersAt  = "lagscaler.io/answers-at"  // the address at which its leader answers other autoscalers; none: it does not
)

// Keeps reports whether the installation of a Lease may keep KafkaScalers of a namespace. The Lease of another program keeps none.
func Keeps(lease *coordinationv1.Lease, namespace string) bool {
	names := strings.Split(lease.Annotations[annotationKeeps], ",")
	return slices.Contains(names, "*") || slices.Contains(names, namespace)
}

// AnswersAt is the address at which the holder of a Lease answers other autoscalers; empty: it does not, or nobody holds it.
func AnswersAt(lease *coordinationv1.Lease) string {
	if lease.Spec.HolderIdentity == nil || *lease.Spec.HolderIdentity == "" {
		return ""
	}
	return lease.Annotations[annotationAnswersAt]
}

// FirstWrite is the time since which this installation writes under a field manager of its own. Replicas of an earlier version
// wrote under the name of the program before it. ok is false as long as none has written so.
func (e *Election) FirstWrite() (at time.Time, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.firstWrite, !e.firstWrite.IsZero()
}

// LeaderAnswersAt is the address at which the leader answers other autoscalers, as the Lease said when it was last read. Empty: it
// does not, or nobody leads.
func (e *Election) LeaderAnswersAt() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.leaderAt
}

// read notes what the Lease says about the installation.
func (e *Election) read(lease *coordinationv1.Lease) {
	e.mu.Lock()
	e.leaderAt = AnswersAt(lease)
	e.mu.Unlock()
	at, err := time.Parse(time.RFC3339, lease.Annotations[annotationFirstWrite])
	if err != nil {
		return // no replica of this version has led yet, or somebody edited it: the next leader writes it anew
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.firstWrite = at
}

// markedLeases are Leases that carry the annotations as soon as this replica has written them.
type markedLeases struct {
	coordinationclient.LeasesGetter
	election *Election
	manager  string
	keeps    func() []string
	answers  string // the address at which this replica answers other autoscalers; empty: it does not
}

func (m markedLeases) Leases(namespace string) coordinationclient.LeaseInterface {
	return markedLease{LeaseInterface: m.LeasesGetter.Leases(namespace), of: m}
}

type markedLease struct {
	coordinationclient.LeaseInterface
	of markedLeases
}

func (m markedLease) Get(ctx context.Context, name string, o metav1.GetOptions) (*coordinationv1.Lease, error) {
	lease, err := m.LeaseInterface.Get(ctx, name, o)
	return m.of.read(lease, err)
}

func (m markedLease) Create(ctx context.Context, lease *coordinationv1.Lease, o metav1.CreateOptions) (*coordinationv1.Lease, error) {
	o.FieldManager = m.of.manager
	created, err := m.LeaseInterface.Create(ctx, m.of.mark(lease, true), o)
	return m.of.wrote(created, err)
}

func (m markedLease) Update(ctx context.Context, lease *coordinationv1.Lease, o metav1.UpdateOptions) (*coordinationv1.Lease, error) {
	o.FieldManager = m.of.manager
	updated, err := m.LeaseInterface.Update(ctx, m.of.mark(lease, false), o)
	return m.of.wrote(updated, err)
}

// mark writes the annotations on a Lease that is about to be written.
func (m markedLeases) mark(lease *coordinationv1.Lease, fresh bool) *coordinationv1.Lease {
	metav1.SetMetaDataAnnotation(&lease.ObjectMeta, annotationKeeps, strings.Join(m.keeps(), ","))
	if delete(lease.Annotations, annotationAnswersAt); m.answers != "" {
		metav1.SetMetaDataAnnotation(&lease.ObjectMeta, annotationAnswersAt, m.answers)
	}
	if _, err := time.Parse(time.RFC3339, lease.Annotations[annotationFirstWrite]); err != nil {
		metav1.SetMetaDataAnnotation(&lease.ObjectMeta, annotationFirstWrite, time.Now().UTC().Format(time.RFC3339))
	}
	if marker := m.election.marker; marker != nil {
		marker.Mark(lease.Annotations, m.election.holds(), fresh)
	}
	return lease
}

func (m markedLeases) wrote(lease *coordinationv1.Lease, err error) (*coordinationv1.Lease, error) {
	if marker := m.election.marker; marker != nil && err == nil {
		marker.Marked()
	}
	return m.read(lease, err)
}

func (m markedLeases) read(lease *coordinationv1.Lease, err error) (*coordinationv1.Lease, error) {
	if err == nil {
		if marker := m.election.marker; marker != nil {
			marker.Read(lease.Annotations)
		}
		m.election.read(lease)
	}
	return lease, err
}
