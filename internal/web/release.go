package web

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/internal/web/recent"
	"github.com/lagscaler/lagscaler/rebalancemon"
	"github.com/lagscaler/lagscaler/scaler/number"
	"github.com/lagscaler/lagscaler/scaler/release"
)

// ReleasePage is what a release of the consumers of a scaler did.
type ReleasePage struct {
	Name    string          `json:"name"`
	Verdict release.Verdict `json:"verdict"` // worse if a group is worse, fine if all are fine, else unknown
	Since   time.Time       `json:"since"`   // that was asked for
	Began   time.Time       `json:"began"`   // of the first rollout since then; Since, if none was seen
	Ended   *time.Time      `json:"ended"`   // of the last rollout; null: it goes on
	Seen    bool            `json:"rolloutSeen"`
	Lines   []string        `json:"lines"` // all of it, for people
	Groups  []ReleaseGroup  `json:"groups"`
}

// ReleaseGroup is what it did to one group.
type ReleaseGroup struct {
	Cluster    string            `json:"cluster"`
	Group      string            `json:"group"`
	Verdict    release.Verdict   `json:"verdict"` // of speed and lag
	Speed      ReleaseSpeed      `json:"speed"`
	Lag        ReleaseLag        `json:"lag"`
	Rebalances ReleaseRebalances `json:"rebalances"` // of all causes, since it began
}

// ReleaseSpeed compares what one busy consumer processed before and after.
type ReleaseSpeed struct {
	Verdict release.Verdict `json:"verdict"`
	Before  SpeedSide       `json:"before"`
	After   SpeedSide       `json:"after"`
	Ratio   *float64        `json:"ratio"`     // after by before; null: not known
	From    *float64        `json:"ratioFrom"` // of a confidence interval of 95 %; null: too few windows for one
	To      *float64        `json:"ratioTo"`
	Best    *float64        `json:"bestPerConsumer"` // the most that one consumer did afterwards, busy or not, records/s
	Line    string          `json:"line"`
}

// SpeedSide is one of both.
type SpeedSide struct {
	Windows     int      `json:"windows"`     // in which consumers were busy all the time
	PerConsumer *float64 `json:"perConsumer"` // records/s, median; null: no window
	Consumers   int32    `json:"consumers"`   // that were busy, at most
}

// ReleaseLag compares lag and arrivals of the time since it began with as long a time before.
type ReleaseLag struct {
	Verdict     release.Verdict `json:"verdict"`
	Target      float64         `json:"targetLagSeconds"`
	LateBefore  *float64        `json:"lateSecondsBefore"` // greatest time lag
	LateMost    *float64        `json:"lateSecondsMost"`
	Late        *float64        `json:"lateSeconds"` // now
	LagBefore   *float64        `json:"lagBefore"`   // greatest lag, records
	LagMost     *float64        `json:"lagMost"`
	Lag         *float64        `json:"lag"`            // now
	ProducedWas *float64        `json:"producedBefore"` // mean arrivals, records/s
	Produced    *float64        `json:"produced"`
	Line        string          `json:"line"`
}

// ReleaseRebalances are those that ended since it began.
type ReleaseRebalances struct {
	Count     int            `json:"count"`
	Seconds   float64        `json:"seconds"` // all together
	Unplanned int            `json:"unplanned"`
	ByCause   map[string]int `json:"byCause"`
	Before    int            `json:"before"` // in as long a time before
	Line      string         `json:"line"`
}

const (
	longestRelease = 24 * time.Hour
	rolloutSlack   = 10 * time.Second // the API server's clock and that of a pipeline differ
	moreArrives    = 1.2              // times as many arrivals may explain lag
)

func (p *pages) release(r *engine.Report, req *http.Request) (any, error) {
	query := req.URL.Query()
	since, err := sinceOf(query.Get("since"), r.At)
	if err != nil {
		return nil, err
	}
	name := query.Get("scaler")
	for i := range r.Scalers {
		if s := &r.Scalers[i]; s.Name == name {
			return p.releaseOf(r, s, since), nil
		}
	}
	return nil, failure{http.StatusNotFound, "no scaler " + strconv.Quote(name)}
}

// sinceOf is a time of RFC 3339, or so long ago.
func sinceOf(text string, now time.Time) (time.Time, error) {
	wrong := failure{http.StatusBadRequest, "since must be a duration such as 10m, or a time such as 2026-12-01T06:00:00Z, at most 24 hours ago"}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		ago, err := time.ParseDuration(text)
		if err != nil {
			return at, wrong
		}
		at = now.Add(-ago)
	}
	if at.After(now.Add(rolloutSlack)) || now.Sub(at) > longestRelease {
		return at, wrong
	}
	return at.UTC(), nil
}

func (p *pages) releaseOf(r *engine.Report, s *engine.ScalerReport, since time.Time) *ReleasePage {
	times := rolledOut(s, since)
	page := &ReleasePage{Name: s.Name, Since: since, Began: times.Began.UTC(), Seen: times.Known, Groups: []ReleaseGroup{}}
	if !times.Ended.IsZero() {
		ended := times.Ended.UTC()
		page.Ended = &ended
	}
	for i, src := range s.Sources {
		g := ReleaseGroup{Cluster: src.Cluster, Group: src.Group, Speed: ReleaseSpeed{Verdict: release.Unknown, Line: "nothing is decided for the scaler"}}
		if i < len(s.Speeds) {
			g.Speed = speedOf(release.SpeedOf(s.Speeds[i], times))
		}
		g.Lag = lagOf(p.Ring.Series(src.Cluster, src.Group), times.Began, r.At, s.Policy.TargetLag.Seconds())
		g.Rebalances = rebalancesOf(r, src.Cluster, src.Group, times.Began)
		g.Verdict = g.Speed.Verdict.Both(g.Lag.Verdict)
		page.Groups = append(page.Groups, g)
		page.Lines = append(page.Lines, fmt.Sprintf("%s: %s", src.Group, g.Verdict), "speed "+string(g.Speed.Verdict)+": "+g.Speed.Line, "lag "+string(g.Lag.Verdict)+": "+g.Lag.Line, g.Rebalances.Line)
		if i == 0 {
			page.Verdict = g.Verdict
		}
		page.Verdict = page.Verdict.Both(g.Verdict)
	}
	if len(s.Sources) == 0 {
		page.Verdict = release.Unknown
	}
	return page
}

// rolledOut is when the target was rolled out since a time: from the first rollout until the last one.
func rolledOut(s *engine.ScalerReport, since time.Time) release.Times {
	t := release.Times{Began: since, Ended: since}
	for _, h := range s.Hints {
		if h.Kind != rebalancemon.RolledOut || h.At.Before(since.Add(-rolloutSlack)) {
			continue
		}
		if !t.Known {
			t.Began, t.Known = h.At, true
		}
		t.Ended = h.Until
	}
	return t
}

func speedOf(s release.Speed) ReleaseSpeed {
	return ReleaseSpeed{
		Verdict: s.Verdict, Before: sideOf(s.Before), After: sideOf(s.After), Ratio: notZero(s.Ratio), From: notZero(s.From), To: notZero(s.To),
		Best: notZero(s.Best), Line: s.Why,
	}
}

func sideOf(s release.Side) SpeedSide {
	return SpeedSide{Windows: s.Windows, PerConsumer: notZero(s.PerSecond), Consumers: s.Consumers}
}

func notZero(v float64) *float64 {
	if v == 0 {
		return nil
	}
	return &v
}

// lagOf compares the lag since a release began with as long a time before.
//
//	late now   late at most   late before   arrivals      verdict
//	in time    in time        any           any           fine
//	in time    late           any           any           fine: it has recovered
//	late       late           in time       as before     worse
//	late       late           in time       more          unknown: they may explain it
//	late       late           late          any           unknown: it was late before
//	unknown    any            any           any           unknown
func lagOf(past recent.Series, began, now time.Time, target float64) ReleaseLag {
	before, after := between(past, began.Add(-now.Sub(began)), began), between(past, began, now.Add(time.Second))
	l := ReleaseLag{
		Verdict: release.Unknown, Target: target, LateBefore: most(before.Late), LateMost: most(after.Late), Late: latest(after.Late),
		LagBefore: most(before.Lag), LagMost: most(after.Lag), Lag: latest(after.Lag), ProducedWas: mean(before.Produced, before.Polls), Produced: mean(after.Produced, after.Polls),
	}
	late := func(v *float64) bool { return v != nil && *v > target }
	switch {
	case l.Late == nil:
		l.Line = "the time lag is not known"
		return l
	case !late(l.Late):
		l.Verdict = release.Fine
	case late(l.LateBefore) || l.LateBefore == nil || l.Produced == nil || l.ProducedWas == nil || *l.Produced > moreArrives**l.ProducedWas:
	default:
		l.Verdict = release.Worse
	}
	l.Line = fmt.Sprintf("records are %s late, at most %s since it began, and %s before; the target is %s", number.Seconds(*l.Late),
		number.Seconds(*l.LateMost), unknownOr(l.LateBefore, number.Seconds), number.Seconds(target))
	l.Line += fmt.Sprintf("; arrivals %s, and %s before", unknownOr(l.Produced, number.PerSecond), unknownOr(l.ProducedWas, number.PerSecond))
	return l
}

func unknownOr(v *float64, words func(float64) string) string {
	if v == nil {
		return "unknown"
	}
	return words(*v)
}

// between is the part of a past from a time until before another.
func between(s recent.Series, from, end time.Time) recent.Series {
	first, _ := slices.BinarySearch(s.Seconds, float64(from.UnixMilli())/1000)
	last, _ := slices.BinarySearch(s.Seconds, float64(end.UnixMilli())/1000)
	return recent.Series{
		Seconds: s.Seconds[first:last], Lag: s.Lag[first:last], Late: s.Late[first:last], Produced: s.Produced[first:last], Consumed: s.Consumed[first:last],
		Polls: s.Polls[first:last],
	}
}

func most(values []*float64) *float64 {
	var out *float64
	for _, v := range values {
		if v != nil && (out == nil || *v > *out) {
			out = v
		}
	}
	return out
}

// mean is the mean of values that each stand for so many polls.
func mean(values []*float64, polls []float64) *float64 {
	sum, n := 0.0, 0.0
	for i, v := range values {
		if v != nil {
			sum, n = sum+*v*polls[i], n+polls[i]
		}
	}
	if n == 0 {
		return nil
	}
	sum /= n
	return &sum
}

// latest is the last value; null: the last poll did not know it.
func latest(values []*float64) *float64 {
	if len(values) == 0 {
		return nil
	}
	return values[len(values)-1]
}

func rebalancesOf(r *engine.Report, cluster, group string, began time.Time) ReleaseRebalances {
	out := ReleaseRebalances{ByCause: map[string]int{}}
	c, ok := r.Cluster(cluster)
	if !ok {
		out.Line = "the cluster is not read"
		return out
	}
	g, ok := c.Group(group)
	if !ok {
		out.Line = "the group is not there"
		return out
	}
	earlier := began.Add(-r.At.Sub(began))
	for _, e := range g.Rebalances.Events.All() {
		switch {
		case e.End.After(began):
			out.Count += e.Count
			out.Seconds += e.Duration(e.End).Seconds()
			out.ByCause[string(e.Cause)] += e.Count
			if !e.Cause.Planned() {
				out.Unplanned += e.Count
			}
		case e.End.After(earlier):
			out.Before += e.Count
		}
	}
	out.Line = fmt.Sprintf("%s of %s since it began", number.Of(out.Count, "rebalance"), number.Seconds(out.Seconds))
	if out.Count > 0 {
		var causes []string
		for _, cause := range rebalancemon.Causes {
			if n := out.ByCause[string(cause)]; n > 0 {
				causes = append(causes, fmt.Sprintf("%s %d", cause, n))
			}
		}
		out.Line += " (" + strings.Join(causes, ", ") + ")"
	}
	out.Line += fmt.Sprintf(", and %d in as long a time before", out.Before)
	return out
}
