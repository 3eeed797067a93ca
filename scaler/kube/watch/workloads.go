package watch

import (
	"fmt"
	"strconv"
	"time"

	"github.com/lagscaler/lagscaler/rebalancemon"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/kube/access"
	"github.com/lagscaler/lagscaler/scaler/kube/v1alpha1"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// Workloads are the targets of scalers as the caches show them. Reading them is no I/O.
type Workloads struct {
	Rights     *access.Rights
	Kinds      *Kinds
	Watches    *Watches
	Targets    *Targets
	Namespaces *Namespaces
}

// Declaration is what a scaler itself says of its target.
type Declaration struct {
	Annotations map[string]string // the operator's, which count before the target's own
	LastWrite   seen.Write        // of its status; zero: none
	Freeze      *seen.Freeze      // by its annotations; nil: none
}

// Find returns what is known of a target; read is false until its kind has been listed.
func (ws *Workloads) Find(ref seen.Ref) (t Target, found, read bool) {
	k, _ := ws.Kinds.lookUp(KindOf(ref))
	read = ws.Watches.Listed(Key{k.resource, ref.Namespace})
	t, found = ws.Targets.Find(ref)
	return t, found, read
}

// Hints are the resizes and rollouts of a target.
func (ws *Workloads) Hints(ref seen.Ref) []rebalancemon.Hint {
	t, _ := ws.Targets.Find(ref)
	return t.hints
}

// Read reads a scaler's target out of the caches: its size, its pods, its other autoscaler, its annotations and hints. What it
// refuses is the target or an annotation, never the declaration.
func (ws *Workloads) Read(s *scaler.Scaler, d Declaration, now time.Time) scaler.Refusal {
	if s.Mode == scaler.Observe {
		s.Hints = ws.Hints(s.Workload.Ref)
		if t, found, why := ws.sized(s.Workload.Ref); found && why == (scaler.Refusal{}) {
			s.Size = &t.Spec
		}
		return scaler.Refusal{} // no decision is made, so nothing more is read
	}
	t, found, why := ws.sized(s.Workload.Ref)
	if !found || why != (scaler.Refusal{}) {
		return why
	}
	w := &s.Workload
	s.Hints = t.hints
	w.Found, w.HasScale = true, t.scalable
	w.Spec, w.Status, w.Ready = t.Spec, t.status, t.ready
	w.RolloutInProgress, w.LastWrite = t.rolling, later(t.write, d.LastWrite)
	w.Owner = ws.owner(s.Workload.Ref)
	w.Refused = t.refused
	ofNamespace, read := ws.Namespaces.Freeze(w.Ref.Namespace, now)
	if !read {
		return scaler.RefuseTarget(v1alpha1.NotReadYet, "reading namespace %s, which may be frozen", w.Ref.Namespace)
	}
	w.Freeze = inForce(now, ofNamespace, d.Freeze, t.freeze)
	ws.readPods(w, t, now)
	if t.resting { // it keeps pods of both versions, so there may be more pods than its size
		w.Status, w.Ready = min(w.Status, w.Spec), min(w.Ready, w.Spec)
	}
	if err := applyAnnotations(w, d.Annotations, t.annotations); err != nil {
		return scaler.RefuseTarget(v1alpha1.Invalid, "%v", err)
	}
	return scaler.Refusal{}
}

// sized finds a target whose size is known, and refuses as long as it is not known whether it is there, or how large.
// That a target is not there is known when its kind has been listed, before and after it was looked for, or is not served.
func (ws *Workloads) sized(ref seen.Ref) (t Target, found bool, why scaler.Refusal) {
	k, asked := ws.Kinds.lookUp(KindOf(ref))
	key := Key{k.resource, ref.Namespace}
	if !asked {
		return t, false, scaler.RefuseTarget(v1alpha1.NotReadYet, "asking whether the API server serves %s %s", ref.APIVersion, ref.Kind)
	}
	if !k.served {
		return t, false, scaler.Refusal{}
	}
	if right, missing := ws.Rights.Lacks(k.resource.GroupResource(), ref.Namespace); missing {
		return t, false, scaler.RefuseTarget(v1alpha1.MissingRight, "%s", right.Missing())
	}
	listed := ws.Watches.Listed(key)
	t, found = ws.Targets.Find(ref)
	switch {
	case !listed || !found && !ws.Watches.Listed(key):
		return t, false, scaler.RefuseTarget(v1alpha1.NotReadYet, "listing %s", key)
	case !found || t.SizeKnown:
		return t, found, scaler.Refusal{}
	}
	if right, missing := ws.Rights.Lacks(t.ScaleRight("get").GroupResource(), ref.Namespace); missing {
		return t, false, scaler.RefuseTarget(v1alpha1.MissingRight, "%s", right.Missing())
	}
	return t, false, scaler.RefuseTarget(v1alpha1.NotReadYet, "reading the size of %s", ref)
}

// later is the later of two writes. One from before this process is known from the status, to the second.
func later(ours, ofStatus seen.Write) seen.Write {
	if ofStatus.At.After(ours.At) {
		return ofStatus
	}
	return ours
}

// applyAnnotations takes the operator's annotations into the workload. Any value but false pauses, so that a typing error
// never resumes scaling.
//
//	lagscaler.io/paused: "true"          paused
//	lagscaler.io/paused: ""              paused
//	lagscaler.io/paused: "false"         not paused
//	lagscaler.io/fixed-replicas: "5"     five replicas
//	lagscaler.io/fixed-replicas: "many"  an error: no decision is made
func applyAnnotations(w *seen.Workload, ofScaler, ofTarget map[string]string) error {
	set := func(name string) bool {
		for _, annotations := range []map[string]string{ofScaler, ofTarget} {
			if v, ok := annotations[name]; ok && v != "false" {
				return true
			}
		}
		return false
	}
	w.Paused, w.PauseScaleIn, w.PauseScaleOut = set(v1alpha1.AnnotationPaused), set(v1alpha1.AnnotationPauseScaleIn), set(v1alpha1.AnnotationPauseScaleOut)
	text, ok := ofScaler[v1alpha1.AnnotationFixedReplicas]
	if !ok {
		text, ok = ofTarget[v1alpha1.AnnotationFixedReplicas]
	}
	if !ok {
		return nil
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 0 {
		return fmt.Errorf("annotation %s: must be a number of replicas, not %q", v1alpha1.AnnotationFixedReplicas, text)
	}
	fixed := int32(n)
	w.FixedReplicas = &fixed
	return nil
}
