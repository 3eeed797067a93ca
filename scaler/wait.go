package scaler

import "time"

// held is since when the verdict of the standing decision has held.
type held struct {
	reason Reason
	since  time.Time
}

func (h held) next(d *Decision) held {
	if d.Verdict == h.reason {
		return h
	}
	return held{d.Verdict, d.At}
}

// wait says what a hold waits for and whether that takes too long.
func wait(d Decision, verdicts []verdict, h held) Decision {
	deadline, ok := d.Verdict.Deadline()
	if !ok || d.Decider < 0 || d.Wanted > d.Current {
		return d
	}
	v := &verdicts[d.Decider]
	w := Wait{Since: h.since, Deadline: h.since.Add(v.clk.Scale(deadline))}
	if until, ok := d.Verdict.rule().endsAt(v.facts); ok {
		w.Until = &until
		if until.After(w.Deadline) {
			w.Deadline = until
		}
	}
	d.Wait, d.Overdue = &w, d.At.After(w.Deadline)
	return d
}

// endsAt is when the hold ends by itself, if time alone ends it.
func (r *rule) endsAt(f *facts) (time.Time, bool) {
	if r.until == nil {
		return time.Time{}, false
	}
	return r.until(f)
}
