package kube

import (
	"encoding/json"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/lagscaler/lagscaler/lag/shard"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/breaker"
	"github.com/lagscaler/lagscaler/scaler/kube/access"
	"github.com/lagscaler/lagscaler/scaler/kube/election"
)

// What the Lease of a shard says, for the other shards. Without shards it says nothing of this.
const (
	annotationShard  = "lagscaler.io/shard"         // what its leader claims: i/N
	annotationWanted = "lagscaler.io/shards-wanted" // how many shards there are by the flag of its leader
	annotationPages  = "lagscaler.io/pages-at"      // the URL of its leader's pages; none: other shards cannot ask it
	annotationClaim  = "lagscaler.io/shard-claim"   // a name of that claim, which no other one has
	annotationWaits  = "lagscaler.io/shard-waits"   // the claims that its leader waits for, by the index of their shard, as JSON
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
	replica  string // its name
	pagesAt  string
	election *election.Election

	mu      sync.Mutex
	claimed int         // the Lease claims so many shards, as last read; 0: it says nothing
	seat    *shard.Seat // of this replica's last term; nil: there are no shards
	next    *shard.Seat // from the write under way on, if this replica begins to lead with it
	begins  bool
	term    int            // counts seats
	began   time.Time      // the seat
	waits   map[int]string // the claims of others that the seat waits for, as last looked at
	written int            // what the seat claimed when the Lease was last written
	mark    int            // what it claims in the write under way
	writes  int            // of the Lease
	view    *shard.View    // as last asked for
	of      int            // the term of that; 0: a follower's
	took    *shard.View    // by the engine
	tookOf  int
	known   map[int]*knownLease
	hurry   chan struct{}

	parts     parts        // of the limits above single scalers
	stops     breaker.Part // of the own scalers, as the engine last said
	stopsTold bool         // in this term
}

func newShards(api access.API, o Options, e *election.Election) *shards {
	return &shards{
		api: api, base: o.Lease, own: o.Shard, replica: o.Identity, pagesAt: o.PagesAt, election: e, parts: parts{index: o.Shard.Index}, known: map[int]*knownLease{}, hurry: make(chan struct{}, 1),
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

// wantedIn is how many shards there are by the flag of a Lease's leader; 0: it does not say, or somebody edited it.
func wantedIn(annotations map[string]string) int {
	n, err := strconv.Atoi(annotations[annotationWanted])
	if err != nil || n < 1 || n > shard.Most {
		return 0
	}
	return n
}

// Mark says in the Lease what this replica claims.
func (s *shards) Mark(annotations map[string]string, held, fresh bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	seat := s.seat
	if s.begins = !held; s.begins {
		seat = s.newSeat(annotations, fresh)
		s.next, s.began, s.waits = seat, s.api.Clock(), nil
	}
	for _, name := range []string{annotationShard, annotationWanted, annotationPages, annotationClaim, annotationWaits} {
		delete(annotations, name)
	}
	if seat == nil {
		delete(annotations, annotationParts)
		delete(annotations, annotationStops)
		return
	}
	s.markStops(annotations)
	s.mark = seat.Of
	annotations[annotationShard] = shard.Shard{Index: seat.Index, Of: seat.Of}.String()
	annotations[annotationWanted] = strconv.Itoa(seat.Wants)
	annotations[annotationClaim] = s.claim(seat)
	if len(s.waits) > 0 {
		annotations[annotationWaits] = waitsText(s.waits)
	}
	if s.pagesAt != "" {
		annotations[annotationPages] = s.pagesAt
	}
	if text := s.parts.mark(annotations[annotationParts], s.begins, s.others()); text != "" {
		annotations[annotationParts] = text
	} else {
		delete(annotations, annotationParts)
	}
}

// claim is the name of what a seat claims. A replica that begins to lead again, or goes over to another division, has another claim.
func (s *shards) claim(seat *shard.Seat) string {
	return fmt.Sprintf("%d of %d by %s since %s", seat.Index, seat.Of, s.replica, s.began.UTC().Format(time.RFC3339Nano))
}

// waitsText is what a Lease says of the claims that its holder waits for.
func waitsText(waits map[int]string) string {
	text, err := json.Marshal(waits)
	if err != nil {
		return "" // no map of texts fails
	}
	return string(text)
}

// waitsIn are the claims that the holder of a Lease waits for; none: it says nothing, or somebody edited it.
func waitsIn(annotations map[string]string) map[int]string {
	var waits map[int]string
	if json.Unmarshal([]byte(annotations[annotationWaits]), &waits) != nil {
		return nil
	}
	return waits
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

// follows reports whether this is a replica of one of several shards, and does not hold its Lease.
func (s *shards) follows() bool {
	leads := s.election.Leading()
	s.mu.Lock()
	defer s.mu.Unlock()
	return !leads && (s.claimed > 1 || !s.own.Alone())
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
