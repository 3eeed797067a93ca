package brakes

import (
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/scaler/seen"
)

// Ledger is what was written in the last minutes, and which decisions wait for more. It belongs to one goroutine.
type Ledger struct {
	clock   seen.Clock
	written map[string][]entry // by scaler, the oldest first
	waiting map[string]waiting
	sizes   map[string]int32 // the last one that was known
}

// entry is one step that was written, or may have been.
type entry struct {
	seen.Write
	sure  bool // the size is reached; else its answer is missing, or another autoscaler walks there
	walks bool // another autoscaler goes there in steps
}

// waiting is a decision that got less than it asked for.
type waiting struct {
	ask   Ask // from what it got
	at    time.Time
	since time.Time
}

// NewLedger knows of no step. The zero clock is the real one.
func NewLedger(clock seen.Clock) *Ledger {
	return &Ledger{clock: clock.Filled(), written: map[string][]entry{}, waiting: map[string]waiting{}, sizes: map[string]int32{}}
}

// Book notes a step that is about to be written. A step of the same scaler that is not known to be written counts as a part of it, if
// it is one: of two writes from one size, the platform accepts one.
func (l *Ledger) Book(name string, w seen.Write) {
	l.written[name] = append(slices.DeleteFunc(l.written[name], func(e entry) bool { return e.repeats(w) }), entry{Write: w})
}

// Give notes a number that another autoscaler is given at each poll, and to which it walks in steps. Of the numbers that it was given the
// last one counts, from when it was first given.
func (l *Ledger) Give(name string, w seen.Write) {
	all := l.written[name]
	if last := len(all) - 1; last >= 0 && all[last].walks {
		if e := all[last]; e.From == w.From && partOf(w, e.Write) {
			return
		}
		all = all[:last]
	}
	l.written[name] = append(all, entry{Write: w, walks: true})
}

// walked notes how far another autoscaler has walked: that part counts from now, when it was seen.
func (l *Ledger) walked(name string, size int32, now time.Time) {
	all := l.written[name]
	last := len(all) - 1
	if last < 0 || !all[last].walks || !all[last].passed(size) {
		return
	}
	e := all[last]
	all[last] = entry{Write: seen.Write{At: now, From: e.From, To: size}, sure: true}
	if size != e.To {
		e.From, e.At = size, now
		all = append(all, e)
	}
	l.written[name] = all
}

// passed reports whether a size is on the way of an entry, or at its end.
func (e *entry) passed(size int32) bool {
	return e.From < size && size <= e.To || e.From > size && size >= e.To
}

// counted is how many replicas of a step up an entry counts already.
func (e *entry) counted(w seen.Write) int32 {
	switch {
	case e.walks:
		return max(0, min(e.To, w.To)-max(e.From, w.From))
	case e.repeats(w):
		return max(0, e.To-e.From)
	}
	return 0
}

// repeats reports whether an entry would be a part of a step that is taken now.
func (e *entry) repeats(w seen.Write) bool {
	return !e.sure && !e.walks && e.From == w.From && partOf(e.Write, w)
}

// partOf reports whether a step is a part of another one in the same direction.
func partOf(part, w seen.Write) bool {
	if w.To > w.From {
		return part.To > part.From && part.From >= w.From && part.To <= w.To
	}
	return part.To < part.From && part.From <= w.From && part.To >= w.To
}

// Confirm notes that the last step of a scaler was written.
func (l *Ledger) Confirm(name string) {
	if all := l.written[name]; len(all) > 0 {
		all[len(all)-1].sure = true
	}
}

// Refund takes back the last step of a scaler: the write was refused for sure.
func (l *Ledger) Refund(name string) {
	if all := l.written[name]; len(all) > 0 && !all[len(all)-1].sure {
		l.written[name] = all[:len(all)-1]
	}
}

// Observe notes the last write of a target as the platform shows it: by another replica of the program, or by the leader before.
// A step that is booked already, or a part of it, is not counted twice.
func (l *Ledger) Observe(name string, w seen.Write, now time.Time) {
	if w.At.IsZero() || w.From == w.To || now.Sub(w.At) >= l.clock.Scale(DownFor) {
		return
	}
	all := l.written[name]
	for i := len(all) - 1; i >= 0; i-- {
		e := &all[i]
		if apart := e.At.Sub(w.At); partOf(w, e.Write) && max(apart, -apart) < l.clock.Scale(AddedIn) {
			e.sure = e.sure || e.From == w.From && e.To == w.To
			if apart < 0 {
				e.At = w.At
			}
			l.sort(name)
			return
		}
		if e.sure && !e.At.After(w.At) {
			break // the target had another size since: what was written before is another step
		}
	}
	l.written[name] = append(l.written[name], entry{Write: w, sure: true})
	l.sort(name)
}

func (l *Ledger) sort(name string) {
	slices.SortStableFunc(l.written[name], func(a, b entry) int { return a.At.Compare(b.At) })
}

// Forget drops what is known of a scaler that is not declared any more. What it added still counts for a while.
func (l *Ledger) Forget(name string) {
	delete(l.waiting, name)
	delete(l.sizes, name)
}

// Leave drops everything that is known of a scaler, because another process counts it from now on.
func (l *Ledger) Leave(name string) {
	l.Forget(name)
	delete(l.written, name)
}

// Trim drops what is too old to count.
func (l *Ledger) Trim(now time.Time) {
	for name, all := range l.written {
		all = slices.DeleteFunc(all, func(e entry) bool { return now.Sub(e.At) >= l.clock.Scale(DownFor) })
		if l.written[name] = all; len(all) == 0 {
			delete(l.written, name)
		}
	}
	for name, w := range l.waiting {
		if now.Sub(w.at) >= l.clock.Scale(waitsFor) {
			delete(l.waiting, name)
		}
	}
}

// added is how many replicas were added to a scaler within the last minute.
func (l *Ledger) added(name string, now time.Time) (n int32) {
	for _, e := range l.written[name] {
		if now.Sub(e.At) < l.clock.Scale(AddedIn) {
			n += max(0, e.To-e.From)
		}
	}
	return n
}

// repeated is how many of them a step from one size to another would repeat.
func (l *Ledger) repeated(name string, from, to int32, now time.Time) (n int32) {
	for _, e := range l.written[name] {
		if now.Sub(e.At) < l.clock.Scale(AddedIn) {
			n = max(n, e.counted(seen.Write{From: from, To: to}))
		}
	}
	return n
}

// steppingDown reports whether a scaler stepped down lately.
func (l *Ledger) steppingDown(name string, now time.Time) bool {
	return slices.ContainsFunc(l.written[name], func(e entry) bool {
		return e.To < e.From && now.Sub(e.At) < l.clock.Scale(DownFor)
	})
}

// size is how many replicas a scaler has: the size of its target, or what was asked for in the last minute if that is more. Of a
// target that cannot be read now, it is the last size that was known.
func (l *Ledger) size(m *Member, now time.Time) int32 {
	if m.Known {
		l.sizes[m.Name] = m.Replicas
		l.walked(m.Name, m.Replicas, now)
	}
	n := l.sizes[m.Name]
	for _, e := range l.written[m.Name] {
		if !e.sure && now.Sub(e.At) < l.clock.Scale(AddedIn) {
			n = max(n, e.To)
		}
	}
	return n
}
