package election

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"

	"github.com/lagscaler/lagscaler/scaler/kube/access"
)

// Duration of the Lease, from its last renewal. Nobody of the installation writes after it, unless the Lease is renewed.
const Duration = 15 * time.Second

// Of the Lease: a leader that could not renew it for renewDeadline stops writing, and after leaseDuration another one
// may lead. In the 5 s in between nobody leads; they allow for clocks that run at different speeds.
const (
	leaseDuration = Duration
	renewDeadline = 10 * time.Second
	retryPeriod   = 2 * time.Second
)

// ErrNotLeading is the error of a write while another replica leads.
var (
	ErrNotLeading = errors.New("this replica does not lead")
	errLeaseLost  = errors.New("the lease was lost")
)

// Election is one replica's part in the election of the leader.
type Election struct {
	lock   resourcelock.Interface
	rights *access.Rights
	log    *slog.Logger

	mu         sync.Mutex
	renewed    time.Time       // when the renewal that holds now was sent; zero: not leading
	term       context.Context // ends with the leadership; nil: not leading
	end        context.CancelCauseFunc
	terms      uint64    // how often this replica began to lead
	firstWrite time.Time // of the installation, see [Election.FirstWrite]; zero: none
	leaderAt   string    // see [Election.LeaderAnswersAt]
	marker     Marker    // nil: nothing more is said
}

// Marker says more in the Lease, for the other shards of the installation. Its methods do not block.
type Marker interface {
	// Mark changes the annotations of a Lease that is about to be written. held: by this replica already; else they are those of the
	// last holder, and this replica begins to lead if the write succeeds. fresh: there was no Lease.
	Mark(annotations map[string]string, held, fresh bool)
	// Marked says that the write of the last Mark succeeded.
	Marked()
	// Read takes in the annotations of the Lease, whoever holds it.
	Read(annotations map[string]string)
}

// MarkWith has a Marker mark the Lease. It is called before Run.
func (e *Election) MarkWith(m Marker) { e.marker = m }

// holds reports whether this replica holds the Lease, as far as it knows.
func (e *Election) holds() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.term != nil
}

// New makes a candidate for the Lease of the installation, which stands for election in Run. The name of the replica is unique.
// keeps are the namespaces whose KafkaScalers the installation may keep, "*" for all: the Lease says it to other installations.
// answers is the address at which this replica answers other autoscalers, for the replicas that do not lead; empty: it does not.
func New(api access.API, replica, answers string, keeps func() []string) *Election {
	return ForShard(api, api.Installation.Lease, replica, answers, keeps)
}

// ForShard makes a candidate for the Lease of one shard of the installation.
func ForShard(api access.API, lease, replica, answers string, keeps func() []string) *Election {
	e := &Election{rights: api.Rights, log: api.Log}
	own := api.Installation
	e.lock = &timedLock{election: e, namespace: own.Namespace, Interface: &resourcelock.LeaseLock{
		LeaseMeta:  metav1.ObjectMeta{Namespace: own.Namespace, Name: lease},
		Client:     markedLeases{LeasesGetter: api.Clients.Kubernetes.CoordinationV1(), election: e, manager: own.FieldManager(), keeps: keeps, answers: answers},
		LockConfig: resourcelock.ResourceLockConfig{Identity: replica},
	}}
	return e
}

// Term counts the times that this replica began to lead. What it knew in an earlier term, another leader may have changed.
func (e *Election) Term() uint64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.terms
}

// Leading reports whether this replica leads now. It does not wait for the library to notice a lost lease: a renewal older
// than renewDeadline does not count.
func (e *Election) Leading() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.term != nil && time.Since(e.renewed) < renewDeadline
}

// Bound returns a context that ends with ctx and with the leadership, so that a write in progress stops at once when the
// lease is lost.
func (e *Election) Bound(ctx context.Context) (context.Context, context.CancelFunc, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	until := e.renewed.Add(renewDeadline)
	if e.term == nil || time.Until(until) <= 0 {
		return nil, nil, ErrNotLeading
	}
	ctx, cancel := context.WithDeadlineCause(ctx, until, errLeaseLost)
	stop := context.AfterFunc(e.term, cancel)
	return ctx, func() { stop(); cancel() }, nil
}

// Run stands for election until ctx ends, again after each lost lease. At the end it gives the lease back, so that a
// successor need not wait for it to expire.
func (e *Election) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
			Lock: e.lock, Name: e.lock.Describe(), ReleaseOnCancel: true,
			LeaseDuration: leaseDuration, RenewDeadline: renewDeadline, RetryPeriod: retryPeriod,
			Callbacks: leaderelection.LeaderCallbacks{
				OnStartedLeading: func(context.Context) {}, // see timedLock, which knows it first
				OnStoppedLeading: func() { e.lost() },
				OnNewLeader:      e.seen,
			},
		})
		if err != nil {
			return fmt.Errorf("standing for election: %w", err)
		}
		elector.Run(ctx)
	}
	return nil
}

// held is called when the lease was written for us; at is when the request was sent.
func (e *Election) held(at time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.renewed = at
	if e.term == nil {
		e.term, e.end = context.WithCancelCause(context.Background())
		e.terms++
		e.log.Info("leading", "lease", e.lock.Describe(), "identity", e.lock.Identity())
	}
}

func (e *Election) lost() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.term != nil {
		e.end(errLeaseLost)
		e.term, e.end, e.renewed = nil, nil, time.Time{}
		e.log.Info("no longer leading", "lease", e.lock.Describe(), "identity", e.lock.Identity())
	}
}

// seen is called when the Lease has another holder than before.
func (e *Election) seen(holder string) {
	if holder != "" && holder != e.lock.Identity() {
		e.log.Info("another replica holds the Lease; this one leads when it was given back, or not renewed for the time of a lease",
			"lease", e.lock.Describe(), "holder", holder, "time", leaseDuration)
	}
}

// timedLock notes when the library writes the lease. The library itself reports a lost lease only after it has tried for
// renewDeadline to give it back, which is later than a successor may begin.
type timedLock struct {
	resourcelock.Interface
	election  *Election
	namespace string
}

func (l *timedLock) Get(ctx context.Context) (*resourcelock.LeaderElectionRecord, []byte, error) {
	record, raw, err := l.Interface.Get(ctx)
	l.note("get", err)
	return record, raw, err
}

func (l *timedLock) Create(ctx context.Context, r resourcelock.LeaderElectionRecord) error {
	sent := time.Now()
	err := l.Interface.Create(ctx, r)
	l.note("create", err)
	l.wrote(r, sent, err)
	return err
}

func (l *timedLock) Update(ctx context.Context, r resourcelock.LeaderElectionRecord) error {
	if r.HolderIdentity != l.Identity() {
		l.election.lost() // it is about to be given back
	}
	sent := time.Now()
	err := l.Interface.Update(ctx, r)
	l.note("update", err)
	l.wrote(r, sent, err)
	return err
}

func (l *timedLock) wrote(r resourcelock.LeaderElectionRecord, sent time.Time, err error) {
	if err == nil && r.HolderIdentity == l.Identity() {
		l.election.held(sent)
	}
}

func (l *timedLock) note(verb string, err error) {
	l.election.rights.Note(access.Right{Verb: verb, Group: "coordination.k8s.io", Resource: "leases", Namespace: l.namespace}, err)
}
