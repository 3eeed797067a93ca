package bill

import "time"

// Sum is what is known of a time: the last day, or the last week.
type Sum struct {
	From    time.Time // the time begins here, or what is known of it does
	Seconds float64   // in which the size was known

	// Replica seconds.
	Ran    float64 // what really ran
	Ours   float64 // as lagscaler decided: what ran while it set the size, and what it asked for while it did not
	AtPeak float64 // of a fleet that always stood at the greatest size
	Before float64 // of the size before lagscaler, and what ran while it did not set it; 0 unless BeforeKnown

	BeforeKnown bool
	Advised     bool // for a part of the time lagscaler did not set the size

	Judged, Late float64       // records
	Heard        float64       // seconds in which they were judged; 0: nothing is known
	HeardFrom    time.Time     // of them
	Within       time.Duration // later is late
}

// Kept is the share of the records that were not late; ok is false if none was judged.
func (s *Sum) Kept() (share float64, ok bool) {
	if s.Judged <= 0 {
		return 0, false
	}
	return 1 - s.Late/s.Judged, true
}

// Sum adds up the last hours, the present one included.
func (a *Account) Sum(now time.Time, hours int) Sum {
	s := Sum{Within: a.within, BeforeKnown: a.before.Known}
	most, ours := 0., 0.
	for at, h := range a.each(now, hours) {
		if h.known() > 0 {
			s.From = first(s.From, at, a.begun)
		}
		if h.heard > 0 {
			s.HeardFrom = first(s.HeardFrom, at, a.begun)
		}
		ours += float64(h.ours)
		most = max(most, float64(h.most))
		s.Seconds += h.known()
		s.Ran += float64(h.ranOurs) + float64(h.ranTheirs)
		s.Ours += float64(h.ranOurs) + float64(h.decided)
		s.Before += float64(h.ranTheirs)
		s.Advised = s.Advised || h.theirs > 0
		s.Heard += float64(h.heard)
		s.Judged += float64(h.judged)
		s.Late += float64(h.late)
	}
	s.AtPeak = most * s.Seconds
	s.Before += ours * a.before.Replicas
	if !s.BeforeKnown {
		s.Before = 0
	}
	return s
}

// first is when the first hour begins of which something is known, or the account, if that is later.
func first(known, at, begun time.Time) time.Time {
	switch {
	case !known.IsZero():
		return known
	case begun.After(at):
		return begun
	}
	return at
}

// each are the last hours that are known, with when they begin, the oldest first.
func (a *Account) each(now time.Time, hours int) func(yield func(time.Time, *hour) bool) {
	return func(yield func(time.Time, *hour) bool) {
		from := hourOf(now) - int64(hours)
		past := a.past.hours()
		for i := range past {
			if at := a.at - int64(len(past)-i); at > from && !yield(hourTime(at), &past[i]) {
				return
			}
		}
		if a.at > from && !a.begun.IsZero() {
			yield(hourTime(a.at), &a.last)
		}
	}
}

// Hour is an hour of which something is known.
type Hour struct {
	At           time.Time // its beginning
	Seconds      float64   // in which the size was known
	Replicas     float64   // on average in that time
	Heard        float64   // seconds in which records were judged
	Judged, Late float64   // records
}

// Hours are the hours of the last week of which something is known, the oldest first.
func (a *Account) Hours(now time.Time) []Hour {
	var out []Hour
	for at, h := range a.each(now, Week) {
		if h.known() <= 0 && h.heard <= 0 {
			continue
		}
		one := Hour{At: at, Seconds: h.known(), Heard: float64(h.heard), Judged: float64(h.judged), Late: float64(h.late)}
		if one.Seconds > 0 {
			one.Replicas = (float64(h.ranOurs) + float64(h.ranTheirs)) / one.Seconds
		}
		out = append(out, one)
	}
	return out
}

// SizeBefore is the size of the target before lagscaler set it.
func (a *Account) SizeBefore() Before { return a.before }

// Within is the time by which records are judged; 0: nobody judges them.
func (a *Account) Within() time.Duration { return a.within }

// Begun is the first poll; zero: there was none.
func (a *Account) Begun() time.Time { return a.begun }
