package kube

import (
	"context"
	"log/slog"
	"regexp"
	"slices"
	"sync"
	"time"

	"k8s.io/client-go/tools/cache"

	"github.com/lagscaler/lagscaler/lag/shard"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/brakes"
	"github.com/lagscaler/lagscaler/scaler/breaker"
	"github.com/lagscaler/lagscaler/scaler/kube/access"
	"github.com/lagscaler/lagscaler/scaler/kube/election"
	"github.com/lagscaler/lagscaler/scaler/kube/strimzi"
	"github.com/lagscaler/lagscaler/scaler/kube/v1alpha1"
	"github.com/lagscaler/lagscaler/scaler/kube/watch"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// Options are fixed for a Controller's life.
type Options struct {
	Namespace string // where the Lease and the memory live
	Lease     string // its name, which replicas of one installation share; shards after the first one add -shard- and their index
	Shard     shard.Shard
	PagesAt   string   // the URL at which other shards reach the pages of this replica; empty: they do not
	Identity  string   // of this replica, unique: the pod's name
	AnswersAt string   // the address at which this replica answers other autoscalers; empty: it does not
	Watch     []string // namespaces whose KafkaScalers and workloads are watched; empty: all
	Log       *slog.Logger
}

// namespaces are those to watch; the empty one stands for all.
func (o Options) namespaces() []string {
	if len(o.Watch) == 0 {
		return []string{""}
	}
	return o.Watch
}

// Settings may change while the Controller runs.
type Settings struct {
	Mode       scaler.Mode // the global one
	Clusters   []string    // names of the configured Kafka clusters
	Namespaces []NamespaceRule
	Declared   []Declared // scalers of the configuration file
	Labels     []Label    // that say whose a scaler is

	// Frozen is the freeze of the configuration for a scaler without labels, by its name; nil: there is none.
	Frozen func(scaler string, now time.Time) *seen.Freeze
}

// Label is a label that says whose a scaler is.
type Label struct {
	Name string // in metrics
	Key  string // of the label of KafkaScalers and namespaces
}

// NamespaceRule allows some namespaces to name some clusters, groups and topics.
type NamespaceRule struct {
	Match    *regexp.Regexp   // of the whole namespace
	Clusters []*regexp.Regexp // empty: all
	Groups   []*regexp.Regexp // empty: all
	Topics   []*regexp.Regexp // empty: all
}

// Controller joins the parts of this package. Each part has a lock of its own, or needs none.
type Controller struct {
	opts     Options
	api      access.API
	election *election.Election
	shards   *shards

	declarations *declarations // what is declared
	others       *others       // which other installations keep what is declared
	kinds        *watch.Kinds  // what is watched
	watches      *watch.Watches
	targets      *watch.Targets
	namespaces   *watch.Namespaces
	workloads    *watch.Workloads
	scales       *scales // what is written
	publisher    *publisher
	memories     *memories // what is remembered
	told         *told     // what receivers of messages were told

	wake chan struct{} // another watch may be needed, or a deletion has to be handled
}

// New makes a Controller that has read nothing yet; see Run.
func New(clients access.Clients, o Options) *Controller {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	api := access.NewAPI(clients, access.Installation{Namespace: o.Namespace, Lease: o.Lease}, o.Log)
	c := &Controller{opts: o, api: api, declarations: newDeclarations(), wake: make(chan struct{}, 1)}
	c.election = election.ForShard(api, shardLease(o.Lease, o.Shard.Index), o.Identity, o.AnswersAt, c.keeps)
	c.shards = newShards(api, o, c.election)
	c.election.MarkWith(c.shards)
	c.others = newOthers(api, c.declarations)
	c.kinds, c.watches = watch.NewKinds(api), watch.NewWatches(api, c.handler)
	c.targets = watch.NewTargets(api, c.Leading, c.election.FirstWrite, func() { signal(c.wake) })
	c.namespaces = watch.NewNamespaces(api, c.watches, o.Watch)
	c.workloads = &watch.Workloads{Rights: api.Rights, Kinds: c.kinds, Watches: c.watches, Targets: c.targets, Namespaces: c.namespaces}
	c.declarations.triggers = newTriggers(api.Clock, c.workloads.ScaledObject)
	events := &events{api: api, reporter: o.Identity}
	c.scales = &scales{api: api, election: c.election, targets: c.targets}
	c.publisher = &publisher{
		api: api, namespace: o.Namespace, election: c.election, declarations: c.declarations, targets: c.targets, events: events,
		others: c.others, shards: c.shards, claims: claims{election: c.election},
		wake: make(chan struct{}, 1), outcomes: map[string]scaler.Outcome{}, written: map[string]*written{},
		intents: map[string]intent{},
	}
	c.scales.claim, c.scales.intend = c.publisher.claim, c.publisher.intend
	c.memories = newMemories(api, o, c.election, c.declarations)
	c.memories.sharded = func() bool { return !c.shards.View().All() }
	c.told = &told{api: api, namespace: o.Namespace, lease: shardLease(o.Lease, o.Shard.Index), election: c.election}
	c.memories.restore = (&restorer{c.declarations, c.workloads, c.namespaces, c.scales, events}).restore
	return c
}

// Configure sets new settings, in force from the next call of Scalers on.
func (c *Controller) Configure(s Settings) {
	c.declarations.configure(s)
	signal(c.wake)
}

// keeps are the namespaces whose KafkaScalers this installation may keep. In observe it writes nothing, so it keeps none.
func (c *Controller) keeps() []string {
	switch {
	case c.declarations.mode() == scaler.Observe:
		return nil
	case len(c.opts.Watch) == 0:
		return []string{"*"}
	}
	return c.opts.Watch
}

// Leading reports whether this replica may write, for what is its shard's own.
func (c *Controller) Leading() bool { return c.election.Leading() && c.shards.taken() }

// View is what is this replica's own now; nil: everything.
func (c *Controller) View() *shard.View { return c.shards.View() }

// Took says that the engine goes by a View from now on.
func (c *Controller) Took(v *shard.View) { c.shards.Took(v) }

// Follows reports whether this is a replica of one of several shards that does not lead.
func (c *Controller) Follows() bool { return c.shards.follows() }

// Parts says what this shard needs of the limits above single scalers, and returns what it may use.
func (c *Controller) Parts(limits []brakes.Limit, needs map[string]brakes.Parts) map[string]brakes.Parts {
	return c.shards.parts.take(limits, needs)
}

// Stops says which scalers of this shard have stopped themselves, and returns what the others have written of theirs.
func (c *Controller) Stops(own breaker.Part) []breaker.Part { return c.shards.tellStops(own) }

// Linger returns when this replica may end: at once, unless it leads a shard that the others may be about to do without.
func (c *Controller) Linger(ctx context.Context) { c.shards.linger(ctx) }

// Elect stands for election until ctx ends. End it after everything that writes has ended: it gives the lease back,
// and what is saved on the way out is saved by the leader.
func (c *Controller) Elect(ctx context.Context) error { return c.election.Run(ctx) }

// MissingRights are the permissions that the API server refuses, as lines for people; empty when all is well.
func (c *Controller) MissingRights() []string {
	var out []string
	for _, r := range c.api.Rights.All() {
		out = append(out, r.Missing()+": "+r.Consequence())
	}
	return out
}

// Apply writes a change to the target's scale subresource, while this replica leads.
func (c *Controller) Apply(ctx context.Context, change scaler.Change) error {
	return c.scales.apply(ctx, change)
}

// Publish hands the outcomes of a poll to the writer of statuses and Events, and does not wait for it.
func (c *Controller) Publish(outcomes []scaler.Outcome) {
	for i := range outcomes {
		o := &outcomes[i]
		if o.Refused() { // perhaps another scaler has the target
			continue
		}
		var given *int32
		if o.Workload.Followed && o.Given != nil {
			given = &o.Given.Replicas
		}
		c.targets.Give(o.Workload.Ref, given)
	}
	c.publisher.publish(outcomes)
}

// Others are this replica's shard and the other ones; none: there are no shards.
func (c *Controller) Others() (own shard.Shard, others []Other) { return c.shards.all() }

// LeadsFor reports whether this replica decides for the scaler of a trigger.
func (c *Controller) LeadsFor(namespace, scaledObject string, metadata map[string]string) bool {
	if !c.Leading() {
		return false
	}
	view := c.View()
	return view.All() || view.Owns(c.askedGroup(namespace, scaledObject, metadata))
}

// LeaderFor is the address at which the leader that decides for the scaler of a trigger answers other autoscalers; empty: it does not,
// or nobody leads.
func (c *Controller) LeaderFor(namespace, scaledObject string, metadata map[string]string) string {
	view := c.View()
	if view.All() {
		return c.election.LeaderAnswersAt()
	}
	cluster, group := c.askedGroup(namespace, scaledObject, metadata)
	if index := shard.Owner(cluster, group, view.Of); index != view.Index {
		return c.shards.answersAt(index)
	}
	return c.election.LeaderAnswersAt()
}

// askedGroup is the group whose owner decides for the scaler of a trigger.
func (c *Controller) askedGroup(namespace, scaledObject string, metadata map[string]string) (cluster, group string) {
	name, own, err := c.AskFor(namespace, scaledObject, metadata)
	if t, wrong := ParseTrigger(metadata); own && wrong == nil && len(t.Spec.Sources) > 0 {
		return t.Spec.Sources[0].Cluster, t.Spec.Sources[0].Group
	}
	if d, _, found := c.declarations.find(name); err == nil && found && len(d.Spec.Sources) > 0 {
		return d.Spec.Sources[0].Cluster, d.Spec.Sources[0].Group
	}
	return "", name
}

// Strimzi finds the Kafka clusters that Strimzi runs; changed gets all of them whenever one is another than before. A permission that it
// lacks is one of MissingRights.
func (c *Controller) Strimzi(changed func([]strimzi.Found)) *strimzi.Discovery {
	return strimzi.New(c.api, c.kinds.Resolve, changed)
}

// Load reads the saved memories, by scaler. A memory that cannot be read is left out and logged: it is of another
// version, or somebody edited it.
func (c *Controller) Load(ctx context.Context) (map[string]scaler.Memory, error) {
	defer signal(c.wake) // a scaler may have been deleted since it was saved
	return c.memories.load(ctx)
}

// Save writes memories, by scaler. One that fails does not stop the others; the error names them all.
func (c *Controller) Save(ctx context.Context, learned map[string]scaler.Memory) error {
	return c.memories.save(ctx, learned)
}

// upkeep is the time between two looks at which watches are needed and which kinds are served by now.
const upkeep = 10 * time.Second

// Run watches and writes until ctx ends.
//
//	             ┌─ watches (started and ended by upkeep) ──> caches ──> Scalers
//	ctx ── Run ──┼─ upkeep: which watches are needed; sizes of kinds that are not built in; clean-up of deleted scalers
//	             ├─ others: whether the installations that keep other KafkaScalers still run
//	             └─ publisher: status and Events                               <── Publish
func (c *Controller) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	wg.Go(func() { c.publisher.run(ctx) })
	wg.Go(func() { c.others.run(ctx) })
	wg.Go(func() { c.shards.run(ctx, c.publisher.settle) })
	ticker := time.NewTicker(upkeep)
	defer ticker.Stop()
	for {
		c.follow(ctx, &wg)
		if c.declarations.mode() != scaler.Observe {
			c.namespaces.Refresh(ctx)
		}
		c.targets.RefreshScales(ctx, targetsOf(c.declarations.valid()))
		c.cleanUp(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		case <-c.wake:
		}
	}
}

// follow starts the watches that the scalers of the moment need, and ends the others.
func (c *Controller) follow(ctx context.Context, wg *sync.WaitGroup) {
	for _, ended := range c.watches.Follow(ctx, wg, c.wantedWatches()) {
		c.targets.Forget(ended)
	}
}

// wantedWatches are the watches that are needed now.
//
// Workloads, pods and autoscalers are watched only in namespaces that have a scaler: what is kept in memory grows with
// what is scaled, not with the cluster.
func (c *Controller) wantedWatches() map[watch.Key]bool {
	wanted := map[watch.Key]bool{}
	if _, ok := c.kinds.Resolve(watch.KafkaScalerKind); ok {
		for _, ns := range c.opts.namespaces() {
			wanted[watch.Key{Resource: v1alpha1.Resource, Namespace: ns}] = true
		}
	}
	_, keda := c.kinds.Resolve(watch.ScaledObjectKind)
	declared := c.declarations.valid()
	namespaces, all := c.namespaces.Watch()
	if all && len(c.declarations.current().Labels) > 0 {
		wanted[namespaces] = true
	}
	for _, ns := range c.declarations.triggers.namespaces() {
		if keda && c.declarations.mode() != scaler.Observe && c.watchesNamespace(ns) {
			wanted[watch.Key{Resource: watch.ScaledObjects, Namespace: ns}] = true
		}
	}
	for _, ref := range append(targetsOf(declared), c.memories.deletedTargets()...) {
		if target, ok := c.kinds.Resolve(watch.KindOf(ref)); ok {
			wanted[watch.Key{Resource: target, Namespace: ref.Namespace}] = true
		}
	}
	if c.declarations.mode() == scaler.Observe {
		return wanted // decides nothing, and has no permission to read the others
	}
	if all && len(declared)+len(c.memories.deletedTargets()) > 0 {
		wanted[namespaces] = true
	}
	for _, d := range declared {
		wanted[watch.Key{Resource: watch.Pods, Namespace: d.Target.Namespace}] = true
		wanted[watch.Key{Resource: watch.Autoscalers, Namespace: d.Target.Namespace}] = true
		if keda {
			wanted[watch.Key{Resource: watch.ScaledObjects, Namespace: d.Target.Namespace}] = true
		}
	}
	return wanted
}

// watchesNamespace reports whether a namespace is one of those to watch.
func (c *Controller) watchesNamespace(ns string) bool {
	return len(c.opts.Watch) == 0 || slices.Contains(c.opts.Watch, ns)
}

// handler handles the objects of a watch. Pods and autoscalers are read from their stores when needed.
func (c *Controller) handler(key watch.Key) cache.ResourceEventHandler {
	switch key.Resource {
	case watch.Pods, watch.Autoscalers, watch.ScaledObjects, watch.NamespacesResource:
		return cache.ResourceEventHandlerFuncs{}
	case v1alpha1.Resource:
		return watch.Handle(c.resourceChanged, c.resourceDeleted)
	}
	return watch.Handle(func(o watch.Object) { c.targets.Changed(key.Resource, o) }, c.targets.Deleted)
}

// resourceChanged is called for each KafkaScaler that is there or changed.
func (c *Controller) resourceChanged(o watch.Object) {
	r := c.declarations.changed(o)
	c.memories.declared(r.Name)
	c.others.named(r.kept)
	signal(c.wake)
}

// resourceDeleted is called for each KafkaScaler that was deleted. Its target may have to be restored.
func (c *Controller) resourceDeleted(o watch.Object) {
	if r, known := c.declarations.deleted(o); known {
		c.memories.deleted(r)
		c.publisher.forget(r.Name)
	}
	signal(c.wake)
}

// cleanUp restores targets that deleted scalers left at zero, and removes their memories. Only the leader of the first shard does.
func (c *Controller) cleanUp(ctx context.Context) {
	if c.opts.Shard.Index == 0 && c.Leading() && c.resourcesRead() {
		c.memories.cleanUp(ctx)
	}
}

// resourcesRead reports whether the custom resources have been read, so that one that is not known is not there.
func (c *Controller) resourcesRead() bool {
	for _, ns := range c.opts.namespaces() {
		if !c.watches.Listed(watch.Key{Resource: v1alpha1.Resource, Namespace: ns}) {
			return false
		}
	}
	return true
}

// signal wakes a goroutine; one that has been woken already needs no second signal.
func signal(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}
