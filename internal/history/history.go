// Package history reads what a Prometheus has kept of a group: it scrapes lagscaler, so it knows more than the two hours that a process
// remembers, also of groups without a scaler, and after a rollout.
//
// The problem: a page asks, so the answer must be bounded and soon, and what Prometheus does not know must not look like zero. The rules:
//
//   - One request for all series of a group, with at most 720 points each, 10 s and 4 MiB. Nothing is cached, and nothing is read ahead.
//   - A point of a gauge is the greatest value of its step, so that a peak is not lost between two points.
//   - Where there is no sample there is no point. A value that is no finite number is unknown.
//   - Series of several replicas are one: only the leader exposes groups, and another one does after it. The greatest value counts. A rate is
//     unknown until another leader has exposed its counters for five minutes, or a step.
//   - What Prometheus warns of, such as a store that did not answer, is passed on: the answer may lack samples.
//
// history.go: what is asked, and what is made of the answer.
package history

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lagscaler/lagscaler/internal/client"
)

const (
	patience  = 10 * time.Second
	maxAnswer = 4 << 20 // bytes
	maxPoints = 720     // of a series
	rateRange = 5 * time.Minute
)

// Options say which Prometheus is asked.
type Options struct {
	Address  string            // may have a path, a user and a password
	Headers  map[string]string // of each request, such as X-Scope-OrgID
	Matchers string            // that every series must have, as in PromQL: namespace="lagscaler"
	TLS      *tls.Config       // nil: the authorities of the system
}

// Reader asks one Prometheus.
type Reader struct {
	server   client.Server
	matchers string
}

// New is a reader; it does not connect yet.
func New(o Options) *Reader {
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSClientConfig: o.TLS, ForceAttemptHTTP2: true,
		MaxConnsPerHost: 4, IdleConnTimeout: time.Minute, TLSHandshakeTimeout: patience,
	}
	return &Reader{
		server: client.Server{Address: o.Address, HTTP: &http.Client{
			Transport:     guarded{transport, o.Headers},
			Timeout:       patience,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // the headers are for this address alone
		}},
		matchers: o.Matchers,
	}
}

// guarded adds the headers to each request, and bounds each answer.
type guarded struct {
	http.RoundTripper
	headers map[string]string
}

func (g guarded) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	for name, value := range g.headers {
		req.Header.Set(name, value)
	}
	resp, err := g.RoundTripper.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	resp.Body = bounded{resp.Body, &io.LimitedReader{R: resp.Body, N: maxAnswer}}
	return resp, nil
}

// bounded is an answer that must not be larger than maxAnswer.
type bounded struct {
	io.Closer
	left *io.LimitedReader
}

func (b bounded) Read(p []byte) (int, error) {
	n, err := b.left.Read(p)
	if b.left.N == 0 {
		return n, fmt.Errorf("the answer is larger than %d MiB", maxAnswer>>20)
	}
	return n, err
}

// Group is what Prometheus knows of a group in a time.
type Group struct {
	Step     time.Duration // between two points
	Steps    []Step        // by time; one of which nothing is known is missing
	Warnings []string      // of Prometheus: samples may be missing
}

// Step is a point of a group, and the time since the last one; nil: unknown.
type Step struct {
	At         time.Time
	Lag        *float64 // records, the greatest
	Late       *float64 // time lag of the worst partition in seconds, the greatest
	Produced   *float64 // records/s
	Consumed   *float64 // records/s
	Members    *float64 // the most
	Rebalances *float64 // how many, of steps of five minutes and more
}

// query is one thing that is asked of a group. In its expressions S is the selector, R the step, and W the range of a rate.
type query struct {
	name  string
	short string // for steps below five minutes; empty: not asked
	long  string
	field func(*Step) **float64 // of the answer
}

// queries are what is asked of a group. None of it can be below zero.
var queries = []query{
	{"lag", "max(lagscaler_group_lag_records S)", "max(max_over_time(lagscaler_group_lag_records S[R]))", func(s *Step) **float64 { return &s.Lag }},
	{"late", "max(lagscaler_group_max_lag_seconds S)", "max(max_over_time(lagscaler_group_max_lag_seconds S[R]))", func(s *Step) **float64 { return &s.Late }},
	{"in", whole("lagscaler_group_produced_records_total"), whole("lagscaler_group_produced_records_total"), func(s *Step) **float64 { return &s.Produced }},
	{"out", whole("lagscaler_group_consumed_records_total"), whole("lagscaler_group_consumed_records_total"), func(s *Step) **float64 { return &s.Consumed }},
	{"members", "max(lagscaler_group_members S)", "max(max_over_time(lagscaler_group_members S[R]))", func(s *Step) **float64 { return &s.Members }},
	{"rebalances", "", grown("lagscaler_group_rebalances_total"), func(s *Step) **float64 { return &s.Rebalances }},
}

// whole is the rate of a counter, of series that exist since the range began, and still: of another one Prometheus divides what it grew by
// the whole range, so that each change of the leader would look like less traffic. Until a range has passed the rate is unknown.
func whole(counter string) string {
	return fmt.Sprintf("max(rate(%[1]s S[W]) and %[1]s S and %[1]s S offset W)", counter)
}

// grown is by how much the series of a counter have grown since the step before: the sum of all steps is what was counted. increase() does
// not have this property: what is counted between the last scrape of a range and the first one of the next is in neither. A series that
// appears began at 0 if its replica exported the group in the step before; one that is lower than before was restarted.
func grown(counter string) string {
	return fmt.Sprintf("sum(clamp_min(last_over_time(%[1]s S[R]) - (last_over_time(%[1]s S[R] offset R)"+
		" or 0 * last_over_time(%[1]s S[R]) and on (instance, pod) last_over_time(lagscaler_group_members S[R] offset R)), 0))", counter)
}

// steps are the times between two points, so that a day and a week have round ones.
var steps = []time.Duration{
	30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour,
}

// stepOf is the time between two points for a span.
func stepOf(span time.Duration) time.Duration {
	for _, step := range steps {
		if span/step <= maxPoints {
			return step
		}
	}
	return (span / maxPoints).Round(time.Hour) + time.Hour
}

// expression is what is asked for a group with a step.
func (r *Reader) expression(cluster, group string, step time.Duration) string {
	selector := "{kafka_cluster=" + strconv.Quote(cluster) + ",group=" + strconv.Quote(group)
	if r.matchers != "" {
		selector += "," + r.matchers
	}
	selector += "}"
	var parts []string
	for _, q := range queries {
		text := q.long
		if step < rateRange {
			text = q.short
		}
		if text == "" {
			continue
		}
		text = strings.NewReplacer(" S", selector, "[R]", "["+seconds(step)+"]", "[W]", "["+seconds(max(step, rateRange))+"]", "offset W", "offset "+seconds(max(step, rateRange)), "offset R", "offset "+seconds(step)).Replace(text)
		parts = append(parts, fmt.Sprintf("label_replace(%s, \"what\", %q, \"\", \"\")", text, q.name))
	}
	return strings.Join(parts, " or ")
}

func seconds(d time.Duration) string { return strconv.Itoa(int(d/time.Second)) + "s" }

// Group reads what is known of a group between two times.
func (r *Reader) Group(ctx context.Context, cluster, group string, from, to time.Time) (Group, error) {
	if !from.Before(to) {
		return Group{}, errors.New("the time is empty")
	}
	out := Group{Step: stepOf(to.Sub(from))}
	end := to.Truncate(out.Step) // what comes after it is a step that has only begun
	var answer answer
	err := r.server.Get(ctx, "/api/v1/query_range", url.Values{
		"query": {r.expression(cluster, group, out.Step)}, "step": {seconds(out.Step)}, "timeout": {seconds(patience)},
		"start": {strconv.FormatInt(from.Truncate(out.Step).Add(out.Step).Unix(), 10)}, "end": {strconv.FormatInt(end.Unix(), 10)},
	}, &answer)
	if err != nil {
		return Group{}, err
	}
	out.Steps, err = answer.steps(from, end)
	out.Warnings = append(answer.Warnings, answer.Infos...)
	return out, err
}

// answer is what Prometheus sends.
type answer struct {
	Data struct {
		Result []struct {
			Metric struct{ What string }
			Values client.Series
		}
	}
	Warnings, Infos []string
}

// steps joins the series by time. What is outside the time that was asked for is an error: it would not be bounded.
func (a *answer) steps(from, end time.Time) ([]Step, error) {
	byTime := map[int64]*Step{}
	for _, series := range a.Data.Result {
		i := slices.IndexFunc(queries, func(q query) bool { return q.name == series.Metric.What })
		if i < 0 {
			return nil, fmt.Errorf("the answer has a series %q that was not asked for", series.Metric.What)
		}
		for _, sample := range series.Values {
			at, value, err := read(sample)
			if err != nil {
				return nil, err
			}
			if at < float64(from.Unix()) || at > float64(end.Unix()) {
				return nil, fmt.Errorf("sample %v: its time is not between those that were asked for", sample)
			}
			if math.IsNaN(value) || math.IsInf(value, 0) || value < 0 {
				continue
			}
			k := int64(at)
			if byTime[k] == nil {
				byTime[k] = &Step{At: time.Unix(k, 0).UTC()}
			}
			*queries[i].field(byTime[k]) = &value
		}
	}
	out := make([]Step, 0, len(byTime))
	for _, s := range byTime {
		out = append(out, *s)
	}
	slices.SortFunc(out, func(a, b Step) int { return a.At.Compare(b.At) })
	return out, nil
}

// read is the time and the value of a sample, which is [1767614400, "12.5"].
func read(sample [2]any) (at, value float64, err error) {
	at, ok := sample[0].(float64)
	text, isText := sample[1].(string)
	value, failed := strconv.ParseFloat(text, 64)
	if !ok || !isText || failed != nil && !errors.Is(failed, strconv.ErrRange) {
		return 0, 0, fmt.Errorf("sample %v: must be a time and a number", sample)
	}
	return at, value, nil
}
