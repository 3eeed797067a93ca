package kube

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/kube/v1alpha1"
	"github.com/lagscaler/lagscaler/scaler/kube/watch"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// triggerSuffix ends the name of a scaler that a trigger of a ScaledObject declares. No KafkaScaler can have such a name.
const triggerSuffix = "@keda"

func isTrigger(scaler string) bool { return strings.HasSuffix(scaler, triggerSuffix) }

// The bounds of triggers with settings of their own. Each costs what a KafkaScaler costs, and whoever may create a ScaledObject
// creates it.
const (
	mostTriggers            = 1000
	mostTriggersOfNamespace = 100
	triggerFor              = time.Hour   // after the last question
	absentFor               = time.Minute // after the first question, without a ScaledObject: it is perhaps not listed yet
)

// triggers are the ScaledObjects whose trigger carries the settings of a scaler, as far as KEDA asked for them in the last hour.
// The settings and the target are those of the ScaledObject in the API server, not those of the question: nobody can ask for what
// is not declared there.
type triggers struct {
	clock  func() time.Time
	lookUp func(namespace, name string) (so watch.ScaledObject, ok, read bool)

	mu    sync.Mutex
	asked map[string]asked // namespace/name of the ScaledObject
}

// asked is what is known of the questions of a trigger.
type asked struct {
	first, last time.Time
	absent      bool // the namespace was listed without its ScaledObject
}

func newTriggers(clock func() time.Time, find func(namespace, name string) (watch.ScaledObject, bool, bool)) *triggers {
	return &triggers{clock: clock, lookUp: find, asked: map[string]asked{}}
}

// ask notes a question; first: nobody asked for it before. The error says that there are too many. Questions for what does not exist take
// no place from others: whoever reaches the port can ask them.
func (ts *triggers) ask(namespace, name string) (first bool, err error) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.forgetOld()
	id, now := namespace+"/"+name, ts.clock()
	one, known := ts.asked[id]
	if !known {
		one.first = now
		if err := ts.makeRoom(namespace); err != nil {
			return false, err
		}
	}
	one.last = now
	ts.asked[id] = one
	return !known, nil
}

// makeRoom forgets a trigger without a ScaledObject where the bounds are reached.
func (ts *triggers) makeRoom(namespace string) error {
	own, absent, absentOwn := 0, "", ""
	for other, one := range ts.asked {
		ofNamespace := strings.HasPrefix(other, namespace+"/")
		if ofNamespace {
			own++
		}
		switch {
		case one.absent && ofNamespace:
			absentOwn = other
		case one.absent:
			absent = other
		}
	}
	switch full := len(ts.asked) >= mostTriggers; {
	case own < mostTriggersOfNamespace && !full:
	case absentOwn != "":
		delete(ts.asked, absentOwn)
	case own >= mostTriggersOfNamespace:
		return fmt.Errorf("%d triggers of namespace %s with settings of their own are asked for already: name a KafkaScaler instead",
			mostTriggersOfNamespace, namespace)
	case absent != "":
		delete(ts.asked, absent)
	default:
		return fmt.Errorf("%d triggers with settings of their own are asked for already: name a KafkaScaler instead", mostTriggers)
	}
	return nil
}

func (ts *triggers) forgetOld() {
	now := ts.clock()
	maps.DeleteFunc(ts.asked, func(_ string, one asked) bool {
		return now.Sub(one.last) > triggerFor || one.absent && now.Sub(one.first) > absentFor
	})
}

// found notes whether the ScaledObject of a trigger exists.
func (ts *triggers) found(id string, exists bool) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if one, is := ts.asked[id]; is {
		one.absent = !exists
		ts.asked[id] = one
	}
}

// namespaces are those of the ScaledObjects, sorted.
func (ts *triggers) namespaces() []string {
	var out []string
	for _, id := range ts.ids() {
		ns, _, _ := strings.Cut(id, "/")
		out = append(out, ns)
	}
	return slices.Compact(out)
}

func (ts *triggers) ids() []string {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.forgetOld()
	return slices.Sorted(maps.Keys(ts.asked))
}

func (ts *triggers) isAsked(id string) bool {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.forgetOld()
	_, is := ts.asked[id]
	return is
}

// all are the scalers that the triggers declare.
func (ts *triggers) all() []*resource {
	var out []*resource
	for _, id := range ts.ids() {
		out = append(out, ts.resource(id))
	}
	return out
}

// find is the scaler of that name; nil: it is not asked for.
func (ts *triggers) find(name string) *resource {
	id, is := strings.CutSuffix(name, triggerSuffix)
	if is && ts.isAsked(id) {
		return ts.resource(id)
	}
	return nil
}

// resource is the scaler that a ScaledObject declares.
func (ts *triggers) resource(id string) *resource {
	namespace, name, _ := strings.Cut(id, "/")
	r := &resource{}
	r.Name, r.Target.Namespace = id+triggerSuffix, namespace
	so, ok, read := ts.lookUp(namespace, name)
	switch {
	case !read:
		r.unread = scaler.RefuseTarget(v1alpha1.NotReadYet, "listing the ScaledObjects of namespace %s", namespace)
		return r
	case !ok:
		ts.found(id, false)
		r.unread = scaler.Refuse(v1alpha1.Invalid, "there is no ScaledObject %s", id)
		return r
	}
	ts.found(id, true)
	own := 0
	for i, t := range so.Triggers {
		if asks, err := ParseTrigger(t.Metadata); strings.HasPrefix(t.Type, "external") && asks.KafkaScaler == "" && hasSettings(t.Metadata) {
			if own++; err != nil {
				r.invalid = fmt.Errorf("ScaledObject %s: triggers[%d]: %w", id, i, err)
			}
			r.Spec = asks.Spec
		}
	}
	r.created, r.Target, r.Spec.MinReplicas, r.Spec.MaxReplicas = so.Created, so.Target, &so.Min, &so.Max
	if own != 1 {
		r.invalid = fmt.Errorf("ScaledObject %s has %d triggers with settings of lagscaler, not 1: several groups need a KafkaScaler, which a trigger names", id, own)
	}
	return r
}

// Trigger is what a trigger of a ScaledObject says: the name of a KafkaScaler in its namespace, or the settings of a scaler.
type Trigger struct {
	KafkaScaler string
	Spec        scaler.Spec
}

// triggerFields are the fields of a trigger that lagscaler reads, and how.
var triggerFields = map[string]func(t *Trigger, src *seen.SourceSpec, value string) error{
	"kafkaScaler":   func(t *Trigger, _ *seen.SourceSpec, v string) error { t.KafkaScaler = v; return nil },
	"kafkaCluster":  func(_ *Trigger, src *seen.SourceSpec, v string) error { src.Cluster = v; return nil },
	"consumerGroup": func(_ *Trigger, src *seen.SourceSpec, v string) error { src.Group = v; return nil },
	"topics":        topicsField,
	"offsetReset": func(_ *Trigger, src *seen.SourceSpec, v string) error {
		src.OffsetReset = seen.OffsetReset(v)
		return nil
	},
	"processingTime":      func(_ *Trigger, src *seen.SourceSpec, v string) error { return lengthField(&src.ProcessingTime, v) },
	"concurrency":         func(_ *Trigger, src *seen.SourceSpec, v string) error { return countField(&src.Concurrency, v) },
	"consumersPerReplica": func(_ *Trigger, src *seen.SourceSpec, v string) error { return countField(&src.ConsumersPerReplica, v) },
	"targetLag":           func(t *Trigger, _ *seen.SourceSpec, v string) error { return lengthField(&t.Spec.TargetLag, v) },
	"preset":              func(t *Trigger, _ *seen.SourceSpec, v string) error { t.Spec.Preset = scaler.Preset(v); return nil },
}

// kedaFields are those that KEDA itself reads of an external trigger.
var kedaFields = []string{"scalerAddress", "enableTLS", "unsafeSsl", "tlsCertFile"}

func hasSettings(metadata map[string]string) bool {
	return metadata["kafkaCluster"]+metadata["consumerGroup"] != ""
}

func topicsField(_ *Trigger, src *seen.SourceSpec, v string) error {
	for topic := range strings.SplitSeq(v, ",") {
		src.Topics = append(src.Topics, strings.TrimSpace(topic))
	}
	return nil
}

func lengthField(to *time.Duration, v string) (err error) {
	if *to, err = time.ParseDuration(v); err != nil || *to <= 0 {
		return fmt.Errorf("must be a time such as 50ms, not %q", v)
	}
	return nil
}

func countField(to *int32, v string) error {
	n, err := strconv.ParseInt(v, 10, 32)
	if err != nil || n < 1 {
		return fmt.Errorf("must be a number of at least 1, not %q", v)
	}
	*to = int32(n)
	return nil
}

// ParseTrigger reads the metadata of a trigger. The error has everything that is wrong. Neither the value of an unknown field nor
// that of a field of KEDA is printed.
func ParseTrigger(metadata map[string]string) (Trigger, error) {
	var t Trigger
	var src seen.SourceSpec
	var wrong []string
	for _, name := range slices.Sorted(maps.Keys(metadata)) {
		read, ours := triggerFields[name]
		switch {
		case ours:
			if err := read(&t, &src, strings.TrimSpace(metadata[name])); err != nil {
				wrong = append(wrong, fmt.Sprintf("%s: %v", name, err))
			}
		case !slices.Contains(kedaFields, name):
			wrong = append(wrong, fmt.Sprintf("%s: lagscaler does not know this field; it knows %s", name,
				strings.Join(slices.Sorted(maps.Keys(triggerFields)), ", ")))
		}
	}
	switch {
	case t.KafkaScaler != "":
		for _, name := range slices.Sorted(maps.Keys(triggerFields)) {
			if _, set := metadata[name]; set && name != "kafkaScaler" {
				wrong = append(wrong, name+": must not be set together with kafkaScaler, which has the settings")
			}
		}
	case !hasSettings(metadata):
		wrong = append(wrong, "kafkaScaler: is missing: the name of a KafkaScaler in the namespace of the ScaledObject, or kafkaCluster and consumerGroup")
	default:
		t.Spec.Sources = []seen.SourceSpec{src}
		if _, err := t.Spec.Policy(); err != nil {
			wrong = append(wrong, strings.Split(triggerWords.Replace(err.Error()), "\n")...)
		}
	}
	if len(wrong) > 0 {
		return t, fmt.Errorf("%s", strings.Join(wrong, "; "))
	}
	return t, nil
}

// triggerWords name a field as the trigger has it.
var triggerWords = strings.NewReplacer("sources[0].cluster", "kafkaCluster", "sources[0].group", "consumerGroup", "sources[0].", "")

// AskFor is the scaler that a trigger of a ScaledObject asks for. A trigger with settings of its own is one from its first question
// on; its ScaledObject is read then.
func (c *Controller) AskFor(namespace, scaledObject string, metadata map[string]string) (scaler string, own bool, err error) {
	t, err := ParseTrigger(metadata)
	switch {
	case err != nil:
		return "", false, err
	case t.KafkaScaler != "":
		return namespace + "/" + t.KafkaScaler, false, nil
	case !c.watchesNamespace(namespace):
		return "", true, fmt.Errorf("namespace %s is not watched", namespace)
	}
	return namespace + "/" + scaledObject + triggerSuffix, true, nil
}

// Follow reads the ScaledObject of a trigger with settings of its own from now on.
func (c *Controller) Follow(namespace, scaledObject string) error {
	first, err := c.declarations.triggers.ask(namespace, scaledObject)
	if first {
		signal(c.wake)
	}
	return err
}
