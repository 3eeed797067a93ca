package engine

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler"
)

const (
	memoryTimeout = 5 * time.Second
	saveInterval  = 5 * time.Minute
	loadInterval  = time.Minute // after a load, or a save of some, that failed
)

// Memories keeps what scalers learned across restarts and changes of the leader, by Scaler.Name. Save keeps what is saved of
// scalers that are not in the map.
type Memories interface {
	Load(ctx context.Context) (map[string]scaler.Memory, error)
	Save(ctx context.Context, learned map[string]scaler.Memory) error
}

// memory is what scalers have learned, and when it was loaded and saved.
//
//	this process begins to lead     load; until that works, decide from its own readings and save nothing
//	it leads                        save each five minutes, and at the end
//	a zero by hand is noted         save with the next poll (of a KafkaScaler its status has it)
//	another autoscaler gets another number    save this scaler with the next poll
//	a step down counts, or a scaler stops     save this scaler with the next poll (fleet.go)
//	all scalers stop                save with the next poll
//	before a write of 0             save at once (of a KafkaScaler its status); when that fails, nothing is written
//	it leads no longer              load again when it leads again
type memory struct {
	store Memories // nil: what is learned ends with the process
	log   *slog.Logger

	learned map[string]scaler.Memory // by name

	others bool // other shards save, too: only what is this one's own is saved
	owns   func(scaler string) bool
	due    bool            // this shard has got scalers of another one, and what that one saved is not loaded yet
	own    map[string]bool // those that were its own before, while due

	loaded    bool // what the last leader saved; until then nothing is saved
	loadAgain time.Time
	loadedAt  time.Time
	saved     time.Time
	alone     map[string]bool // scalers to be saved with the next poll, without the others
	aloneFrom time.Time       // not before then: their last save failed
}

// load loads what was learned when this process becomes the leader, or may decide at last: only the leader learns, and
// goes on from what the last one saved. The readings of the last minutes are this process's own. A load that fails is
// tried again, and until it works nothing is saved. A store leaves out single memories that it cannot decode, such as those
// of a newer version: those scalers learn anew, and the next save replaces what was left out. ok says that it worked now. It is also
// loaded when this shard has got scalers of another one; what it has learned of its own ones stays.
func (m *memory) load(ctx context.Context, now time.Time, learns bool) (loaded map[string]scaler.Memory, ok bool) {
	if !learns {
		m.loaded, m.due, m.own = false, false, nil
		return nil, false
	}
	if m.store == nil || m.loaded && !m.due || now.Before(m.loadAgain) {
		return nil, false
	}
	ctx, cancel := context.WithTimeout(ctx, memoryTimeout)
	defer cancel()
	saved, err := m.store.Load(ctx)
	if err != nil {
		m.loadAgain = now.Add(loadInterval)
		m.log.Warn("loading what was learned failed; deciding from what this process has seen until it works", "err", err)
		return nil, false
	}
	for name, s := range saved {
		if m.own[name] {
			delete(saved, name)
			continue
		}
		saved[name] = s.Resume(m.learned[name])
	}
	maps.Copy(m.learned, saved)
	m.loaded, m.loadedAt, m.saved, m.due, m.own = true, now, now, false, nil
	if !m.others {
		return m.learned, true
	}
	return saved, true
}

// savable is what may be saved of what was learned: not that of another shard, and not that of a scaler of which what another shard
// saved is not loaded yet.
func (m *memory) savable(learned map[string]scaler.Memory) map[string]scaler.Memory {
	if !m.others {
		return learned
	}
	out := map[string]scaler.Memory{}
	for name, one := range learned {
		if m.owns(name) && (!m.due || m.own[name]) {
			out[name] = one
		}
	}
	return out
}

// save saves what was learned when the last time is long enough ago, and at the end.
func (m *memory) save(ctx context.Context, now time.Time, atExit bool) {
	learned, all := m.learned, atExit || now.Sub(m.saved) >= saveInterval
	if !all {
		learned = m.learnedAlone(now)
	}
	learned = m.savable(learned)
	if !m.loaded || len(learned) == 0 {
		return
	}
	if all {
		m.saved = now
	}
	ctx, cancel := context.WithTimeout(ctx, memoryTimeout)
	defer cancel()
	if err := m.store.Save(ctx, learned); err != nil {
		m.aloneFrom = now.Add(loadInterval)
		m.log.Warn("saving what was learned failed", "err", err)
		return
	}
	clear(m.alone)
}

// saveAlone saves what one scaler has learned with the next poll; if that fails, again a minute later.
func (m *memory) saveAlone(name string) {
	if m.alone == nil {
		m.alone = map[string]bool{}
	}
	m.alone[name] = true
}

// learnedAlone is what the scalers that are to be saved alone have learned by now.
func (m *memory) learnedAlone(now time.Time) map[string]scaler.Memory {
	if len(m.alone) == 0 || now.Before(m.aloneFrom) {
		return nil
	}
	some := map[string]scaler.Memory{}
	for name := range m.alone {
		if learned, ok := m.learned[name]; ok {
			some[name] = learned
		}
	}
	return some
}

// teach gives the history of a cluster what the scalers of its groups know of their commits, so that a page says of a rest what
// the decision says.
func (s *scaling) teach(cluster string, h *lag.History) {
	for i := range s.declared.all {
		one := &s.declared.all[i]
		learned, ok := s.memory.learned[one.Name]
		if !ok || !one.Applies() {
			continue
		}
		for _, src := range one.Sources {
			if src.Cluster == cluster {
				for _, r := range learned.RecordTimes(cluster, src.Group) {
					h.TeachTimes(r)
				}
				h.Teach(src.Group, learned.Habits(cluster, src.Group))
				h.Slept(src.Group, learned.Asleep.Since)
			}
		}
	}
}

// recordTimes are what the scalers of a cluster know of the times in records.
func (s *scaling) recordTimes(cluster string) []lag.RecordTimes {
	var all []lag.RecordTimes
	for _, m := range s.memory.learned {
		for i := range m.Sources {
			if m.Sources[i].Cluster == cluster {
				all = append(all, m.Sources[i].Times...)
			}
		}
	}
	return all
}

// saveSoon makes the next save one that is due.
func (m *memory) saveSoon() { m.saved = time.Time{} }

// saveNow saves what was learned before something is done that the next leader has to know.
func (m *memory) saveNow(ctx context.Context) error {
	switch {
	case m.store == nil:
		return nil // nothing outlives the process
	case !m.loaded:
		return errors.New("what was learned before is not loaded yet, and would be lost")
	}
	return m.store.Save(ctx, m.savable(m.learned))
}
