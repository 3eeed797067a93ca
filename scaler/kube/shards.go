package kube

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/lagscaler/lagscaler/lag/shard"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/kube/access"
	"github.com/lagscaler/lagscaler/scaler/kube/election"
)

// What the Lease of a shard says, for the other shards. Without shards it says nothing of this.
const (
	annotationShard  = "lagscaler.io/shard"         // what its leader claims: i/N
	annotationWanted = "lagscaler.io/shards-wanted" // how many shards there are by the flag of its leader
	annotationPages  = "lagscaler.io/pages-at"      // the URL of its leader's pages; none: other shards cannot ask it
)

// How often the Leases of the other shards are read: in a hurry while something changes.
const (
	lookHurried = time.Second
	lookCalm    = 10 * time.Second
	lingerFor   = 20 * time.Second // at most, for the others to go on without this shard
)

// shardLease is the name of the Lease of a shard. The first one has that of an installation without shards, so that one becomes
// several without a moment in which nobody leads.
func shardLease(base string, index int) string {
	if index == 0 {
		return base
	}
	return base + "-shard-" + strconv.Itoa(index)
}

// shards is this replica's place among the shards of its installation: package lag/shard has the rules.
//
//	one shard by the flag, and by the Lease     nothing is read or written, and everything is this replica's own
//	it does not lead                            its shard is what the Lease says; it follows
//	it leads                                    its Lease says what it claims; the Leases of the others are read after that
type shards struct {
	api      access.API
	base     string // the name of the first shard's Lease
	own      shard.Shard
	pagesAt  string
	election *election.Election

	mu      sync.Mutex
	claimed int         // the Lease claims so many shards, as last read; 0: it says nothing
	seat    *shard.Seat // of this replica's last term; nil: there are no shards
	next    *shard.Seat // from the write under way on, if this replica begins to lead with it
	begins  bool
	term    int         // counts seats
	written int         // what the seat claimed when the Lease was last written
	mark    int         // what it claims in the write under way
	writes  int         // of the Lease
	view    *shard.View // as last asked for
	of      int         // the term of that; 0: a follower's
	took    *shard.View // by the engine
	tookOf  int
	known   map[int]*knownLease
	hurry   chan struct{}

	parts parts // of the limits above single scalers
}

// knownLease is what is known of the Lease of another shard. Its times are of our own clock.
type knownLease struct {
	shard.Lease
	renewal string
	changed time.Time // when a new renewal was last seen
	looked  time.Time
	pages   string
	answers string
	parts   shardParts
}

func newShards(api access.API, o Options, e *election.Election) *shards {
	return &shards{
		api: api, base: o.Lease, own: o.Shard, pagesAt: o.PagesAt, election: e, parts: parts{index: o.Shard.Index}, known: map[int]*knownLease{}, hurry: make(chan struct{}, 1),
	}
}

// claimIn is what a Lease claims; 0: nothing.
func claimIn(annotations map[string]string, index int) int {
	s, err := shard.Parse(annotations[annotationShard])
	if err != nil || s.Index != index {
		return 0
	}
	return s.Of
}

// Mark says in the Lease what this replica claims.
func (s *shards) Mark(annotations map[string]string, held, fresh bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	seat := s.seat
	if s.begins = !held; s.begins {
		seat = s.newSeat(annotations, fresh)
		s.next = seat
	}
	if seat == nil {
		delete(annotations, annotationShard)
		delete(annotations, annotationWanted)
		delete(annotations, annotationPages)
		delete(annotations, annotationParts)
		return
	}
	s.mark = seat.Of
	annotations[annotationShard] = shard.Shard{Index: seat.Index, Of: seat.Of}.String()
	annotations[annotationWanted] = strconv.Itoa(seat.Wants)
	if delete(annotations, annotationPages); s.pagesAt != "" {
		annotations[annotationPages] = s.pagesAt
	}
	if text := s.parts.mark(annotations[annotationParts], s.begins, s.others()); text != "" {
		annotations[annotationParts] = text
	} else {
		delete(annotations, annotationParts)
	}
}

// newSeat is the seat of this replica when it begins to lead; nil: there are no shards.
func (s *shards) newSeat(annotations map[string]string, fresh bool) *shard.Seat {
	of := claimIn(annotations, s.own.Index)
	switch {
	case s.own.Alone() && of <= 1:
		return nil
	case of == 0 && s.own.Index == 0 && !fresh:
		of = 1 // its last holder knew of no shards: it had everything
	}
	return shard.NewSeat(s.own, of)
}

// Marked says that this is written.
func (s *shards) Marked() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.begins {
		s.seat, s.begins = s.next, false
		s.term++
	}
	if s.seat == nil {
		return
	}
	s.parts.marked()
	if s.written != s.mark || !s.seat.Settled() || s.parts.limited() {
		signal(s.hurry)
	}
	s.written = s.mark
	s.writes++
}

// Read takes in what the Lease claims.
func (s *shards) Read(annotations map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.claimed = claimIn(annotations, s.own.Index); s.claimed > 1 && s.own.Alone() {
		signal(s.hurry)
	}
}

// View is what is this replica's own now; nil: everything.
func (s *shards) View() *shard.View {
	leads := s.election.Leading()
	s.mu.Lock()
	defer s.mu.Unlock()
	var view *shard.View
	of := 0
	switch {
	case s.own.Alone() && s.claimed <= 1 && (s.seat == nil || s.seat.Settled()): // by the flag, and by the Lease
		return nil
	case leads && s.seat != nil:
		view, of = s.seat.View(), s.term
	case s.claimed > s.own.Index:
		view = shard.NewView(shard.Shard{Index: s.own.Index, Of: s.claimed}, max(1, s.own.Of))
	default:
		view = shard.NewView(s.own, max(1, s.own.Of))
	}
	if s.view == nil || s.of != of || !view.Equal(s.view) {
		s.view, s.of = view, of
	}
	return s.view
}

// Took notes what the engine goes by.
func (s *shards) Took(v *shard.View) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.took = v; v == s.view {
		s.tookOf = s.of
	}
	if s.seat != nil && s.seat.Leaves() {
		signal(s.hurry)
	}
}

// taken reports whether the engine goes by what a leader owns, and not by what a follower follows.
func (s *shards) taken() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.seat == nil:
		return s.own.Alone() && s.claimed <= 1
	case s.took == nil:
		return s.own.Alone() && s.seat.Settled()
	}
	return s.tookOf == s.term
}

// owns reports whether this replica may write about a scaler, if it leads.
func (s *shards) owns(one *scaler.Scaler) bool {
	if len(one.Sources) == 0 {
		return s.View().Owns("", one.Name)
	}
	return s.View().Owns(one.Sources[0].Cluster, one.Sources[0].Group)
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
		s.seat.Look(leases)
		if s.writes == writes {
			s.parts.read(s.others())
		}
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
		k.Of, k.Wants, k.pages, k.answers, k.parts = 0, 0, "", "", shardParts{index: k.Index}
		return
	}
	k.parts = partsIn(lease.Annotations[annotationParts], k.Index, k.Live)
	k.Of, k.pages = claimIn(lease.Annotations, k.Index), lease.Annotations[annotationPages]
	k.answers = election.AnswersAt(lease)
	k.Wants, _ = strconv.Atoi(lease.Annotations[annotationWanted])
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
		if errors.Is(err, context.DeadlineExceeded) || err != nil {
			return false
		}
		leases = append(leases, l)
	}
	return shard.Gone(s.own.Index, leases)
}
