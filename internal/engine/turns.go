package engine

import (
	"cmp"
	"log/slog"
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
)

// turns bounds how long the scalers of a namespace keep the loop. At each poll the namespaces take turns, until the decisions have
// taken their share of the interval. The scalers that are left, those of the namespaces with most of them, keep their last decision,
// and come first among their namespace's at the next poll. So 10,000 scalers of one namespace delay neither the polls nor the
// scalers of another one; when all of them are decided in time, nothing of this is seen.
type turns struct {
	share   time.Duration     // of the interval, for the decisions of this poll
	poll    uint64            // that is decided now
	waiting map[string]uint64 // by scaler that was left: since which poll
	left    int               // at this poll
	told    bool              // that scalers are left
}

func newTurns() turns { return turns{waiting: map[string]uint64{}} }

// share is the share of a poll of a cluster: half of its interval for all decisions, a part of it for each cluster. So the decisions
// of all clusters take half of the time at most, whatever their intervals are.
func (e *Engine) share(c *Cluster) time.Duration {
	return e.polls(c) / 2 / time.Duration(max(1, len(e.current.Clusters)))
}

// order begins a poll whose decisions may take their share; 0 is no bound. It is the indexes of the scalers in the order in which they
// are decided.
func (t *turns) order(all []scaler.Scaler, share time.Duration) []int {
	t.poll, t.left, t.share = t.poll+1, 0, share
	names, index := make([]string, len(all)), make(map[string]int, len(all))
	for i := range all {
		names[i], index[all[i].Name] = all[i].Name, i
	}
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(t.since(a), t.since(b)) })
	return indexes(scaler.InTurns(names), index)
}

// since is the poll since which a scaler waits; one that does not wait comes after those that do.
func (t *turns) since(name string) uint64 {
	if poll, ok := t.waiting[name]; ok {
		return poll
	}
	return t.poll
}

func (t *turns) waits(name string) bool { _, ok := t.waiting[name]; return ok }

// late reports whether a scaler that is to be decided has to wait, because the decisions so far have taken their share.
func (t *turns) late(name string, took time.Duration) bool {
	if took <= t.share || t.share == 0 {
		delete(t.waiting, name)
		return false
	}
	if t.left++; !t.waits(name) {
		t.waiting[name] = t.poll
	}
	return true
}

func (t *turns) forget(name string) { delete(t.waiting, name) }

// tell logs when scalers begin to wait, and when none does any more.
func (t *turns) tell(log *slog.Logger) {
	switch waits := t.left > 0; {
	case waits && !t.told:
		log.Warn("deciding takes longer than its share of the interval: some scalers are decided later, those of the namespaces with most of them",
			"waiting", t.left, "share", t.share)
	case !waits && t.told && len(t.waiting) == 0:
		log.Info("all scalers are decided in time again")
	default:
		return
	}
	t.told = t.left > 0
}

// inTurns are the indexes of writes in the order of [scaler.InTurns].
func inTurns(writes []write) []int {
	names, index := make([]string, len(writes)), make(map[string]int, len(writes))
	for i, w := range writes {
		names[i], index[w.scaler] = w.scaler, i
	}
	return indexes(scaler.InTurns(names), index)
}

func indexes(names []string, index map[string]int) []int {
	all := make([]int, len(names))
	for i, name := range names {
		all[i] = index[name]
	}
	return all
}
