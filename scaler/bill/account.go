package bill

import "time"

// The hours of a day and of a week, the present one included.
const (
	Day  = 24
	Week = 7 * 24
)

// Account is the last week of one scaler. It is a value; the zero value knows nothing. [Account.Next] returns the next one.
type Account struct {
	begun  time.Time     // the first poll; zero: there was none
	within time.Duration // of the records that were judged
	before Before
	last   hour  // that of the last poll
	past   past  // hours before it
	at     int64 // which hour last is, since 1970
	poll   Poll  // the last one of this process
}

// hour is what is known of an hour. Times are seconds; float32 is exact for them, and to a ten-millionth for records.
type hour struct {
	ours, theirs       float32 // in which the size was known, and lagscaler set it, or did not
	ranOurs, ranTheirs float32 // replica seconds
	decided            float32 // replica seconds of the decisions while lagscaler did not set the size
	most               float32 // replicas
	heard              float32 // in which records were judged
	judged, late       float32 // records
}

func (h *hour) known() float64 { return float64(h.ours) + float64(h.theirs) }

// Next is the account after one more poll.
func (a Account) Next(p Poll) Account {
	before := a.poll
	a.poll = p
	if a.begun.IsZero() {
		a.begun = p.Now
	}
	a.reach(hourOf(p.Now))
	if p.Judged.Within != 0 && p.Judged.Within != a.within {
		a.judgeAnew(p.Judged.Within)
	}
	took := p.Now.Sub(before.Now)
	if before.Now.IsZero() || took <= 0 || took > p.Longest {
		a.before = a.before.next(p, 0)
		return a
	}
	seconds := float32(took.Seconds())
	if p.Sized && before.Sized {
		a.ran(p, seconds)
		a.before = a.before.next(p, took.Seconds())
	}
	if records, late, ok := p.Judged.since(before.Judged); ok {
		if p.Judged.Read {
			a.last.heard += seconds
		}
		a.last.judged += float32(records)
		a.last.late += float32(late)
	}
	return a
}

// ran adds time with the size as of its end.
func (a *Account) ran(p Poll, seconds float32) {
	h, took := &a.last, seconds*float32(p.Replicas)
	h.most = max(h.most, float32(p.Replicas))
	if p.Ours {
		h.ours, h.ranOurs = h.ours+seconds, h.ranOurs+took
		return
	}
	h.theirs, h.ranTheirs = h.theirs+seconds, h.ranTheirs+took
	h.decided += seconds * float32(p.Decided)
}

// reach moves on to an hour. Hours in between are unknown. Where the clock was set back, the hour stays until it is as late again; if it
// was set back by a week, the account begins anew.
func (a *Account) reach(at int64) {
	switch gap := at - a.at; {
	case gap >= Week || gap <= -Week:
		a.past, a.last, a.at = nil, hour{}, at
	case gap > 0:
		list := append(a.past.hours(), a.last.rounded())
		list = append(list, make([]hour, gap-1)...)
		a.past, a.last, a.at = pastOf(list[max(0, len(list)-(Week-1)):]), hour{}, at
	}
}

// judgeAnew forgets the records that were judged by another time.
func (a *Account) judgeAnew(within time.Duration) {
	list := a.past.hours()
	for i := range list {
		list[i].heard, list[i].judged, list[i].late = 0, 0, 0
	}
	a.within, a.past = within, pastOf(list)
	a.last.heard, a.last.judged, a.last.late = 0, 0, 0
}

func hourOf(t time.Time) int64 { return t.Unix() / int64(time.Hour/time.Second) }

func hourTime(at int64) time.Time { return time.Unix(at*int64(time.Hour/time.Second), 0).UTC() }
