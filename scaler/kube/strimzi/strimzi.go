package strimzi

import (
	"context"
	"reflect"
	"slices"
	"sync"
	"time"

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
	all := finder{resolve: d.resolve, told: d.told, list: func(k key) ([]any, error) {
		needed[k] = true
		if d.running[k] == nil {
			d.running[k] = start(ctx, wg, d.api, k, d.signal)
		}
		return d.running[k].list(k)
	}}.all(wanted)
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
