package kube

import (
	"fmt"
	"strconv"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
)

// workloads are the targets of scalers as the caches show them. Reading them is no I/O.
type workloads struct {
	rights  *rights
	kinds   *kinds
	watches *watches
	targets *targets
}

// find returns what is known of a target; read is false until its kind has been listed.
func (ws *workloads) find(ref scaler.Ref) (t target, found, read bool) {
	k, _ := ws.kinds.lookUp(kindOf(ref))
	read = ws.watches.listed(watchKey{k.resource, ref.Namespace})
	t, found = ws.targets.find(ref)
	return t, found, read
}

// read takes a scaler's target out of the caches: its size, its pods, its other autoscaler, its annotations and hints.
func (ws *workloads) read(s *scaler.Scaler, r *resource, now time.Time) scaler.Refusal {
	if s.Mode == scaler.Observe {
		t, _ := ws.targets.find(r.Target)
		s.Hints = t.hints
		return none // no decision is made, so nothing more is read
	}
	t, found, why := ws.sized(r.Target)
	if !found || why != none {
		return why
	}
	w := &s.Workload
	s.Hints = t.hints
	w.Found, w.HasScale = true, t.scalable
	w.Spec, w.Status, w.Ready = t.spec, t.status, t.ready
	w.RolloutInProgress, w.LastWrite = t.rolling, lastWrite(t, r)
	w.Owner = ws.owner(r.Target)
	ws.readPods(w, t, now)
	if err := applyAnnotations(w, r.annotations, t.annotations); err != nil {
		return refuse(Invalid, "%v", err)
	}
	return none
}

// sized finds a target whose size is known, and refuses as long as it is not known whether it is there, or how large.
// That a target is not there is known when its kind has been listed, before and after it was looked for, or is not served.
func (ws *workloads) sized(ref scaler.Ref) (t target, found bool, why scaler.Refusal) {
	k, asked := ws.kinds.lookUp(kindOf(ref))
	key := watchKey{k.resource, ref.Namespace}
	if !asked {
		return t, false, refuse(NotReadYet, "asking whether the API server serves %s %s", ref.APIVersion, ref.Kind)
	}
	if !k.served {
		return t, false, none
	}
	if right, missing := ws.rights.lacks(k.resource.GroupResource(), ref.Namespace); missing {
		return t, false, refuse(MissingRight, "%s", missingRight(right))
	}
	listed := ws.watches.listed(key)
	t, found = ws.targets.find(ref)
	switch {
	case !listed || !found && !ws.watches.listed(key):
		return t, false, refuse(NotReadYet, "listing %s", key)
	case !found || t.sizeKnown:
		return t, found, none
	}
	if right, missing := ws.rights.lacks(t.scaleRight("get").groupResource(), ref.Namespace); missing {
		return t, false, refuse(MissingRight, "%s", missingRight(right))
	}
	return t, false, refuse(NotReadYet, "reading the size of %s", ref)
}

// lastWrite is our last write of the target's size. One from before this process is known from the status, to the second.
func lastWrite(t target, r *resource) scaler.Write {
	if last := r.status.LastChange; last != nil && last.Time.After(t.write.At) {
		return scaler.Write{At: last.Time.Time, From: last.From, To: last.To}
	}
	return t.write
}

// The annotations of an operator, on a KafkaScaler or on its target.
const (
	AnnotationPaused        = "lagscaler.io/paused"
	AnnotationPauseScaleIn  = "lagscaler.io/pause-scale-in"
	AnnotationPauseScaleOut = "lagscaler.io/pause-scale-out"
	AnnotationFixedReplicas = "lagscaler.io/fixed-replicas"
)

// applyAnnotations takes the operator's annotations into the workload. Any value but false pauses, so that a typing error
// never resumes scaling.
//
//	lagscaler.io/paused: "true"          paused
//	lagscaler.io/paused: ""              paused
//	lagscaler.io/paused: "false"         not paused
//	lagscaler.io/fixed-replicas: "5"     five replicas
//	lagscaler.io/fixed-replicas: "many"  an error: no decision is made
func applyAnnotations(w *scaler.Workload, ofScaler, ofTarget map[string]string) error {
	set := func(name string) bool {
		for _, annotations := range []map[string]string{ofScaler, ofTarget} {
			if v, ok := annotations[name]; ok && v != "false" {
				return true
			}
		}
		return false
	}
	w.Paused, w.PauseScaleIn, w.PauseScaleOut = set(AnnotationPaused), set(AnnotationPauseScaleIn), set(AnnotationPauseScaleOut)
	text, ok := ofScaler[AnnotationFixedReplicas]
	if !ok {
		text, ok = ofTarget[AnnotationFixedReplicas]
	}
	if !ok {
		return nil
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 0 {
		return fmt.Errorf("annotation %s: must be a number of replicas, not %q", AnnotationFixedReplicas, text)
	}
	fixed := int32(n)
	w.FixedReplicas = &fixed
	return nil
}
