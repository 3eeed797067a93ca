package scaler

import "time"

// verdictSince is since when a verdict has been the same.
type verdictSince struct {
	reason Reason
	since  time.Time
}

func (v verdictSince) next(d *Decision) verdictSince {
	if d.Verdict == v.reason {
		return v
	}
	return verdictSince{d.Verdict, d.At}
}

// wait says until when a hold lasts, and whether it lasts too long.
func wait(d Decision, verdicts []verdict, since time.Time) Decision {
	deadline, ok := d.Verdict.Deadline()
	if !ok || d.Decider < 0 || d.Wanted > d.Current {
		return d
	}
	v := &verdicts[d.Decider]
	w := Wait{Since: since, Deadline: since.Add(v.clk.Scale(deadline))}
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
