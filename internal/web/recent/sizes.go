package recent

import (
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
)

const (
	sizesKept = 2 * time.Hour
	mostSizes = 400 // changes of one scaler
)

// Size is a number of replicas, which holds until the next one.
type Size struct {
	At       time.Time
	Replicas int32 // that the target is to have
	Desired  int32 // that the decision in force asks for
	Known    bool  // false: the target or the decision is not known
}

// addSizes takes the sizes of a report's scalers that changed.
func (r *Ring) addSizes(report *engine.Report) {
	next := make(map[string][]Size, len(report.Scalers))
	for i := range report.Scalers {
		s := &report.Scalers[i]
		one, old := Size{At: report.At}, r.sizes[s.Name]
		if s.Workload.Sized() && s.Decision.Decides() {
			one.Replicas, one.Desired, one.Known = s.Workload.Spec, s.Decision.Desired, true
		}
		if n := len(old); n == 0 || old[n-1].Replicas != one.Replicas || old[n-1].Desired != one.Desired || old[n-1].Known != one.Known {
			old = append(old, one)
		}
		for len(old) > 1 && (len(old) > mostSizes || report.At.Sub(old[1].At) > sizesKept) {
			old = old[1:]
		}
		next[s.Name] = old
	}
	r.sizes = next
}

// Sizes are the changes of a scaler's size in the last two hours, the oldest first; the first may be older.
func (r *Ring) Sizes(scaler string) []Size {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return append([]Size(nil), r.sizes[scaler]...)
}
