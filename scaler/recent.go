package scaler

import (
	"time"

	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/need"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// Memory is what one Evaluate hands to the next. Only the embedded learn.Memory is saved and loaded (scaler/learn
// memory.go); the rest, such as the readings of the last minutes, is rebuilt after a restart. It is a value; the zero value
// knows nothing.
type Memory struct {
	learn.Memory
	recent *recent
}

// LoadMemory reads a Memory that Save wrote.
func LoadMemory(data []byte) (Memory, error) {
	m, err := learn.Load(data)
	return Memory{Memory: m}, err
}

// Resume is a loaded memory that continues with the readings of the last minutes that this process has: a follower that
// becomes the leader has read as much as the leader had, but only what the leader learned counts.
func (m Memory) Resume(current Memory) Memory {
	m.recent = current.recent
	return m
}

// Undecided is the memory without the last decision, so that the next Evaluate decides anew. A replay that began in the middle
// of a recording stays in step with it so.
func (m Memory) Undecided() Memory {
	if m.recent == nil {
		return m
	}
	next := *m.recent
	next.standing = nil
	m.recent = &next
	return m
}

// recent is the part of a Memory that is not saved. It is replaced, never changed, once Evaluate has returned it.
type recent struct {
	seen      seen.State
	progress  learn.Progress
	standing  *Decision // nil: nothing was decided yet
	regularAt time.Time // the last decision that was not an early one
	verdict   verdictSince
	play      play
	sources   []sourceState // as Input.Sources at the last decision, or at the last poll at which a start was awaited
	acted     bool          // Input.Acts of the last poll
	zero      zeroLook
	waiting   waiting
}

// last is the state after the last poll.
func (m *Memory) last() recent {
	if m.recent == nil {
		return recent{}
	}
	return *m.recent
}

// sourceState is the state of a source between two decisions.
type sourceState struct {
	cluster, group string
	mapping        seen.Mapping
	members        seen.Members // as they count in this decision
	played         *need.Played // what the advice would have done, had it been written; nil: nothing yet

	begin   time.Time // of its windows: conditions begin anew with them
	fewer   time.Time // since when fewer replicas would do; zero: they would not
	missing time.Time // since when members are missing
	idle    time.Time // since when there is neither lag nor an arrival
}

// update returns the states of the sources that there are now, with their present members.
func (r *recent) update(now *seen.State, learned *learn.State) []sourceState {
	list := make([]sourceState, len(now.Sources))
	for i := range now.Sources {
		h := &now.Sources[i]
		s := r.source(h)
		if h.Read != nil {
			s.mapping = now.Map(h, learned.Source(h).SessionTime(h.SessionTimeout, now.Now, now.Clock), s.mapping.By)
		}
		if !s.begin.Equal(h.Since) {
			s.begin, s.fewer, s.idle = h.Since, time.Time{}, time.Time{}
		}
		list[i] = s
	}
	return list
}

func (r *recent) source(h *seen.History) sourceState {
	for _, s := range r.sources {
		if s.cluster == h.Cluster && s.group == h.Group {
			return s
		}
	}
	return sourceState{cluster: h.Cluster, group: h.Group}
}

// count turns the mappings and the learned values into counts.
func count(in *Input, sources []sourceState, now *seen.State, learned *learn.State) []sourceState {
	for i := range sources {
		h, s := &now.Sources[i], &sources[i]
		if h.Read == nil {
			continue
		}
		s.members = learned.Source(h).Members(&s.mapping, h.ConsumersPerReplica)
		if p := in.Policy.Place; p != nil {
			s.members = learned.Source(h).InPlace(s.members, &s.mapping, p.Share, now.Clock)
		}
	}
	return sources
}

// since is since when a condition has held; zero when it does not.
func since(before time.Time, holds bool, now time.Time) time.Time {
	switch {
	case !holds:
		return time.Time{}
	case before.IsZero():
		return now
	}
	return before
}
