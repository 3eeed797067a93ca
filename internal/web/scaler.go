package web

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/lagscaler/lagscaler/internal/api"
	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/scaler/bill"
	"github.com/lagscaler/lagscaler/scaler/learn"
)

// ScalerPage is one scaler: what happened to it, on one time axis, and what it costs.
type ScalerPage struct {
	Name      string     `json:"name"`
	Namespace string     `json:"namespace"`
	Leader    bool       `json:"leader"`              // false: this replica knows what the leader saved until historyAt, or only what it has seen itself
	HistoryAt *time.Time `json:"historyAt,omitempty"` // when this replica read what the leader saved
	Labels    api.Labels `json:"labels,omitempty"`
	TargetLag float64    `json:"targetLagSeconds"`
	Objective *float64   `json:"objective"` // percent; null: none is set

	shownTime
	Since KnownSince  `json:"since"`
	Steps []StoryStep `json:"steps"` // of five minutes within from and to; of a poll, where all of it is in the last two hours
	Hours []StoryHour `json:"hours"` // that overlap from and to

	Decisions  []StoryDecision  `json:"decisions"`  // for another size, the oldest first
	Rebalances []StoryRebalance `json:"rebalances"` // that have ended, the oldest first

	Deeds []engine.Deed `json:"deeds"` // what was done, and what changed of what may be, the newest first; of this process, without derivations

	Day      BillSpan      `json:"day"` // as in the bill
	Week     BillSpan      `json:"week"`
	Currency string        `json:"currency,omitempty"` // of their costs
	Price    *PricePage    `json:"price"`
	Decision *DecisionView `json:"decision"` // the last one
}

// KnownSince is since when something is known, in the last week; null: it is not.
type KnownSince struct {
	Steps      *time.Time `json:"steps"`
	Records    *time.Time `json:"records"` // which were late
	Decisions  *time.Time `json:"decisions"`
	Rebalances *time.Time `json:"rebalances"`
}

// StoryStep is what was at a time; null: unknown.
type StoryStep struct {
	Time     time.Time `json:"time"`
	Rate     *float64  `json:"rate"`        // arrivals, records/s
	Replicas *float64  `json:"replicas"`    // that the target was to have
	Desired  *float64  `json:"desired"`     // that the decision asked for
	Late     *float64  `json:"lateSeconds"` // greatest time lag
}

// StoryHour is an hour of which something is known.
type StoryHour struct {
	Time         time.Time `json:"time"`
	KnownSeconds float64   `json:"knownSeconds"`
	Replicas     *float64  `json:"replicas"` // on average
	Judged       *float64  `json:"judgedRecords"`
	Late         *float64  `json:"lateRecords"`
	Kept         *bool     `json:"kept"` // the objective; null: none is set, or it is not known
}

// StoryDecision is a decision for another size.
type StoryDecision struct {
	Time    time.Time `json:"time"`
	From    int32     `json:"from"`
	To      int32     `json:"to"`
	Reason  string    `json:"reason"`
	Advised bool      `json:"advised"` // it was not to be written
}

// StoryRebalance is a rebalance of one of the groups.
type StoryRebalance struct {
	Group    string    `json:"group"`
	End      time.Time `json:"end"`
	Duration float64   `json:"durationSeconds"`
	Cause    string    `json:"cause"`
}

func (p *pages) scaler(r *engine.Report, req *http.Request) (any, error) {
	return p.scalerPage(r, req.URL.Query())
}

// scalerPage is the page of the scaler and the time that a query names.
func (p *pages) scalerPage(r *engine.Report, q url.Values) (*ScalerPage, error) {
	name := q.Get("scaler")
	i := slices.IndexFunc(r.Scalers, func(s engine.ScalerReport) bool { return s.Name == name })
	if i < 0 {
		return nil, failure{http.StatusNotFound, "no scaler " + strconv.Quote(name)}
	}
	s := &r.Scalers[i]
	out := &ScalerPage{Name: s.Name, Leader: r.Leader, Labels: s.Owners, TargetLag: s.Policy.TargetLag.Seconds(), Price: p.priceOf(s), Currency: p.hourPrice().Currency}
	if !s.HistoryAt.IsZero() {
		out.HistoryAt = &s.HistoryAt
	}
	if s.Policy.Objective > 0 {
		out.Objective = &s.Policy.Objective
	}
	one := billedScalerOf(s, r.At)
	out.Namespace = one.namespace
	sum := &billSum{}
	sum.add(&one)
	row := sum.priced(p.hourPrice())
	out.Day, out.Week = row.Day, row.Week
	out.Decision = new(decisionOf(s))
	if err := out.between(q, r.At, one.week.From); err != nil {
		return nil, err
	}
	out.tell(s, r.At)
	out.Deeds = []engine.Deed{}
	if p.Deeds != nil {
		for _, d := range p.Deeds(s.Name, r.At) {
			if out.shows(d.At) {
				out.Deeds = append(out.Deeds, d)
			}
		}
	}
	if r.At.Sub(out.From) <= ringReach {
		out.Steps, out.Since.Steps = p.recentSteps(s, out.From, out.To), nil
		if len(out.Steps) > 0 {
			out.Since.Steps = &out.Steps[0].Time
		}
	}
	return out, nil
}

// ringReach is how far back every poll is kept.
const ringReach = 2 * time.Hour

// shownAtLeast is the shortest time that a page shows by itself.
const shownAtLeast = 2 * time.Minute

// between sets the time that is shown: what is asked for, else what is known of the last week.
func (s *ScalerPage) between(q url.Values, now, known time.Time) (err error) {
	from := now.Add(-bill.Week * time.Hour)
	if known.After(from) {
		from = known
	}
	if known.IsZero() || now.Sub(from) < shownAtLeast {
		from = now.Add(-shownAtLeast)
	}
	s.shownTime, err = asked(q, now, from)
	return err
}

// shownTime is the time that a page shows.
type shownTime struct {
	From time.Time `json:"from"` // of what is shown
	To   time.Time `json:"to"`

	fixed bool // it was asked for: the page does not go on
}

// asked is the time that a query asks for; without one, from a time until now.
func asked(q url.Values, now, from time.Time) (shownTime, error) {
	s := shownTime{From: from, To: now}
	if text := q.Get("last"); text != "" {
		last, err := time.ParseDuration(text)
		if err != nil || last < time.Minute || last > bill.Week*time.Hour {
			return s, failure{http.StatusBadRequest, "last: must be a time between 1m and 168h, such as 24h, not " + strconv.Quote(text)}
		}
		s.From = now.Add(-last)
	}
	for _, end := range []struct {
		name string
		at   *time.Time
	}{{"from", &s.From}, {"to", &s.To}} {
		if text := q.Get(end.name); text != "" {
			parsed, ok := parseTime(text)
			if !ok {
				return s, failure{http.StatusBadRequest, end.name + ": must be a time in UTC such as 2026-01-05T12:00Z, not " + strconv.Quote(text)}
			}
			*end.at, s.fixed = parsed, true
		}
	}
	if s.To.Sub(s.From) < time.Minute || s.To.Sub(s.From) > 2*bill.Week*time.Hour {
		return s, failure{http.StatusBadRequest, "from and to: must be at least a minute, and at most two weeks, apart"}
	}
	s.From, s.To = s.From.UTC().Truncate(time.Second), s.To.UTC().Truncate(time.Second)
	return s, nil
}

// parseTime reads a time as this page and its form write it.
func parseTime(text string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05", "2006-01-02T15:04"} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), true
		}
	}
	return time.Time{}, false
}

// tell fills in what is saved of the last week.
func (s *ScalerPage) tell(r *engine.ScalerReport, now time.Time) {
	s.Steps, s.Hours, s.Decisions, s.Rebalances = weekSteps(r.Week, s.From, s.To), []StoryHour{}, []StoryDecision{}, []StoryRebalance{}
	for _, series := range []learn.Series{r.Week.Rate, r.Week.Actual, r.Week.Desired, r.Week.Late} {
		if points := series.Points(); len(points) > 0 && (s.Since.Steps == nil || points[0].At.Before(*s.Since.Steps)) {
			s.Since.Steps = &points[0].At
		}
	}
	for _, h := range r.Bill.Hours(now) {
		if begun := r.Bill.Begun(); begun.After(h.At) {
			h.At = begun
		}
		if h.Heard > 0 && s.Since.Records == nil {
			s.Since.Records = &h.At
		}
		if h.At.Add(time.Hour).After(s.From) && h.At.Before(s.To) {
			s.Hours = append(s.Hours, s.hour(&h, r))
		}
	}
	if r.Bill.Begun().IsZero() {
		return
	}
	decisions, since := r.Timeline.Decisions(now)
	s.Since.Decisions = &since
	for _, d := range decisions {
		if s.shows(d.At) {
			s.Decisions = append(s.Decisions, StoryDecision{Time: d.At, From: d.From, To: d.To, Reason: d.Reason, Advised: d.Advised})
		}
	}
	rebalances, complete := r.Timeline.Rebalances(now)
	s.Since.Rebalances = &complete
	for _, b := range rebalances {
		if s.shows(b.End) {
			s.Rebalances = append(s.Rebalances, StoryRebalance{Group: b.Group, End: b.End, Duration: b.Took.Seconds(), Cause: b.Cause})
		}
	}
}

func (s *ScalerPage) shows(at time.Time) bool { return !at.Before(s.From) && !at.After(s.To) }

func (s *ScalerPage) hour(h *bill.Hour, r *engine.ScalerReport) StoryHour {
	out := StoryHour{Time: h.At, KnownSeconds: h.Seconds}
	if h.Seconds > 0 {
		out.Replicas = &h.Replicas
	}
	if h.Heard > 0 {
		out.Judged, out.Late = &h.Judged, &h.Late
		sum := bill.Sum{Judged: h.Judged, Late: h.Late, Within: r.Bill.Within()}
		if kept, known := keptPromise(&sum, &r.Policy); known {
			out.Kept = &kept
		}
	}
	return out
}

// weekSteps joins the series of a week by time.
func weekSteps(w learn.Week, from, to time.Time) []StoryStep {
	byTime := map[int64]*StoryStep{}
	add := func(s learn.Series, field func(*StoryStep) **float64) {
		for _, p := range s.Points() {
			if p.At.Before(from.Add(-learn.SeasonStep)) || p.At.After(to) {
				continue
			}
			at := p.At.Unix()
			if byTime[at] == nil {
				byTime[at] = &StoryStep{Time: p.At}
			}
			*field(byTime[at]) = &p.Value
		}
	}
	add(w.Rate, func(s *StoryStep) **float64 { return &s.Rate })
	add(w.Actual, func(s *StoryStep) **float64 { return &s.Replicas })
	add(w.Desired, func(s *StoryStep) **float64 { return &s.Desired })
	add(w.Late, func(s *StoryStep) **float64 { return &s.Late })
	out := make([]StoryStep, 0, len(byTime))
	for _, s := range byTime {
		out = append(out, *s)
	}
	slices.SortFunc(out, func(a, b StoryStep) int { return a.Time.Compare(b.Time) })
	return out
}

// recentSteps are the polls of the last two hours. Several groups are added up, if all are known; the greatest time lag counts.
func (p *pages) recentSteps(s *engine.ScalerReport, from, to time.Time) []StoryStep {
	sizes, out := p.Ring.Sizes(s.Name), []StoryStep{}
	for i, src := range s.Sources {
		series := p.Ring.Series(src.Cluster, src.Group)
		if i == 0 {
			for k, seconds := range series.Seconds {
				at := time.UnixMilli(int64(seconds * 1000)).UTC()
				if !at.Before(from) && !at.After(to) {
					step := StoryStep{Time: at, Rate: series.Produced[k], Late: series.Late[k]}
					for len(sizes) > 1 && !sizes[1].At.After(at) {
						sizes = sizes[1:]
					}
					if len(sizes) > 0 && !sizes[0].At.After(at) && sizes[0].Known {
						step.Replicas, step.Desired = new(float64(sizes[0].Replicas)), new(float64(sizes[0].Desired))
					}
					out = append(out, step)
				}
			}
			continue
		}
		joined(out, series.Seconds, series.Produced, series.Late)
	}
	return out
}

// joined adds another group to steps: its last sample until the time of each.
func joined(steps []StoryStep, seconds []float64, produced, late []*float64) {
	k := 0
	for i := range steps {
		s := &steps[i]
		for k < len(seconds) && seconds[k] <= float64(s.Time.UnixMilli())/1000 {
			k++
		}
		if k == 0 || produced[k-1] == nil || s.Rate == nil {
			s.Rate = nil
		} else {
			s.Rate = new(*s.Rate + *produced[k-1])
		}
		if k > 0 && late[k-1] != nil {
			s.Late = new(max(*cmp.Or(s.Late, late[k-1]), *late[k-1]))
		}
	}
}

// deedWords are a deed in a line.
func deedWords(d engine.Deed) string {
	switch {
	case d.From != nil && d.To != nil:
		return fmt.Sprintf("%d → %d %s", *d.From, *d.To, d.Reason)
	case d.Before != "":
		return d.Before + " → " + cmp.Or(d.After, "none")
	}
	return d.After
}
