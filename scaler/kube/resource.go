package kube

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/kube/v1alpha1"
)

// resource is one declared scaler: a KafkaScaler, or an entry of the configuration file.
type resource struct {
	Declared
	invalid     error // the object does not even decode
	file        bool  // declared in the configuration file
	uid         types.UID
	created     time.Time
	generation  int64
	annotations map[string]string
	status      v1alpha1.KafkaScalerStatus // as last seen
}

// resourceChanged takes in a KafkaScaler as the watch shows it.
func (c *Controller) resourceChanged(o object) {
	r := &resource{
		uid: o.GetUID(), created: o.GetCreationTimestamp().Time, generation: o.GetGeneration(), annotations: o.GetAnnotations(),
	}
	var k v1alpha1.KafkaScaler
	// By way of JSON, whose decoder names the field that is wrong; the library's converter does not.
	text, err := o.MarshalJSON()
	if err == nil {
		err = json.Unmarshal(text, &k)
	}
	if err != nil {
		r.invalid = err
		r.Name = o.GetNamespace() + "/" + o.GetName()
	} else {
		r.Declared, r.status = declaredOf(&k), k.Status
	}
	c.mu.Lock()
	c.resources[r.Name] = r
	delete(c.orphans, r.Name)
	c.mu.Unlock()
	signal(c.wake)
}

// resourceDeleted takes in that a KafkaScaler is gone. Its target may have to be restored, see restore.
func (c *Controller) resourceDeleted(o object) {
	name := o.GetNamespace() + "/" + o.GetName()
	c.mu.Lock()
	if r, ok := c.resources[name]; ok {
		c.orphans[name] = orphanOf(r.Declared)
	}
	delete(c.resources, name)
	delete(c.written, name)
	c.mu.Unlock()
	signal(c.wake)
}

// declarations are all declared scalers, invalid ones apart, sorted by name; and the global mode.
func (c *Controller) declarations() (scaler.Mode, []*resource) {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := slices.DeleteFunc(c.all(), func(r *resource) bool { return r.invalid != nil })
	return c.settings.Mode, all
}

// all are the scalers of the file and the custom resources, sorted by name, the older first where a name stands twice.
// The caller holds the lock.
func (c *Controller) all() []*resource {
	var all []*resource
	for _, d := range c.settings.Declared {
		all = append(all, &resource{Declared: d, file: true})
	}
	for _, r := range c.resources {
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b *resource) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// older reports whether a came before b: of two scalers on one target the older one holds it. The file is older than
// any resource.
func older(a, b *resource) bool {
	if !a.created.Equal(b.created) {
		return a.created.Before(b.created)
	}
	return a.Name < b.Name
}

// The annotations of an operator, on a KafkaScaler or on its target.
const (
	AnnotationPaused        = "lagscaler.io/paused"
	AnnotationPauseScaleIn  = "lagscaler.io/pause-scale-in"
	AnnotationPauseScaleOut = "lagscaler.io/pause-scale-out"
	AnnotationFixedReplicas = "lagscaler.io/fixed-replicas"
)

// operate takes the operator's annotations into the workload. Anything but false pauses: a typo must not scale.
//
//	lagscaler.io/paused: "true"          paused
//	lagscaler.io/paused: ""              paused
//	lagscaler.io/paused: "false"         not paused
//	lagscaler.io/fixed-replicas: "5"     five replicas
//	lagscaler.io/fixed-replicas: "many"  an error: nothing is decided
func operate(w *scaler.Workload, scalerSays, targetSays map[string]string) error {
	on := func(name string) bool {
		for _, says := range []map[string]string{scalerSays, targetSays} {
			if v, ok := says[name]; ok && v != "false" {
				return true
			}
		}
		return false
	}
	w.Paused, w.PauseScaleIn, w.PauseScaleOut = on(AnnotationPaused), on(AnnotationPauseScaleIn), on(AnnotationPauseScaleOut)
	text, ok := scalerSays[AnnotationFixedReplicas]
	if !ok {
		text, ok = targetSays[AnnotationFixedReplicas]
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
