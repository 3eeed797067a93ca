package access

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Right is one permission: one verb on one resource, which the API server may allow.
type Right struct {
	Verb      string
	Group     string
	Resource  string
	Namespace string // empty: all
	Place     Place  // empty: the first of the permissions for the resource
	Name      string // of the only object; empty: all objects
}

// GroupResource is the resource.
func (r Right) GroupResource() schema.GroupResource {
	return schema.GroupResource{Group: r.Group, Resource: r.Resource}
}

// String is the permission in words: update deployments.apps/scale in shop.
func (r Right) String() string {
	s := r.Verb + " " + r.GroupResource().String()
	if r.Name != "" {
		s += " named " + r.Name
	}
	if r.Place == Cluster {
		return s
	}
	if r.Namespace == "" {
		return s + " in all namespaces"
	}
	return s + " in " + r.Namespace
}

// Consequence is what happens without the permission.
func (r Right) Consequence() string {
	for _, p := range slices.Concat(permissions, []Permission{Owners}, OfStrimzi, CustomMetrics) {
		if p.Group == r.Group && p.Resource == r.Resource && (r.Place == "" || r.Place == p.Place) {
			return p.ifMissing
		}
	}
	return "targets of this kind are not scaled"
}

// forgetDenied is the time after which a permission counts as granted when it was not refused again. A watch that is refused
// tries again after at most 30 s.
const forgetDenied = 90 * time.Second

// Rights are the permissions that the API server refused. Each is logged once when it is missing, and once when it is granted.
type Rights struct {
	log   *slog.Logger
	clock func() time.Time

	mu     sync.Mutex
	denied map[Right]time.Time
}

// NewRights are all granted until a request is refused.
func NewRights(log *slog.Logger, clock func() time.Time) *Rights {
	return &Rights{log: log, clock: clock, denied: map[Right]time.Time{}}
}

// Note notes how a request ended.
func (r *Rights) Note(right Right, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, known := r.denied[right]
	switch {
	case apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err):
		if !known {
			r.log.Warn("permission missing", "permission", right.String(), "consequence", right.Consequence(), "err", err)
		}
		r.denied[right] = r.clock()
	case known && err == nil:
		r.granted(right)
	}
}

func (r *Rights) granted(right Right) {
	delete(r.denied, right)
	r.log.Info("permission granted", "permission", right.String())
}

// All are the permissions that are refused now, sorted.
func (r *Rights) All() []Right {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []Right
	for right, at := range r.denied {
		if r.clock().Sub(at) > forgetDenied {
			r.granted(right)
			continue
		}
		out = append(out, right)
	}
	slices.SortFunc(out, func(a, b Right) int { return strings.Compare(a.String(), b.String()) })
	return out
}

// Lacks finds a missing permission to do something with a resource in a namespace.
func (r *Rights) Lacks(resource schema.GroupResource, namespace string) (Right, bool) {
	for _, m := range r.All() {
		if m.Group == resource.Group && m.Resource == resource.Resource && (m.Namespace == "" || m.Namespace == namespace) {
			return m, true
		}
	}
	return Right{}, false
}

// Missing names the permission as a missing one, for a condition or an error.
func (r Right) Missing() string { return fmt.Sprintf("the permission to %s is missing", r) }

// Lacking names the missing permissions that concern any of the namespaces, with what is not done without them; empty when
// none is missing.
func (r *Rights) Lacking(namespaces ...string) string {
	var missing []string
	for _, m := range r.All() {
		if m.Namespace == "" || slices.Contains(namespaces, m.Namespace) {
			missing = append(missing, m.Missing()+": "+m.Consequence())
		}
	}
	return strings.Join(missing, "; ")
}
