package lag

import "time"

// Quota is what brokers asked of a source because of their quotas, and what its own limits held back, in a time: since the poll
// before, or since start.
type Quota struct {
	Connections int // open to the brokers at the end of that time

	Throttles int           // answers that asked to send nothing for a while (throttle_time_ms, KIP-219), and that were heeded
	Throttled time.Duration // for how long in all, added up over the brokers
	Exceeded  int           // answers with the code THROTTLING_QUOTA_EXCEEDED (KIP-599)
	Refused   int           // new connections that a broker closed before its first answer, while others to it were open
	Paced     time.Duration // for how long requests waited because of the configured requests a second, added up over the requests
}

// Bites reports whether a broker held anything back. The own limit is not meant: it is what somebody wanted.
func (q Quota) Bites() bool { return q.Throttles > 0 || q.Exceeded > 0 || q.Refused > 0 }

// Plus is the use of this time and of the one after it.
func (q Quota) Plus(next Quota) Quota {
	return Quota{
		Connections: next.Connections,
		Throttles:   q.Throttles + next.Throttles, Throttled: q.Throttled + next.Throttled,
		Exceeded: q.Exceeded + next.Exceeded, Refused: q.Refused + next.Refused, Paced: q.Paced + next.Paced,
	}
}
