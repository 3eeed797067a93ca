package engine

import (
	"time"

	"github.com/lagscaler/lagscaler/scaler"
)

// A process counts no time while its machine is suspended: the records of that time would have arrived within one poll. The clock
// that counts this time, too, is the uptime of the machine. What else looks so:
//
//	                                time that passed   uptime     wall clock   what is read before
//	the machine was suspended 1 h   10 s               1 h 10 s   1 h 10 s     is forgotten, as after a restart
//	the wall clock was set          10 s               10 s       1 h 10 s     stays
//	the process was stopped 1 h     1 h 10 s           1 h 10 s   1 h 10 s     stays: the time that passed is known
//	a paused virtual machine        10 s               10 s       10 s         stays: no clock of the machine shows it

// suspendedFor is the shortest time that counts: uptimes are read in hundredths of a second, a moment after the clock.
const suspendedFor = 5 * time.Second

// awake is when the uptime was read last.
type awake struct {
	up time.Duration
	at time.Time // zero: never
}

// suspended is for how long the machine was suspended since the last call; 0 where it is not known.
func (a *awake) suspended(up time.Duration, now time.Time) time.Duration {
	before := *a
	*a = awake{up, now}
	if before.at.IsZero() {
		return 0
	}
	if lost := up - before.up - now.Sub(before.at); lost >= suspendedFor {
		return lost
	}
	return 0
}

// resume forgets the readings of all clusters if the machine was suspended since the last poll. What was learned stays.
func (e *Engine) resume(now time.Time) {
	if e.opts.Uptime == nil {
		return
	}
	up, ok := e.opts.Uptime()
	if !ok {
		return
	}
	lost := e.awake.suspended(up, now)
	if lost == 0 {
		return
	}
	e.log.Warn("the machine was suspended: rates and time lags begin anew, as after a restart", "for", lost.Round(time.Second))
	for _, c := range e.clusters {
		c.own()
		c.history.Restart()
	}
	for name, m := range e.scaling.memory.learned {
		e.scaling.memory.learned[name] = m.Resume(scaler.Memory{})
	}
}
