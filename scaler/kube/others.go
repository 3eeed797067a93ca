package kube

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/kube/access"
	"github.com/lagscaler/lagscaler/scaler/kube/election"
)

// The Leases of other installations are looked at every lookEvery, at most mostLeases of them: whoever may write the status of a
// KafkaScaler can name any. One that is not looked at counts as renewed.
const (
	lookEvery   = 5 * time.Second
	lookTimeout = 5 * time.Second
	mostLeases  = 100
)

// others are the other installations that keep KafkaScalers which this one sees. Their Leases say whether they still run.
type others struct {
	api          access.API
	declarations *declarations
	wake         chan struct{} // a Lease was named for the first time

	mu     sync.Mutex
	known  map[string]*otherLease // by namespace/name
	logged map[string]bool        // of which the log says that they keep KafkaScalers
}

// otherLease is what is known of the Lease of another installation. Its times are of our own clock: those in the Lease are of
// another one's.
type otherLease struct {
	renewal string               // the last that was seen; empty: nobody holds it, or it is gone
	looked  time.Time            // when it was last read
	kept    map[string]time.Time // by namespace: when the last renewal was seen of an installation that keeps KafkaScalers there
}

func newOthers(api access.API, d *declarations) *others {
	return &others{
		api: api, declarations: d, wake: make(chan struct{}, 1), known: map[string]*otherLease{}, logged: map[string]bool{},
	}
}

// run looks at the Leases until ctx ends.
func (o *others) run(ctx context.Context) {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		o.look(ctx)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-o.wake:
		}
	}
}

// named is called for each KafkaScaler that is there or changed.
func (o *others) named(k keeper) {
	o.mu.Lock()
	_, known := o.known[k.lease]
	o.mu.Unlock()
	if !known && o.isOther(k) {
		signal(o.wake)
	}
}

// isOther reports whether another installation is named as the keeper.
func (o *others) isOther(k keeper) bool {
	return strings.Count(k.lease, "/") == 1 && k.lease != o.api.Installation.String()
}

func (o *others) look(ctx context.Context) {
	wanted := map[string]map[string]bool{} // namespaces of KafkaScalers, by the Lease of their keeper
	for _, r := range o.declarations.all() {
		if o.isOther(r.kept) {
			if wanted[r.kept.lease] == nil {
				wanted[r.kept.lease] = map[string]bool{}
			}
			wanted[r.kept.lease][r.Target.Namespace] = true
		}
	}
	o.mu.Lock()
	maps.DeleteFunc(o.known, func(lease string, _ *otherLease) bool { return wanted[lease] == nil })
	o.mu.Unlock()
	leases := slices.Sorted(maps.Keys(wanted))
	for _, lease := range leases[:min(len(leases), mostLeases)] {
		o.lookAt(ctx, lease, slices.Collect(maps.Keys(wanted[lease])))
	}
}

func (o *others) lookAt(ctx context.Context, name string, namespaces []string) {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	namespace, leaseName, _ := strings.Cut(name, "/")
	lease, err := o.api.Clients.Kubernetes.CoordinationV1().Leases(namespace).Get(ctx, leaseName, metav1.GetOptions{})
	o.api.Rights.Note(access.Right{Verb: "get", Group: coordinationv1.GroupName, Resource: "leases", Namespace: namespace, Place: access.Watched}, err)
	if err != nil && !apierrors.IsNotFound(err) {
		return // it is not known whether it was renewed
	}
	if err != nil {
		lease = nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.known[name] == nil {
		o.known[name] = &otherLease{kept: map[string]time.Time{}}
	}
	o.known[name].saw(lease, namespaces, o.api.Clock())
}

// saw takes in one look at the Lease; nil: it is gone.
func (l *otherLease) saw(lease *coordinationv1.Lease, namespaces []string, now time.Time) {
	renewal := renewalOf(lease)
	renewed := renewal != "" && renewal != l.renewal
	missed := now.Sub(l.looked) >= election.Duration // it may have been renewed since the last look
	for _, ns := range namespaces {
		if _, known := l.kept[ns]; !known || missed || renewed && election.Keeps(lease, ns) {
			l.kept[ns] = now
		}
	}
	l.renewal, l.looked = renewal, now
}

// renewalOf says who renewed a Lease, and when; empty: nobody holds it.
func renewalOf(lease *coordinationv1.Lease) string {
	if lease == nil || lease.Spec.HolderIdentity == nil || *lease.Spec.HolderIdentity == "" || lease.Spec.RenewTime == nil {
		return ""
	}
	return *lease.Spec.HolderIdentity + " " + lease.Spec.RenewTime.Format(time.RFC3339Nano)
}

// expired reports whether the installation does not keep KafkaScalers of a namespace any more. It was looked at all the time.
func (l *otherLease) expired(namespace string, now time.Time) bool {
	kept, known := l.kept[namespace]
	return known && l.looked.Sub(kept) >= election.Duration && now.Sub(l.looked) < election.Duration
}

// keeps reports whether another installation keeps a KafkaScaler of a namespace, and says so; acts: this one would act.
//
//	keeper                                  keeps
//	none, or this installation              no
//	another, its Lease is renewed           yes, unless it only advises and this one acts
//	another, its Lease is not known (yet)   the same
//	another, its Lease was not renewed for 15 s, or its Lease says that it keeps none in this namespace    no
func (o *others) keeps(k keeper, namespace string, acts bool) (why string, is bool) {
	if !o.isOther(k) || acts && k.mode != scaler.Act {
		return "", false
	}
	o.mu.Lock()
	known := o.known[k.lease]
	expired := known != nil && known.expired(namespace, o.api.Clock())
	o.mu.Unlock()
	if expired {
		return "", false
	}
	why = fmt.Sprintf("the installation %s keeps it, in mode %s", k.lease, k.mode)
	leases := schema.GroupResource{Group: coordinationv1.GroupName, Resource: "leases"}
	itsNamespace, _, _ := strings.Cut(k.lease, "/")
	if right, missing := o.api.Rights.Lacks(leases, itsNamespace); missing {
		why += "; whether it still runs is not known: " + right.Missing()
	}
	return why, true
}

// refuse refuses the scalers that another installation keeps: this one writes nothing to them.
func (o *others) refuse(all []*resource, scalers []scaler.Scaler, why []string) {
	kept := map[string][]string{}
	for i, r := range all {
		if why[i] != "" {
			scalers[i].Refusal = scaler.Refusal{Reason: scaler.KeptByAnother, Why: why[i], Allowed: scalers[i].Applies()}
			kept[r.kept.lease] = append(kept[r.kept.lease], r.Name)
		}
	}
	o.log(kept)
}

// log says once that another installation keeps KafkaScalers, and once that it keeps none any more.
func (o *others) log(kept map[string][]string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for lease, names := range kept {
		if !o.logged[lease] {
			o.logged[lease] = true
			o.api.Log.Warn("another installation keeps KafkaScalers: this one writes neither their replicas nor their status",
				"installation", lease, "own", o.api.Installation.String(), "scalers", len(names), "first", names[0])
		}
	}
	for lease := range o.logged {
		if kept[lease] == nil {
			delete(o.logged, lease)
			o.api.Log.Info("the other installation keeps no KafkaScaler of ours any more", "installation", lease)
		}
	}
}

// keptOf says for each scaler which other installation keeps it; empty: none does, or nothing is written in this mode.
func (o *others) keptOf(all []*resource, scalers []scaler.Scaler) []string {
	why := make([]string, len(all))
	for i, r := range all {
		if s := &scalers[i]; s.Mode != scaler.Observe {
			why[i], _ = o.keeps(r.kept, r.Target.Namespace, !s.Refused() && s.Mode == scaler.Act)
		}
	}
	return why
}
