package watch

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/lagscaler/lagscaler/scaler/kube/access"
	"github.com/lagscaler/lagscaler/scaler/kube/v1alpha1"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// The kinds that may not be served.
var (
	KafkaScalerKind  = v1alpha1.GroupVersion.WithKind(v1alpha1.Kind)
	ScaledObjectKind = schema.GroupVersionKind{Group: "keda.sh", Version: "v1alpha1", Kind: "ScaledObject"}
)

// askAgain is how long a kind that is not served is taken for missing before discovery is asked anew.
const askAgain = 30 * time.Second

// Kinds are the kinds of objects that discovery was asked about.
type Kinds struct {
	api   access.API
	mu    sync.Mutex
	known map[schema.GroupVersionKind]kind
}

// kind is discovery's answer about one kind.
type kind struct {
	resource schema.GroupVersionResource
	served   bool
	asked    time.Time
}

// NewKinds knows none until Resolve.
func NewKinds(a access.API) *Kinds { return &Kinds{api: a, known: map[schema.GroupVersionKind]kind{}} }

// lookUp returns the last answer about a kind; false when discovery has not been asked yet. It does no I/O.
func (k *Kinds) lookUp(of schema.GroupVersionKind) (kind, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	known, asked := k.known[of]
	return known, asked
}

// Resolve finds the resource of a kind; false when the API server does not serve it, or could not be asked yet.
func (k *Kinds) Resolve(of schema.GroupVersionKind) (schema.GroupVersionResource, bool) {
	known, asked := k.lookUp(of)
	now := k.api.Clock()
	if asked && (known.served || now.Sub(known.asked) < askAgain) {
		return known.resource, known.served
	}
	if asked {
		k.api.Clients.Mapper.Reset() // discovery is cached without end
	}
	mapping, err := k.api.Clients.Mapper.RESTMapping(of.GroupKind(), of.Version)
	switch {
	case err == nil:
		known = kind{mapping.Resource, true, now}
	case meta.IsNoMatchError(err):
		known = kind{asked: now}
	default:
		k.api.Log.Debug("discovery failed", "kind", of.String(), "err", err)
		return schema.GroupVersionResource{}, false
	}
	k.mu.Lock()
	k.known[of] = known
	k.mu.Unlock()
	return known.resource, known.served
}

// KindOf is the kind of a target.
func KindOf(r seen.Ref) schema.GroupVersionKind {
	return schema.FromAPIVersionAndKind(r.APIVersion, r.Kind)
}
