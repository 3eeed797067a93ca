package kube

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/kube/v1alpha1"
	"github.com/lagscaler/lagscaler/scaler/kube/watch"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// Declared is a scaler as a user declares it, in a custom resource or in the configuration file.
type Declared struct {
	Name   string // namespace/name
	Target seen.Ref
	Spec   scaler.Spec
}

// declarations are the declared scalers: the KafkaScalers that were read, and those of the settings.
type declarations struct {
	mu        sync.Mutex
	settings  Settings
	resources map[string]*resource // KafkaScalers by namespace/name
	triggers  *triggers            // of ScaledObjects, with settings of their own
}

// resource is one declared scaler: a KafkaScaler, or an entry of the configuration file. It is never changed.
type resource struct {
	Declared
	invalid     error          // the object does not decode, or its trigger is wrong
	file        bool           // declared in the configuration file
	unread      scaler.Refusal // of a trigger whose ScaledObject is not read, or is not there; zero: it is read
	uid         types.UID
	created     time.Time
	generation  int64
	annotations map[string]string
	labels      map[string]string
	writer      string                     // the field manager that wrote the specification last
	freeze      *seen.Freeze               // by its annotations; nil: none
	status      v1alpha1.KafkaScalerStatus // as last seen
	kept        keeper                     // the same, also when the object does not decode
}

func newDeclarations() *declarations {
	return &declarations{resources: map[string]*resource{}, triggers: newTriggers(time.Now, nil)}
}

func (d *declarations) configure(s Settings) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.settings = s
}

// current are the settings in force.
func (d *declarations) current() Settings {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.settings
}

// mode is the global mode.
func (d *declarations) mode() scaler.Mode { return d.current().Mode }

// changed stores a KafkaScaler that is there or changed, and returns it.
func (d *declarations) changed(o watch.Object) *resource {
	r := resourceOf(o)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.resources[r.Name] = r
	return r
}

func resourceOf(o watch.Object) *resource {
	r := &resource{
		uid: o.GetUID(), created: o.GetCreationTimestamp().Time, generation: o.GetGeneration(), annotations: o.GetAnnotations(),
		labels: o.GetLabels(), writer: watch.SpecBy(o), freeze: watch.FreezeOf(o, "KafkaScaler "+o.GetName()), kept: keeperOf(o),
	}
	var k v1alpha1.KafkaScaler
	// Through JSON, because its decoder names the field that is wrong; the library's converter does not.
	text, err := o.MarshalJSON()
	if err == nil {
		err = json.Unmarshal(text, &k)
	}
	if err != nil {
		r.invalid = err
		r.Name, r.Target.Namespace = nameOf(o), o.GetNamespace()
	} else {
		r.Declared, r.status = declaredOf(&k), k.Status
	}
	return r
}

func nameOf(o watch.Object) string { return o.GetNamespace() + "/" + o.GetName() }

// deleted removes a KafkaScaler that was deleted, and returns it as it was.
func (d *declarations) deleted(o watch.Object) (r *resource, known bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	r, known = d.resources[nameOf(o)]
	delete(d.resources, nameOf(o))
	return r, known
}

// resource is the KafkaScaler of that name; nil when there is none.
func (d *declarations) resource(name string) *resource {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.resources[name]
}

// all are the declared scalers, sorted by name. Of two with one name, the one of the configuration file counts.
func (d *declarations) all() []*resource {
	d.mu.Lock()
	byName := maps.Clone(d.resources)
	file := d.settings.Declared
	d.mu.Unlock()
	for _, f := range file {
		byName[f.Name] = &resource{Declared: f, file: true}
	}
	for _, r := range d.triggers.all() {
		byName[r.Name] = r
	}
	return slices.SortedFunc(maps.Values(byName), func(a, b *resource) int { return strings.Compare(a.Name, b.Name) })
}

// valid are the declared scalers that could be read and decoded, sorted by name.
func (d *declarations) valid() []*resource {
	return slices.DeleteFunc(d.all(), func(r *resource) bool { return r.invalid != nil || r.unread != scaler.Refusal{} })
}

// find is the declared scaler of that name, and who keeps it.
func (d *declarations) find(name string) (Declared, keeper, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, f := range d.settings.Declared {
		if f.Name == name {
			return f, keeper{}, true
		}
	}
	if r, ok := d.resources[name]; ok {
		return r.Declared, r.kept, true
	}
	if r := d.triggers.find(name); r != nil && r.unread == (scaler.Refusal{}) {
		return r.Declared, keeper{}, true
	}
	return Declared{}, keeper{}, false
}

func targetsOf(all []*resource) []seen.Ref {
	refs := make([]seen.Ref, len(all))
	for i, r := range all {
		refs[i] = r.Target
	}
	return refs
}

// older reports whether a was created before b: of two scalers on one target the older one has it. Those of the
// configuration file are older than any resource.
func older(a, b *resource) bool {
	if !a.created.Equal(b.created) {
		return a.created.Before(b.created)
	}
	return a.Name < b.Name
}

// declaration is what the scaler says of its target.
func (r *resource) declaration() watch.Declaration {
	d := watch.Declaration{Annotations: r.annotations, Freeze: r.freeze}
	if last := r.status.LastChange; last != nil {
		d.LastWrite = seen.Write{At: last.Time.Time, From: last.From, To: last.To}
	}
	return d
}
