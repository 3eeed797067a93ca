package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/maphash"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/kube/election"
	"github.com/lagscaler/lagscaler/scaler/kube/v1alpha1"
	"github.com/lagscaler/lagscaler/scaler/kube/watch"
)

// keeper is what the status of a KafkaScaler says about the installation that keeps it.
//
// An installation claims a KafkaScaler before its leader first writes to it, and again in every later term of a leader. A claim
// is a patch on the condition that the status still has the keeper that was known: so of two that claim, one fails. A leader
// writes the replicas only with a claim of its present term, and its Lease is renewed as long as the term lasts. Another
// installation takes over only from a keeper whose Lease was not renewed for [election.Duration].
//
//	the first leader                      the second                         it is kept by
//	claims (its Lease is renewed)         finds the claim, writes nothing    the first
//	cannot renew: its term ends at 10 s   waits 15 s, claims                 the second
//	leads again, claims first             its claim fails                    the first
//	leads again, claims second: it fails  claimed                            the second
type keeper struct {
	lease  string // of the installation, as namespace/name; empty: nobody keeps it
	mode   scaler.Mode
	saved  any  // status.keptBy, as the API server has it; nil: it has none
	status bool // the KafkaScaler has a status
}

func keeperOf(o watch.Object) keeper {
	_, status, _ := unstructured.NestedFieldNoCopy(o.Object, "status")
	k := keeper{status: status}
	k.saved, _, _ = unstructured.NestedFieldNoCopy(o.Object, "status", "keptBy")
	k.lease, _, _ = unstructured.NestedString(o.Object, "status", "keptBy", "lease")
	mode, _, _ := unstructured.NestedString(o.Object, "status", "keptBy", "mode")
	k.mode = scaler.Mode(mode)
	return k
}

// claims are what this leader has written about the keepers of KafkaScalers in its present term.
type claims struct {
	election *election.Election

	mu   sync.Mutex
	term uint64
	held map[string]claim // by scaler
}

// claim is a keeper that this leader has written.
type claim struct {
	by    *v1alpha1.Keeper // nil: this installation gave the KafkaScaler up
	saved any              // as the API server has it; nil: there is none, or its CRD is of an earlier version and drops it
}

// in reports whether the claim is for a mode.
func (c claim) in(mode scaler.Mode) bool { return c.by != nil && c.by.Mode == string(mode) }

// find returns what was written about a scaler in this term.
func (c *claims) find(scaler string) (claim, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forgetOldTerm()
	held, ok := c.held[scaler]
	return held, ok
}

func (c *claims) hold(scaler string, made claim) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forgetOldTerm()
	c.held[scaler] = made
}

func (c *claims) drop(scaler string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.held, scaler)
}

func (c *claims) forgetOldTerm() {
	if now := c.election.Term(); now != c.term || c.held == nil {
		c.term, c.held = now, map[string]claim{}
	}
}

// newKeeper is a new claim of this installation.
func (p *publisher) newKeeper(mode scaler.Mode) *v1alpha1.Keeper {
	return &v1alpha1.Keeper{
		Lease: p.api.Installation.String(), Mode: string(mode), Since: metav1.NewMicroTime(p.api.Clock().UTC()),
	}
}

// perScaler are locks by the name of a scaler; two names may share one.
type perScaler [64]sync.Mutex

var lockSeed = maphash.MakeSeed()

func (l *perScaler) lock(scaler string) (unlock func()) {
	one := &l[maphash.String(lockSeed, scaler)%uint64(len(l))]
	one.Lock()
	return one.Unlock
}

// keeperFor is what a status says about its keeper after an outcome; nil: this installation refuses the declaration, so it
// keeps nothing, and another may. claimed: the claim was made in this term; otherwise it has to be made anew by the next write.
func (p *publisher) keeperFor(o scaler.Outcome, before *v1alpha1.Keeper) (k *v1alpha1.Keeper, claimed bool) {
	if !o.Applies() {
		return nil, false
	}
	if held, _ := p.claims.find(o.Name); held.in(o.Mode) {
		return held.by, true
	}
	if before != nil && before.Lease == p.api.Installation.String() && before.Mode == string(o.Mode) {
		return before, false
	}
	return p.newKeeper(o.Mode), false
}

// claim says in the status of a KafkaScaler that this installation keeps it, if that was not said in this term of the leader. A
// scaler of the configuration file has no status, and cannot be claimed.
func (p *publisher) claim(ctx context.Context, name string, mode scaler.Mode) error {
	r := p.declarations.resource(name)
	if r == nil {
		return nil
	}
	defer p.statuses.lock(name)()
	if held, _ := p.claims.find(name); held.in(mode) {
		return nil
	}
	made := p.newKeeper(mode)
	path, value := "/status/keptBy", any(made)
	if _, held := p.claims.find(name); !held && !r.kept.status {
		path, value = "/status", map[string]any{"keptBy": made}
	}
	err := p.saveKept(ctx, r, made, path, value)
	switch {
	case err == nil:
		return nil
	case apierrors.IsForbidden(err) && !p.others.isOther(r.kept):
		return nil // without the permission nothing can be claimed; nobody else has
	}
	return fmt.Errorf("claiming %s: %w", name, err)
}

// saveKept writes into the status of a KafkaScaler, on the condition that its keeper is still the one that is known. by is the
// keeper after the write.
func (p *publisher) saveKept(ctx context.Context, r *resource, by *v1alpha1.Keeper, path string, value any) error {
	held, claimed := p.claims.find(r.Name)
	if why, kept := p.others.keeps(r.kept, r.Target.Namespace, by != nil && by.Mode == string(scaler.Act)); kept {
		return fmt.Errorf("%s: %w", why, scaler.ErrConflict)
	}
	test := map[string]any{"op": "test", "path": "/status/keptBy", "value": held.saved}
	switch {
	case claimed:
	case r.kept.status:
		test["value"] = r.kept.saved
	default:
		test["path"] = "/status"
	}
	patch, err := json.Marshal([]map[string]any{test, {"op": "add", "path": path, "value": value}})
	if err != nil {
		return err
	}
	saved, err := p.patchStatus(ctx, r.Name, types.JSONPatchType, patch)
	if err != nil {
		p.claims.drop(r.Name)
		return err
	}
	p.claims.hold(r.Name, claim{by, keeperOf(saved).saved})
	return nil
}
