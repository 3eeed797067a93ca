package worlds

import (
	"fmt"
	"slices"
	"time"
)

// wrong is a poll, and what is wrong with it.
func wrong(p *polled, format string, args ...any) string {
	return fmt.Sprintf(format, args...) + "; " + p.verdict()
}

// first keeps the first of many polls of the same fault.
func first(list []string) []string {
	if len(list) > 1 {
		return []string{fmt.Sprintf("%s (and %d more)", list[0], len(list)-1)}
	}
	return list
}

// quiet: nobody hangs, so nothing pages.
func quiet(r *run) []string { return quietFrom(0)(r) }

// quietFrom is quiet from the time at which enough has been learned.
func quietFrom(from time.Duration) judge {
	return func(r *run) (list []string) {
		for i := range r.seen {
			if p := &r.seen[i]; p.at >= from && len(p.pages) > 0 {
				list = append(list, wrong(p, "a page without cause"))
			}
		}
		return first(list)
	}
}

// pages: a reader hangs, so it pages when records have waited at it for so long, and not before it hung.
func pages(within time.Duration) judge {
	return func(r *run) (list []string) {
		for i := range r.seen {
			switch p := &r.seen[i]; {
			case p.stuck == 0 && len(p.pages) > 0 && !r.hungWithin(i, 10*time.Minute):
				list = append(list, wrong(p, "a page without cause"))
			case p.stuck >= within && len(p.pages) == 0:
				list = append(list, wrong(p, "no page, though records have waited at a reader that hangs for %v", p.stuck))
			}
		}
		return first(list)
	}
}

// hungWithin reports whether a reader hung a short time before a poll: an alert does not end at once.
func (r *run) hungWithin(i int, d time.Duration) bool {
	for k := i; k >= 0 && r.seen[i].at-r.seen[k].at < d; k-- {
		if r.seen[k].stuck > 0 {
			return true
		}
	}
	return false
}

// awake: nothing sleeps while records wait, but for the time that a poll takes, and a start.
func awake(r *run) (list []string) {
	for i := range r.seen {
		if p := &r.seen[i]; p.spec == 0 && p.waiting > r.fleet.policy.ActivationLag && p.oldest > max(time.Minute, 2*r.interval) {
			list = append(list, wrong(p, "asleep while records wait"))
		}
	}
	return first(list)
}

// noFlap: it wakes once for the records that wait, and not again without new ones.
func noFlap(r *run) (list []string) {
	arrived := true
	for i := range r.seen {
		p := &r.seen[i]
		arrived = arrived || p.arrived
		if i > 0 && p.spec > 0 && r.seen[i-1].spec == 0 {
			if !arrived {
				list = append(list, wrong(p, "awake again without new records"))
			}
			arrived = false
		}
	}
	return first(list)
}

// sleeps: it is at zero at least for a share of the time that nothing arrives.
func sleeps(atLeast time.Duration) judge {
	return func(r *run) []string {
		asleep := time.Duration(0)
		for i := range r.seen {
			if r.seen[i].spec == 0 {
				asleep += r.interval
			}
		}
		if asleep < atLeast {
			return []string{wrong(&r.seen[len(r.seen)-1], "asleep for %v, must be at least %v", asleep, atLeast)}
		}
		return nil
	}
}

// keepsUp: no step down leaves fewer replicas than the traffic needs.
func keepsUp(r *run) (list []string) {
	for i := 1; i < len(r.seen); i++ {
		before, p := &r.seen[i-1], &r.seen[i]
		if p.spec < before.spec && p.spec < before.needs {
			list = append(list, wrong(before, "down to %d while %d are needed", p.spec, before.needs))
		}
	}
	return first(list)
}

// enough: the fleet is never smaller than the traffic has needed for a while.
func enough(after time.Duration) judge {
	return func(r *run) (list []string) {
		short := time.Duration(0)
		for i := range r.seen {
			p := &r.seen[i]
			if short += r.interval; p.spec >= p.needs {
				short = 0
			}
			if short > after {
				list = append(list, wrong(p, "%d needed for %v", p.needs, short))
			}
		}
		return first(list)
	}
}

// onTime: no record waits for longer than that.
func onTime(limit time.Duration) judge {
	return func(r *run) (list []string) {
		for i := range r.seen {
			if p := &r.seen[i]; p.oldest > limit {
				list = append(list, wrong(p, "a record waits for more than %v", limit))
			}
		}
		return first(list)
	}
}

// atMost: it never has more replicas than that.
func atMost(most int32) judge {
	return func(r *run) (list []string) {
		for i := range r.seen {
			if p := &r.seen[i]; p.spec > most {
				list = append(list, wrong(p, "more than %d", most))
			}
		}
		return first(list)
	}
}

// endsAt: it ends with at most so many replicas. A fleet that can never shrink is found so.
func endsAt(most int32) judge {
	return func(r *run) []string {
		if p := &r.seen[len(r.seen)-1]; p.spec > most {
			return []string{wrong(p, "ends with more than %d", most)}
		}
		return nil
	}
}

// unchanged: nothing was written.
func unchanged(r *run) []string {
	if n := len(r.fleet.writes); n > 0 {
		return []string{fmt.Sprintf("%d writes, the first %+v", n, r.fleet.writes[0])}
	}
	return nil
}

// pagesOnce is pages for worlds in which the program restarts: the alert may end for as long as it may take to begin.
func pagesOnce(within time.Duration) judge {
	return func(r *run) (list []string) {
		silent := time.Duration(0)
		for i := range r.seen {
			p := &r.seen[i]
			if silent += r.interval; p.stuck < within || len(p.pages) > 0 {
				silent = 0
			}
			if silent > within {
				list = append(list, wrong(p, "no page for %v", silent))
			}
			if p.stuck == 0 && len(p.pages) > 0 && !r.hungWithin(i, 10*time.Minute) {
				list = append(list, wrong(p, "a page without cause"))
			}
		}
		return first(list)
	}
}

// neverZeroWhileHung: while a reader hangs, the target has a replica.
func neverZeroWhileHung(r *run) (list []string) {
	for i := range r.seen {
		if p := &r.seen[i]; p.spec == 0 && p.stuck > 0 {
			list = append(list, wrong(p, "at zero while a reader hangs"))
		}
	}
	return first(list)
}

// noDownInTheDark: nothing is scaled down at a poll that could not read everything.
func noDownInTheDark(r *run) (list []string) {
	for i := 1; i < len(r.seen); i++ {
		if p, before := &r.seen[i], &r.seen[i-1]; p.spec < before.spec && p.dark {
			list = append(list, wrong(p, "down from %d at a poll that did not read everything", before.spec))
		}
	}
	return first(list)
}

// burns holds in every world: the burn-rate alerts fire if records were late for so long, and only then. What a record waits is
// seen up to two polls and a commit later. While it is not known for all partitions, nothing is missing.
func burns(r *run) (list []string) {
	may, must := budget{interval: r.interval}, budget{interval: r.interval}
	fired := map[string]bool{}
	for i := range r.seen {
		p := &r.seen[i]
		slack := r.group.commit + 2*r.interval
		may.next(p.at, p.oldest+min(slack, objective) > objective)
		known := p.series.timeLagKnown && !p.series.atLeast && p.series.timeLag >= p.series.mayBeRead
		must.next(p.at, p.oldest > objective+slack && (known && !p.series.suspended || p.series.late()))
		for k := range burnRules {
			rule := &burnRules[k]
			fires := slices.Contains(p.burns, rule.name)
			switch {
			case fires && !fired[rule.name] && !may.burns(rule, p.at, 0.75*rule.share):
				list = append(list, wrong(p, "%s without cause, the time lag is %v", rule.name, p.series.timeLag))
			case !fires && known && p.oldest > objective+slack && must.burns(rule, p.at, 1.25*rule.share):
				list = append(list, wrong(p, "%s is missing, the time lag is %v", rule.name, p.series.timeLag))
			}
			fired[rule.name] = fires
		}
	}
	return first(list)
}

// honest holds in every world: what could not be read is neither zero nor complete.
func honest(r *run) (list []string) {
	for i := range r.seen {
		p := &r.seen[i]
		m := &p.measured
		seconds, _, known := m.TimeLag.Value()
		switch {
		case p.dark && m.Complete:
			list = append(list, wrong(p, "complete, though not everything was read"))
		case p.behind && r.group.commit < time.Minute && m.LagKnown && m.Lag > m.Rest.Read && known && seconds == 0:
			// A rest that is read is not late, and neither is what rare commits leave behind.
			list = append(list, wrong(p, "a time lag of 0 with a lag of %d", m.Lag))
		case p.started && (m.Produced.Known || m.Consumed.Known):
			list = append(list, wrong(p, "a rate at the first poll"))
		}
	}
	return first(list)
}

// staysAtZero: from one time to another nobody but the user changes the replicas; after that the program goes on.
func staysAtZero(from, to time.Duration) judge {
	return func(r *run) (list []string) {
		last := &r.seen[len(r.seen)-1]
		for i := range r.seen {
			if p := &r.seen[i]; p.at >= from && p.at < to && p.spec > 0 {
				list = append(list, wrong(p, "awake, though somebody set it to zero"))
			}
		}
		if last.spec == 0 || last.waiting > 1000 {
			list = append(list, wrong(last, "does not go on after somebody set it to one"))
		}
		return first(list)
	}
}

// counts: the records of a topic that wait are in the lag of the group from one time to another.
func counts(name string, from, to time.Duration) judge {
	return func(r *run) (list []string) {
		for i := range r.seen {
			if p := &r.seen[i]; p.at >= from && p.at < to && p.measured.Lag == 0 {
				list = append(list, wrong(p, "no lag, though records of %s wait", name))
			}
		}
		return first(list)
	}
}

// advises: the advice is never for long less than what the traffic needs, and never for long more than twice that.
func advises(r *run) (list []string) {
	short, much := time.Duration(0), time.Duration(0)
	for i := range r.seen {
		p := &r.seen[i]
		if short += r.interval; p.decision.Desired >= p.needs {
			short = 0
		}
		if much += r.interval; p.decision.Desired <= 2*p.needs || p.oldest > time.Minute {
			much = 0
		}
		if short > 5*time.Minute || much > 30*time.Minute {
			list = append(list, wrong(p, "advises %d, needed are %d", p.decision.Desired, p.needs))
		}
	}
	return first(list)
}
