package lag

import "time"

// RateWindow is how long a window rates are measured over: three polls at the usual 10 s, longer than the commit
// interval of most clients (5 s), so that a rate does not swing with single commits.
const RateWindow = 30 * time.Second

// Rate is a number of records per second that may be unknown: after a restart, a gap, a rebalance or a rewind.
type Rate struct {
	PerSecond float64
	Known     bool
}

// Value is the rate in records per second.
func (r Rate) Value() (perSecond float64, ok bool) { return r.PerSecond, r.Known }

// Progress is how many records an offset moved forward between two readings. ok is false when it went back: a committed
// offset by a rewind, an end offset because the log was truncated or recreated. Then there is no rate.
//
//	then  now  records
//	100   160  60
//	100   100  0
//	100   40   ?
func Progress(then, now int64) (records int64, ok bool) {
	if now < then {
		return 0, false
	}
	return now - then, true
}

// PerSecond is the rate of records over a time; unknown when the time is not positive.
func PerSecond(records int64, took time.Duration) Rate {
	if took <= 0 {
		return Rate{}
	}
	return Rate{PerSecond: float64(records) / took.Seconds(), Known: true}
}

// rate is what users see: metrics, pages, kubectl and explain. A decision has a rate of its own: package seen says why, in
// scaler/seen/doc.go.
//
// It is a counter's growth per second over the newest intervals between polls that together last RateWindow, give or take
// half an interval: polls 9.99 s apart have three intervals in it, not four, as a decision counts too. Only valid
// intervals count: the group was read completely at both ends, was not paused by a rebalance, and no offset went back.
//
//	polls every 10 s, a rebalance at 20 s   committed 0, 900, 900, 1700, 2600
//	the intervals that end at 20 and 30 s are not valid; rate = (900 + 900) / 20 s = 90/s
func (p *groupHistory) rate(slo SLO, of func(*pollTotals) uint64) Rate {
	var records uint64
	var took time.Duration
	for i := len(p.polls) - 1; i > 0; i-- {
		interval := p.polls[i].at.Sub(p.polls[i-1].at)
		if took > 0 && took+interval/2 >= slo.scale(RateWindow) {
			break
		}
		if p.polls[i].valid {
			records += of(&p.polls[i]) - of(&p.polls[i-1])
			took += interval
		}
	}
	return PerSecond(int64(records), took)
}
