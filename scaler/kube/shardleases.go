package kube

import (
	"context"
	"fmt"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/lagscaler/lagscaler/lag/shard"
	"github.com/lagscaler/lagscaler/scaler/breaker"
	"github.com/lagscaler/lagscaler/scaler/kube/access"
	"github.com/lagscaler/lagscaler/scaler/kube/election"
)

// How often the Leases of the other shards are read: in a hurry while something changes.
const (
	lookHurried = time.Second
	lookCalm    = 10 * time.Second
	lingerFor   = 20 * time.Second // at most, for the others to go on without this shard
)

// knownLease is what is known of the Lease of another shard. Its times are of our own clock.
type knownLease struct {
	shard.Lease
	renewal string
	changed time.Time // when a new renewal was last seen
	looked  time.Time
	claim   string         // its name
	waits   map[int]string // the claims that its holder waits for
	pages   string
	answers string
	parts   shardParts
	stops   breaker.Part
}

// answersAt is the address at which the leader of another shard answers other autoscalers; empty: it is not known.
func (s *shards) answersAt(index int) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if k := s.known[index]; k != nil && k.Live {
		return k.answers
	}
	return ""
}

// Other is another shard, for whoever asks its leader.
type Other struct {
	Index int
	URL   string // of its leader's pages; empty: they cannot be asked
	Why   string // they cannot
}

// all are the shards of the division in force; none: there are no shards.
func (s *shards) all() (own shard.Shard, others []Other) {
	view := s.View()
	if view.All() || view.Alone() {
		return shard.Shard{}, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range view.Of {
		if i == view.Index {
			continue
		}
		o := Other{Index: i}
		switch k := s.known[i]; {
		case k == nil || !k.Live:
			o.Why = "nobody leads it"
		case k.pages == "":
			o.Why = "its leader does not say where its pages are: it runs without --advertise"
		default:
			if err := checkPages(s.pagesAt, k.pages); err != nil {
				o.Why = err.Error()
				break
			}
			o.URL = k.pages
		}
		others = append(others, o)
	}
	return view.Shard, others
}

// run looks at the Leases of the other shards until ctx ends. settle returns when no write is under way any more that began before.
func (s *shards) run(ctx context.Context, settle func()) {
	for {
		var again <-chan time.Time // never: there are no shards
		if s.View() != nil {
			s.look(ctx)
			s.leave(settle)
			again = time.After(s.pause())
		}
		select {
		case <-ctx.Done():
			return
		case <-again:
		case <-s.hurry:
		}
	}
}

// pause is the time until the Leases are read again.
func (s *shards) pause() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seat != nil && !s.seat.Settled() {
		return lookHurried
	}
	return lookCalm
}

// others are the parts that the other shards have written. One that is dead keeps its part as long as the division has it: its replicas run.
func (s *shards) others() []shardParts {
	most := max(s.own.Of, s.claimed, s.written)
	for _, k := range s.known {
		if k.Live {
			most = max(most, k.Of, k.Wants, k.Index+1)
		}
	}
	var out []shardParts
	for i := range most {
		if k := s.known[i]; k != nil && i != s.own.Index {
			out = append(out, k.parts)
		}
	}
	return out
}

// look reads the Leases of the other shards, and takes them in if all of them were read after this replica's claim was written.
func (s *shards) look(ctx context.Context) {
	s.mu.Lock()
	term, writes, most := s.term, s.writes, max(s.own.Of, s.claimed, s.written)
	claims := s.seat != nil && s.written == s.seat.Of // what is read from now on is read after that was written
	s.mu.Unlock()
	var leases []shard.Lease
	for i := 0; i < min(most, shard.Most); i++ {
		if i == s.own.Index {
			continue
		}
		l, err := s.lookAt(ctx, i)
		if err != nil {
			return // nothing is taken over before all of them are known
		}
		leases = append(leases, l)
		if l.Live {
			most = max(most, l.Of, l.Wants)
		}
	}
	leads := s.election.Leading()
	s.mu.Lock()
	defer s.mu.Unlock()
	if leads && claims && s.term == term && s.written == s.seat.Of {
		s.take(leases)
		if s.writes == writes {
			s.parts.read(s.others())
		}
	}
}

// take takes in the Leases of the others, all of which were read after the claim of the seat was written. The caller holds mu.
func (s *shards) take(leases []shard.Lease) {
	own := s.claim(s.seat)
	for i := range leases {
		leases[i].Waits = s.known[leases[i].Index].waits[s.own.Index] == own
	}
	s.seat.Look(leases)
	s.waits = map[int]string{}
	for _, index := range s.seat.Waiting() {
		s.waits[index] = s.known[index].claim
	}
}

// lookAt reads the Lease of a shard.
func (s *shards) lookAt(ctx context.Context, index int) (shard.Lease, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	namespace := s.api.Installation.Namespace
	lease, err := s.api.Clients.Kubernetes.CoordinationV1().Leases(namespace).Get(ctx, shardLease(s.base, index), metav1.GetOptions{})
	s.api.Rights.Note(access.Right{Verb: "get", Group: coordinationv1.GroupName, Resource: "leases", Namespace: namespace}, err)
	if err != nil && !apierrors.IsNotFound(err) {
		return shard.Lease{}, fmt.Errorf("reading the Lease of shard %d: %w", index, err)
	}
	if err != nil {
		lease = nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known[index] == nil {
		s.known[index] = &knownLease{Lease: shard.Lease{Index: index}}
	}
	s.known[index].saw(lease, s.api.Clock())
	return s.known[index].Lease, nil
}

// saw takes in one look at the Lease; nil: it is gone. It may be held as long as its last renewal is not election.Duration old, by a
// clock that has watched it all the time.
func (k *knownLease) saw(lease *coordinationv1.Lease, now time.Time) {
	renewal := renewalOf(lease)
	if renewal != k.renewal || now.Sub(k.looked) >= election.Duration {
		k.renewal, k.changed = renewal, now
	}
	k.looked = now
	k.Live = renewal != "" && now.Sub(k.changed) < election.Duration
	if lease == nil {
		k.Of, k.Wants, k.claim, k.waits, k.pages, k.answers, k.parts, k.stops = 0, 0, "", nil, "", "", shardParts{index: k.Index}, breaker.Part{}
		return
	}
	k.stops = stopsIn(lease.Annotations[annotationStops])
	k.parts = partsIn(lease.Annotations[annotationParts], k.Index, k.Live)
	k.Of, k.pages = claimIn(lease.Annotations, k.Index), lease.Annotations[annotationPages]
	k.claim, k.waits = lease.Annotations[annotationClaim], waitsIn(lease.Annotations)
	k.answers = election.AnswersAt(lease)
	k.Wants = wantedIn(lease.Annotations)
	if k.Of == 0 && k.Index == 0 && renewal != "" {
		k.Of, k.Wants = 1, 1 // its holder knows of no shards: it has everything
	}
}

// leave goes over to the wanted division when the engine has stopped what this replica is about to give up.
func (s *shards) leave(settle func()) {
	view := s.View()
	s.mu.Lock()
	leaves := s.seat != nil && s.seat.Leaves() && s.took == view
	term := s.term
	s.mu.Unlock()
	if !leaves {
		return
	}
	settle()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.term == term && s.seat.Leaves() {
		s.api.Log.Info("going over to another number of shards", "shard", s.own.Index, "from", s.seat.Of, "to", s.seat.Wants)
		s.seat.Left()
	}
}

// linger returns when the others go on without this shard, or do not within lingerFor.
func (s *shards) linger(ctx context.Context) {
	s.mu.Lock()
	stays := s.own.Index == 0 || s.seat == nil
	s.mu.Unlock()
	if stays || !s.election.Leading() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, lingerFor)
	defer cancel()
	for s.election.Leading() && !s.isGone(ctx) {
		select {
		case <-ctx.Done():
			return
		case <-time.After(lookHurried):
		}
	}
}

func (s *shards) isGone(ctx context.Context) bool {
	var leases []shard.Lease
	for i := range s.own.Of {
		if i == s.own.Index {
			continue
		}
		l, err := s.lookAt(ctx, i)
		if err != nil {
			return false
		}
		leases = append(leases, l)
	}
	return shard.Gone(s.own.Index, leases)
}
