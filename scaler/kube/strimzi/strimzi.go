package strimzi

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/lagscaler/lagscaler/scaler/kube/access"
)

// kafkaKind is the resource of Strimzi; its version is the one that the API server prefers.
var kafkaKind = schema.GroupVersionKind{Group: "kafka.strimzi.io", Kind: "Kafka"}

// Discovery follows the Kafka resources of some selections.
type Discovery struct {
	api     access.API
	resolve func(schema.GroupVersionKind) (schema.GroupVersionResource, bool)
	changed func([]Found)
	wake    chan struct{}

	mu     sync.Mutex
	wanted []Selection

	running map[key]*watch // the rest is of Run alone
	told    []Found
	once    bool // something was told
}

// New finds nothing before Run. The function resolve finds the resource of a kind, false if it is not served; changed gets all clusters
// whenever one of them is another than before, and must not block.
func New(a access.API, resolve func(schema.GroupVersionKind) (schema.GroupVersionResource, bool), changed func([]Found)) *Discovery {
	return &Discovery{api: a, resolve: resolve, changed: changed, wake: make(chan struct{}, 1), running: map[key]*watch{}}
}

// Configure says what to select, in force within a moment.
func (d *Discovery) Configure(wanted []Selection) {
	d.mu.Lock()
	d.wanted = slices.Clone(wanted)
	d.mu.Unlock()
	d.signal()
}

func (d *Discovery) signal() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// askAgain is the time between two looks at whether the kind is served by now.
const askAgain = 30 * time.Second

// Run watches until ctx ends.
func (d *Discovery) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ticker := time.NewTicker(askAgain)
	defer ticker.Stop()
	for {
		d.look(ctx, &wg)
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		case <-d.wake:
		}
	}
}

// look starts and ends watches, and tells what they found if it is different.
func (d *Discovery) look(ctx context.Context, wg *sync.WaitGroup) {
	d.mu.Lock()
	wanted := d.wanted
	d.mu.Unlock()
	needed := map[key]bool{}
	follow := func(k key) *watch {
		needed[k] = true
		if d.running[k] == nil {
			d.running[k] = start(ctx, wg, d.api, k, d.signal)
		}
		return d.running[k]
	}
	var all []Found
	for _, s := range wanted {
		for _, f := range d.find(s, follow) {
			f.By = s
			if !slices.ContainsFunc(all, func(g Found) bool { return g.Origin() == f.Origin() }) { // the first selection has it
				all = append(all, f)
			}
		}
	}
	for k, w := range d.running {
		if !needed[k] {
			w.stop()
			delete(d.running, k)
		}
	}
	if !d.once && len(wanted) == 0 || d.once && reflect.DeepEqual(all, d.told) {
		return
	}
	d.once, d.told = true, all
	d.changed(slices.Clone(all))
}

// find is what a selection finds: one for each of its Kafka resources, sorted by name. What is not read yet is as it was told last.
func (d *Discovery) find(s Selection, follow func(key) *watch) []Found {
	resource, served := d.resolve(kafkaKind)
	if !served {
		return []Found{{Namespace: s.Namespace, Err: errors.New("the API server does not serve the kind Kafka of kafka.strimzi.io, or could not be asked yet")}}
	}
	k := key{resource: resource, namespace: s.Namespace, labels: s.Labels}
	objects, err := follow(k).list(k)
	if wait := (waiting{}); errors.As(err, &wait) {
		return slices.DeleteFunc(slices.Clone(d.told), func(f Found) bool { return f.By != s })
	}
	if err != nil {
		return []Found{{Namespace: s.Namespace, Err: fmt.Errorf("listing Kafka resources: %w", err)}}
	}
	var found []Found
	for _, o := range objects {
		kafka, ok := o.(*unstructured.Unstructured)
		if !ok {
			continue
		}
		if f, ok := d.one(kafka, s, follow); ok {
			found = append(found, f)
		}
	}
	slices.SortFunc(found, func(a, b Found) int { return strings.Compare(a.Name, b.Name) })
	return found
}

// one is one cluster; false if it is not known yet.
func (d *Discovery) one(kafka *unstructured.Unstructured, s Selection, follow func(key) *watch) (Found, bool) {
	if s.User == "" {
		return read(kafka, s, nil), true
	}
	k := key{resource: secrets, namespace: s.Namespace, name: s.secret(kafka.GetName())}
	objects, err := follow(k).list(k)
	if wait := (waiting{}); errors.As(err, &wait) {
		for _, f := range d.told {
			if f.By == s && f.Name == kafka.GetName() {
				return f, true
			}
		}
		return Found{}, false
	}
	if err != nil {
		return Found{Namespace: s.Namespace, Name: kafka.GetName(), Err: fmt.Errorf("reading the Secret %s/%s: %w", k.namespace, k.name, err)}, true
	}
	var secret *corev1.Secret
	if len(objects) > 0 {
		secret, _ = objects[0].(*corev1.Secret)
	}
	return read(kafka, s, secret), true
}
