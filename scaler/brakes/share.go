package brakes

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/number"
)

// Member is a scaler, whether it asks for something or not.
type Member struct {
	Name     string // namespace/name
	Labels   map[string]string
	Replicas int32 // of its target
	Known    bool  // Replicas is known
	Acts     bool  // its decisions are written, so that it counts among those that may step down
}

// Ask is a decision that asks for another number of replicas.
type Ask struct {
	Name string
	scaler.Asks
	Pending int32 // pods of the target that have found no node
}

// Round is everything that one poll shares out.
type Round struct {
	Now     time.Time
	Limits  []Limit
	Members []Member
	Asks    []Ask

	// Parts is what this shard has of each limit, by its name; nil: there are no other shards. A limit that is not there has nothing left.
	Parts map[string]Parts
}

// Use is how much of a limit is used, before the asks of a round.
type Use struct {
	Limit          *Limit
	AddedPerMinute int32
	SteppingDown   int // scalers
	MayStepDown    int
	Replicas       int32
}

// Uses are the limits and what is used of them.
func (l *Ledger) Uses(r Round) []Use {
	var out []Use
	for _, m := range l.begin(&r).rooms {
		out = append(out, m.Use)
	}
	return out
}

// Share says what the decisions of a round may take: a brake for each that gets less than it asks for, by name. It notes those, so
// that the next rounds leave to them what they would get. It books nothing: see [Ledger.Book].
func (l *Ledger) Share(r Round) map[string]scaler.Brake {
	s := l.begin(&r)
	s.pending()
	s.ups()
	s.downs()
	brakes := map[string]scaler.Brake{}
	for i := range r.Asks {
		a := r.Asks[i]
		b, cut := s.cut[a.Name]
		if !cut {
			delete(l.waiting, a.Name)
			continue
		}
		brakes[a.Name] = b
		since := s.since(&a)
		a.From = b.To
		l.waiting[a.Name] = waiting{ask: a, at: r.Now, since: since}
	}
	return brakes
}

// sharing is a round while it is shared out.
type sharing struct {
	ledger *Ledger
	round  *Round
	rooms  []*room
	of     map[string][]*room // by scaler: the limits that select it
	asks   []*Ask             // of the round, and those that wait
	cut    map[string]scaler.Brake
}

// climber is a scaler that asks for more replicas.
type climber struct {
	*Ask
	size     int32 // that it may have
	repeats  int32 // of its step: they count as added already
	reserved int32 // of its step: they count as running already
}

// room is what is left of a limit.
type room struct {
	Use
	stepping        map[string]bool
	added, replicas int32 // that it allows here; less than the limit where other shards have a part
	acting          int32
}

func (l *Ledger) begin(r *Round) *sharing {
	l.Trim(r.Now)
	s := &sharing{ledger: l, round: r, of: map[string][]*room{}, cut: map[string]scaler.Brake{}}
	for i := range r.Limits {
		s.rooms = append(s.rooms, s.room(&r.Limits[i]))
	}
	asking := map[string]bool{}
	for i := range r.Asks {
		asking[r.Asks[i].Name] = true
		s.asks = append(s.asks, &r.Asks[i])
	}
	for name, w := range l.waiting {
		if !asking[name] && s.of[name] != nil {
			s.asks = append(s.asks, &w.ask)
		}
	}
	return s
}

func (s *sharing) room(limit *Limit) *room {
	r := &room{Use: Use{Limit: limit}, stepping: map[string]bool{}}
	acting, selected := 0, map[string]bool{}
	for i := range s.round.Members {
		m := &s.round.Members[i]
		if !limit.Selects(m.Name, m.Labels) {
			continue
		}
		selected[m.Name] = true
		s.of[m.Name] = append(s.of[m.Name], r)
		r.Replicas += s.ledger.size(m, s.round.Now)
		if m.Acts {
			acting++
		}
	}
	for name := range s.ledger.written {
		if !selected[name] && !limit.Selects(name, nil) { // one that is not declared any more still counts
			continue
		}
		r.AddedPerMinute += s.ledger.added(name, s.round.Now)
		if s.ledger.steppingDown(name, s.round.Now) {
			r.stepping[name] = true
		}
	}
	r.SteppingDown, r.MayStepDown, r.acting = len(r.stepping), limit.stepping(acting), bounded(int64(acting))
	r.added, r.replicas = limit.AddedPerMinute, limit.Replicas
	if s.round.Parts != nil {
		part := s.round.Parts[limit.Name]
		r.added, r.replicas, r.MayStepDown = part.Added.Has, part.Replicas.Has, int(part.Down.Has)
	}
	return r
}

// pending holds scalers whose pods wait for a node: the replicas that are asked for stay, and no more are.
func (s *sharing) pending() {
	for _, a := range s.asks {
		limited := slices.ContainsFunc(s.of[a.Name], func(r *room) bool { return r.Limit.AddedPerMinute > 0 || r.Limit.Replicas > 0 })
		if a.To > a.From && a.Pending > 0 && limited {
			s.cut[a.Name] = scaler.Brake{Reason: scaler.PodsPending, To: a.From, Why: number.Of(a.Pending, "pod") + " found no node yet"}
		}
	}
}

// ups shares the replicas out.
func (s *sharing) ups() {
	sizes := map[string]int32{}
	for i := range s.round.Members {
		sizes[s.round.Members[i].Name] = s.ledger.size(&s.round.Members[i], s.round.Now)
	}
	var up []*climber
	for _, a := range s.asks {
		if _, held := s.cut[a.Name]; a.To > a.From && !held {
			up = append(up, &climber{
				Ask: a, size: a.From, repeats: s.ledger.repeated(a.Name, a.From, a.To, s.round.Now),
				reserved: max(0, min(sizes[a.Name], a.To)-a.From),
			})
		}
	}
	slices.SortFunc(up, func(a, b *climber) int { return before(a.Ask, b.Ask) })
	for _, c := range up { // minReplicas, and the first replica of a target at zero
		s.give(c, min(c.First, c.To), func(_, room int32) int32 { return room })
	}
	for _, c := range up {
		s.give(c, c.To, c.useful)
	}
}

// give gives a scaler replicas up to a number: all of them, or as many as a limit leaves, if that number is useful.
func (s *sharing) give(c *climber, to int32, useful func(from, room int32) int32) {
	if c.size >= to {
		return
	}
	left, minute, brake := s.left(c, to-c.size)
	if left < to-c.size {
		if n := useful(c.size, left); n > 0 || minute == 0 || useful(c.size, minute) > 0 {
			left = n // else no minute has room for a useful step: it is made in several
		}
		brake.To = c.size + left
		s.cut[c.Name] = brake
	}
	c.size += left
	added, taken := max(0, left-c.repeats), max(0, left-c.reserved)
	c.repeats, c.reserved = max(0, c.repeats-left), max(0, c.reserved-left)
	for _, r := range s.of[c.Name] {
		r.AddedPerMinute += added
		r.Replicas += taken
	}
}

// left is how many of so many replicas the limits leave, and which one leaves the fewest. minute is what that one allows in a minute;
// 0: it limits the replicas in all.
func (s *sharing) left(c *climber, replicas int32) (left, minute int32, brake scaler.Brake) {
	left = replicas
	for _, r := range s.of[c.Name] {
		for _, b := range []struct {
			limit, here, used, own, minute int32
			reason                         scaler.Reason
			words                          string
		}{
			{r.Limit.AddedPerMinute, r.added, r.AddedPerMinute, c.repeats, r.Limit.AddedPerMinute, scaler.FleetUpLimit, "limit %s: %s a minute, %s added"},
			{r.Limit.Replicas, r.replicas, r.Replicas, c.reserved, 0, scaler.PoolFull, "limit %s: %s in all, %s taken"},
		} {
			if free := max(0, b.here-b.used+b.own); b.limit > 0 && free < left {
				left, minute = free, b.minute
				brake = scaler.Brake{Reason: b.reason, Why: fmt.Sprintf(b.words, r.Limit.Name, number.Of(b.limit, "replica"), number.Whole(b.used))}
				if b.here < b.limit {
					brake.Why += fmt.Sprintf(" of the %s that this shard has now", number.Whole(b.here))
				}
			}
		}
	}
	return left, minute, brake
}

// downs lets so many scalers step down as the limits allow: those first that have waited for longest, then those that save most.
func (s *sharing) downs() {
	var down []*Ask
	for _, a := range s.asks {
		if a.To < a.From {
			down = append(down, a)
		}
	}
	slices.SortFunc(down, func(a, b *Ask) int {
		return cmp.Or(s.since(a).Compare(s.since(b)), cmp.Compare(b.From-b.To, a.From-a.To), strings.Compare(a.Name, b.Name))
	})
	for _, a := range down {
		if full := s.full(a); full != nil {
			s.cut[a.Name] = scaler.Brake{Reason: scaler.FleetDownLimit, To: a.From, Why: fmt.Sprintf("limit %s: at most %s within %s, and that number is reached",
				full.Limit.Name, number.Of(full.MayStepDown, "scaler"), number.Duration(DownFor))}
			continue
		}
		for _, r := range s.of[a.Name] {
			r.stepping[a.Name] = true
		}
	}
}

func (s *sharing) since(a *Ask) time.Time {
	if w, waits := s.ledger.waiting[a.Name]; waits {
		return w.since
	}
	return s.round.Now
}

// full is a limit that does not let a scaler step down now; nil: none.
func (s *sharing) full(a *Ask) *room {
	for _, r := range s.of[a.Name] {
		others := len(r.stepping)
		if r.stepping[a.Name] {
			others--
		}
		if r.Limit.SteppingDown > 0 && others+1 > r.MayStepDown {
			return r
		}
	}
	return nil
}
