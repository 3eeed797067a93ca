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

// Discovery is asked anew every askAgain as long as a kind is not served: once for all of them, because its answer has every
// kind. After a failure it is asked again after askAfterFailure, also for all.
const (
	askAgain        = 30 * time.Second
	askAfterFailure = 5 * time.Second
)

// Kinds are the kinds of objects that discovery was asked about.
type Kinds struct {
	api        access.API
	mu         sync.Mutex
	known      map[schema.GroupVersionKind]kind
	discovered time.Time // when discovery was last asked anew; zero: never
	failed     time.Time // when it last failed
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
	if asked && known.served || now.Sub(k.failed) < askAfterFailure {
		return known.resource, known.served
	}
	k.discover(asked, now)
	if asked && !known.asked.Before(k.discovered) {
		return known.resource, known.served
	}
	mapping, err := k.api.Clients.Mapper.RESTMapping(of.GroupKind(), of.Version)
	switch {
	case err == nil:
		known = kind{mapping.Resource, true, now}
	case meta.IsNoMatchError(err):
		known = kind{asked: now}
	default:
		k.failed = now
		k.api.Log.Debug("discovery failed", "kind", of.String(), "err", err)
		return schema.GroupVersionResource{}, false
	}
	k.mu.Lock()
	k.known[of] = known
	k.mu.Unlock()
	return known.resource, known.served
}

// discover lets the next question ask the API server, if its last answer is old and a kind was missing in it. Otherwise the
// mapper caches discovery without end.
func (k *Kinds) discover(missing bool, now time.Time) {
	switch {
	case k.discovered.IsZero():
		k.discovered = now
	case missing && now.Sub(k.discovered) >= askAgain:
		k.api.Clients.Mapper.Reset()
		k.discovered = now
	}
}

// KindOf is the kind of a target.
func KindOf(r seen.Ref) schema.GroupVersionKind {
	return schema.FromAPIVersionAndKind(r.APIVersion, r.Kind)
}
