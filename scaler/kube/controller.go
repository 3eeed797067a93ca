package kube

import (
	"context"
	"log/slog"
	"regexp"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/lagscaler/lagscaler/scaler"
)

// Options are fixed for a Controller's life.
type Options struct {
	Namespace string   // where the Lease and the memory live
	Lease     string   // its name, which replicas of one installation share
	Identity  string   // of this replica, unique: the pod's name
	Watch     []string // namespaces whose KafkaScalers and workloads are seen; empty: all
	Log       *slog.Logger
}

// Settings may change while the Controller runs.
type Settings struct {
	Mode       scaler.Mode // the global one
	Clusters   []string    // names of the configured Kafka clusters
	Namespaces []NamespaceRule
	Declared   []Declared // scalers of the configuration file
}

// NamespaceRule allows some namespaces to name some clusters and groups.
type NamespaceRule struct {
	Match    *regexp.Regexp   // of the whole namespace
	Clusters []*regexp.Regexp // empty: all
	Groups   []*regexp.Regexp // empty: all
}

// Declared is what somebody wants scaled, as a custom resource or in the configuration file.
type Declared struct {
	Name   string // namespace/name
	Target scaler.Ref
	Spec   scaler.Spec
}

// Controller is everything the program knows of Kubernetes, and the one place that writes there.
type Controller struct {
	opts     Options
	clients  Clients
	rights   *rights
	election *election
	clock    func() time.Time
	wake     chan struct{} // something changed that may need another watch, or a deletion handled
	publish  chan struct{} // there is something to write

	mu        sync.Mutex
	settings  Settings
	resources map[string]*resource             // KafkaScalers by namespace/name
	targets   map[scaler.Ref]*target           // every workload seen
	watches   map[watchKey]*watch              // running
	kinds     map[schema.GroupVersionKind]kind // resolved kinds of targets
	outcomes  map[string]scaler.Outcome        // the latest, by scaler
	written   map[string]*written              // what the writer wrote last, by scaler
	saved     map[string]orphan                // scalers that have a saved memory
	orphans   map[string]orphan                // deleted scalers that have to be cleaned up after
}

// New makes a Controller that knows nothing yet; see Run.
func New(c Clients, o Options) *Controller {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	r := newRights(o.Log, time.Now)
	return &Controller{
		opts: o, clients: c, rights: r, election: newElection(c, o, r), clock: time.Now,
		wake: make(chan struct{}, 1), publish: make(chan struct{}, 1),
		resources: map[string]*resource{}, targets: map[scaler.Ref]*target{}, watches: map[watchKey]*watch{},
		kinds: map[schema.GroupVersionKind]kind{}, outcomes: map[string]scaler.Outcome{}, written: map[string]*written{}, saved: map[string]orphan{}, orphans: map[string]orphan{},
	}
}

// Configure takes new settings; they hold from the next call of Scalers on.
func (c *Controller) Configure(s Settings) {
	c.mu.Lock()
	c.settings = s
	c.mu.Unlock()
	signal(c.wake)
}

// Leading reports whether this replica may write.
func (c *Controller) Leading() bool { return c.election.leading() }

// Elect stands for election until ctx ends. End it after everything that writes has ended: it gives the lease back,
// and what is saved on the way out is saved by the leader.
func (c *Controller) Elect(ctx context.Context) error { return c.election.run(ctx) }

// MissingRights are the rights that the API server refuses, as lines for people; empty when all is well.
func (c *Controller) MissingRights() []string {
	var out []string
	for _, r := range c.rights.missing() {
		out = append(out, missingRight(r)+": "+r.consequence())
	}
	return out
}

// upkeep is how often it is looked whether a kind that was missing is there now.
const upkeep = 10 * time.Second

// Run watches and writes until ctx ends.
//
//	             ┌─ watches (started and ended by upkeep) ──> caches ──> Scalers
//	ctx ── Run ──┼─ upkeep: which watches are needed; sizes of unusual kinds; what deleted scalers left
//	             └─ writer: status and Events                                  <── Publish
func (c *Controller) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	wg.Go(func() { c.write(ctx) })
	ticker := time.NewTicker(upkeep)
	defer ticker.Stop()
	for {
		c.follow(ctx, &wg)
		c.measure(ctx)
		c.clean(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		case <-c.wake:
		}
	}
}

// signal tells a goroutine that there is something to do; one that knows already is left alone.
func signal(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}
