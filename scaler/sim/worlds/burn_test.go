package worlds

import "time"

// The burn-rate alerts of package alerts, which are about lateness: which share of the last minutes and hours the time lag of a
// declared group exceeded its objective. rules_test.go compares their expressions with those of the rules.

// objective is the time lag that the group of a world may have.
const objective = time.Minute

// burnRule is one alert: the shares of two windows that were late must exceed a limit.
type burnRule struct {
	name        string
	long, short time.Duration
	share       float64
}

var burnRules = []burnRule{
	{"LagSLOBurnFast", time.Hour, 5 * time.Minute, 14.4 * 0.001},
	{"LagSLOBurnSlow", 6 * time.Hour, 30 * time.Minute, 6 * 0.001},
}

// budget has the polls of the last six hours at which the group was late. Prometheus evaluated its rules before the world begins.
type budget struct {
	interval time.Duration // of the polls
	late     []time.Duration
}

func (b *budget) next(at time.Duration, late bool) {
	for len(b.late) > 0 && at-b.late[0] >= 6*time.Hour {
		b.late = b.late[1:]
	}
	if late {
		b.late = append(b.late, at)
	}
}

// share is the share of a window in which the group was late.
func (b *budget) share(now, window time.Duration) float64 {
	n := 0
	for i := len(b.late) - 1; i >= 0 && now-b.late[i] < window; i-- {
		n++
	}
	return float64(n) * float64(b.interval) / float64(window)
}

func (b *budget) burns(r *burnRule, now time.Duration, share float64) bool {
	return b.share(now, r.long) > share && b.share(now, r.short) > share
}

// burning are the alerts that fire.
func (b *budget) burning(now time.Duration) (firing []string) {
	for i := range burnRules {
		if b.burns(&burnRules[i], now, burnRules[i].share) {
			firing = append(firing, burnRules[i].name)
		}
	}
	return firing
}

// late reports whether the time lag exceeds the objective. A group that is stopped deliberately is not late, nor is one that may
// have read what waits.
func (s *series) late() bool {
	return !s.suspended && s.timeLagKnown && s.timeLag > objective && s.timeLag >= s.mayBeRead
}
