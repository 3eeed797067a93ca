package kube

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/kube/access"
	"github.com/lagscaler/lagscaler/scaler/kube/election"
	"github.com/lagscaler/lagscaler/scaler/kube/v1alpha1"
	"github.com/lagscaler/lagscaler/scaler/kube/watch"
)

// publisher writes Events and the status of KafkaScalers: on change only, and only while this replica leads.
type publisher struct {
	api          access.API
	namespace    string // of the program
	election     *election.Election
	declarations *declarations
	targets      *watch.Targets
	others       *others
	shards       *shards
	claims       claims
	events       *events
	wake         chan struct{} // there is something to write

	busy     sync.Mutex // held while something is written about a scaler
	statuses perScaler  // held while the status of a scaler is written, so that none undoes an intent or a claim

	mu       sync.Mutex
	outcomes map[string]scaler.Outcome // the latest, by scaler
	written  map[string]*written       // by scaler
	intents  map[string]intent         // the last that was saved, by scaler
}

// written is what has been written about a scaler. Only the writer's goroutine changes it.
type written struct {
	status v1alpha1.KafkaScalerStatus
	at     time.Time
	events eventState
}

// publish leaves the outcomes of a poll for the writer.
func (p *publisher) publish(outcomes []scaler.Outcome) {
	latest := make(map[string]scaler.Outcome, len(outcomes))
	for _, o := range outcomes {
		latest[o.Name] = o
	}
	p.mu.Lock()
	p.outcomes = latest
	p.mu.Unlock()
	signal(p.wake)
}

// run is the writer: one goroutine, so that everything is written in order.
func (p *publisher) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.wake:
		}
		p.mu.Lock()
		outcomes := p.outcomes
		p.mu.Unlock()
		for _, name := range scaler.InTurns(slices.Sorted(maps.Keys(outcomes))) {
			p.write(ctx, outcomes[name])
		}
	}
}

// write writes the Events and the status of one scaler, if there is anything new and this replica leads.
func (p *publisher) write(ctx context.Context, o scaler.Outcome) {
	if o.Mode == scaler.Observe {
		return // observe writes its Lease and nothing else
	}
	p.busy.Lock()
	defer p.busy.Unlock()
	if !p.shards.owns(&o.Scaler) {
		return // another shard writes it by now
	}
	ctx, cancel, err := p.election.Bound(ctx)
	if err != nil {
		p.forgetAll() // the next leader writes, and this one has to look anew when it leads again
		return
	}
	defer cancel()
	r := p.declarations.resource(o.Name)
	w := p.before(o.Name, r)
	now := p.api.Clock()
	var both, own []event
	both, own, w.events = w.events.newEvents(o, now)
	p.writeEvents(ctx, o, r, both, own)
	switch {
	case r == nil:
	case o.Refusal.Reason == scaler.KeptByAnother:
		w.status = r.status // the other installation writes it
	default:
		p.writeStatus(ctx, o, r, w, now)
	}
	p.mu.Lock()
	p.written[o.Name] = w
	p.mu.Unlock()
}

// settle returns when nothing is under way any more that began before.
func (p *publisher) settle() {
	p.busy.Lock()
	defer p.busy.Unlock()
}

// before is what was written about a scaler before: by this process, or else by an earlier leader, according to the status.
func (p *publisher) before(name string, r *resource) *written {
	p.mu.Lock()
	defer p.mu.Unlock()
	if w, known := p.written[name]; known {
		return w
	}
	if r == nil {
		return &written{}
	}
	return &written{status: r.status, events: eventStateFrom(r.status)}
}

// forget drops what was written about a scaler that is gone.
func (p *publisher) forget(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.written, name)
	delete(p.intents, name)
	p.claims.drop(name)
}

func (p *publisher) forgetAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.written)
}

func (p *publisher) writeEvents(ctx context.Context, o scaler.Outcome, r *resource, both, own []event) {
	if t, found := p.targets.Find(o.Workload.Ref); found {
		for _, e := range both {
			p.events.emit(ctx, t.Reference(), e)
		}
	}
	if r == nil {
		return
	}
	namespace, name, _ := strings.Cut(o.Name, "/")
	about := corev1.ObjectReference{
		APIVersion: v1alpha1.GroupVersion.String(), Kind: v1alpha1.Kind, Namespace: namespace, Name: name, UID: r.uid,
	}
	for _, e := range append(both, own...) {
		p.events.emit(ctx, about, e)
	}
}

// refreshStatus is the time between two writes of a status in which only measured numbers changed.
const refreshStatus = time.Minute

func (p *publisher) writeStatus(ctx context.Context, o scaler.Outcome, r *resource, w *written, now time.Time) {
	defer p.statuses.lock(o.Name)()
	o.Asleep = p.latest(o)
	next := statusOf(o, r, w.status, p.api.Rights.Lacking(r.Target.Namespace, p.namespace), metav1.NewTime(now))
	keeper, claimed := p.keeperFor(o, w.status.KeptBy)
	next.KeptBy = keeper
	if equality.Semantic.DeepEqual(next, w.status) || onlyNumbers(next, w.status) && now.Sub(w.at) < refreshStatus {
		return
	}
	if keeper != nil && !claimed {
		next.KeptBy = p.newKeeper(o.Mode)
	}
	err := p.saveKept(ctx, r, next.KeptBy, "/status", next)
	switch {
	case err == nil:
		p.tellReady(o.Name, &w.status, &next)
		w.status, w.at = next, now
	case !apierrors.IsNotFound(err) && !apierrors.IsForbidden(err):
		p.api.Log.Debug("writing a status failed", "scaler", o.Name, "err", err)
	}
}

// tellReady logs when a scaler begins or ceases to be ready, so that the log alone says why nothing is decided.
func (p *publisher) tellReady(scaler string, before, now *v1alpha1.KafkaScalerStatus) {
	last, ready := meta.FindStatusCondition(before.Conditions, v1alpha1.Ready), meta.FindStatusCondition(now.Conditions, v1alpha1.Ready)
	switch {
	case ready == nil, last != nil && last.Status == ready.Status && last.Reason == ready.Reason:
	case ready.Status == metav1.ConditionFalse:
		p.api.Log.Warn("a scaler is not ready", "scaler", scaler, "reason", ready.Reason, "why", ready.Message)
	case last != nil && last.Status == metav1.ConditionFalse:
		p.api.Log.Info("a scaler is not refused any more", "scaler", scaler, "ready", string(ready.Status))
	}
}

// patchStatus is the one way in which a status is written: by writeStatus after a poll, and by claim and intend before a write of
// the replicas. A patch has no resourceVersion, so it cannot conflict with the status that another of them has just written: only
// the leader writes, and the callers hold p.statuses.
func (p *publisher) patchStatus(ctx context.Context, scaler string, kind types.PatchType, patch []byte) (watch.Object, error) {
	namespace, name, _ := strings.Cut(scaler, "/")
	saved, err := p.api.Clients.Dynamic.Resource(v1alpha1.Resource).Namespace(namespace).
		Patch(ctx, name, kind, patch, metav1.PatchOptions{FieldManager: p.api.Installation.FieldManager()}, "status")
	p.api.Rights.Note(access.Right{Verb: "patch", Group: v1alpha1.GroupVersion.Group, Resource: "kafkascalers/status", Namespace: namespace}, err)
	return saved, err
}
