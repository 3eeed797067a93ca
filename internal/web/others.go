package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/lagscaler/lagscaler/internal/api"
)

// Other is another shard, whose leader has a part of what the pages show.
type Other struct {
	Name string // as people know it
	URL  string // of its leader's pages; empty: it cannot be asked
	Why  string // it cannot
}

// What one request asks the other shards for.
const (
	askedHeader   = "Lagscaler-Asked-By" // of a question by another shard: only this one's own part is wanted
	othersAnswer  = 4 * time.Second
	othersMost    = 64 << 20 // bytes of an answer
	mostOfTheList = 10_000   // rows of a list, up to which it can be paged over several shards
)

// others are the other shards that a request is about; none: there are none, or one of them asks.
func (p *pages) others(req *http.Request) []Other {
	if p.Others == nil || req.Header.Get(askedHeader) != "" {
		return nil
	}
	return p.Others()
}

// answerOf is what one shard answered.
type answerOf struct {
	Other
	status int
	kind   string // Content-Type
	body   []byte
	err    error
}

// why is why the part of a shard is missing; empty: it is there.
func (a *answerOf) why() string {
	switch {
	case a.err != nil:
		return a.Name + ": " + a.err.Error()
	case a.status != http.StatusOK:
		return fmt.Sprintf("%s: it answers with status %d", a.Name, a.status)
	}
	return ""
}

// ask asks all other shards for one path, side by side. Their answers are in the order of the shards.
func (p *pages) ask(req *http.Request, others []Other, path string) []answerOf {
	ctx, cancel := context.WithTimeout(req.Context(), othersAnswer)
	defer cancel()
	out := make([]answerOf, len(others))
	var wg sync.WaitGroup
	for i, o := range others {
		out[i].Other = o
		if o.URL == "" {
			out[i].err = errors.New(o.Why)
			continue
		}
		wg.Go(func() { out[i].ask(ctx, req, path) })
	}
	wg.Wait()
	return out
}

// ask asks one shard, with the password of the client if there is one.
func (a *answerOf) ask(ctx context.Context, from *http.Request, path string) {
	answer, err := question(ctx, from, a.Other, path)
	if err != nil {
		a.err = err
		return
	}
	defer func() { _ = answer.Body.Close() }()
	a.status, a.kind = answer.StatusCode, answer.Header.Get("Content-Type")
	if a.body, err = io.ReadAll(io.LimitReader(answer.Body, othersMost+1)); err == nil && len(a.body) > othersMost {
		err = fmt.Errorf("its answer has more than %d MiB", othersMost>>20)
	}
	a.err = err
}

// question is the answer of another shard, whose body the caller closes. It is asked with the password of the client if there is one:
// package kube says which addresses are those of shards.
func question(ctx context.Context, from *http.Request, to Other, path string) (*http.Response, error) {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(to.URL, "/")+path, nil)
	if err != nil {
		return nil, err
	}
	q.Header.Set(askedHeader, "shard")
	for _, name := range []string{"Authorization", "Accept"} {
		if v := from.Header.Get(name); v != "" {
			q.Header.Set(name, v)
		}
	}
	answer, err := peers.Do(q)
	if err != nil {
		return nil, fmt.Errorf("it does not answer: %w", errors.Unwrap(err))
	}
	return answer, nil
}

// peers follows no redirect: the password is for the shard.
var peers = &http.Client{
	Transport:     &http.Transport{MaxIdleConnsPerHost: 4, MaxConnsPerHost: 16, IdleConnTimeout: time.Minute, TLSHandshakeTimeout: othersAnswer},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// elsewhere answers for what this shard does not know, with the page of the one that does. It reports whether one did; else missing
// are the shards that could not be asked.
func (p *pages) elsewhere(w http.ResponseWriter, req *http.Request, err error) (answered bool, missing []string) {
	var f failure
	others := p.others(req)
	if len(others) == 0 || !errors.As(err, &f) || f.status != http.StatusNotFound {
		return false, nil
	}
	for _, a := range p.ask(req, others, req.URL.RequestURI()) {
		switch {
		case a.err == nil && a.status == http.StatusOK:
			w.Header().Set("Content-Type", a.kind)
			_, _ = w.Write(a.body) // if the client is gone, nothing is lost
			return true, nil
		case a.err != nil || a.status != http.StatusNotFound:
			missing = append(missing, a.why())
		}
	}
	return false, missing
}

// notFound is the error when nobody that could be asked knows it.
func notFound(err error, missing []string) error {
	if len(missing) == 0 {
		return err
	}
	return failure{http.StatusServiceUnavailable, err.Error() + " among the groups of the shards that answer; " + strings.Join(missing, "; ")}
}

// sharing is how a list is shared among shards.
type sharing int

const (
	apart sharing = iota + 1 // each row is of one shard
	added                    // a row may have a part of each shard, so that all rows are needed for a page
)

// merged is a list of which each shard has a part.
type merged interface {
	list() *List
	add(other json.RawMessage) error // takes in the part of another shard
	arrange()                        // sorts the rows, and leaves those of the page
}

// mergeOthers makes a list of the rows of all shards.
func (p *pages) mergeOthers(r route, own func(*http.Request) (any, error), req *http.Request) (any, error) {
	others := p.others(req)
	if len(others) == 0 || r.merged == 0 {
		return own(req)
	}
	asks, first := listOf(req.URL.Query(), ""), mostOfTheList
	if r.merged == apart {
		first = max(1, asks.Page) * pageSize
	}
	if first > mostOfTheList {
		return nil, failure{http.StatusBadRequest, fmt.Sprintf("page: over several shards, the first %d of a list are shown; search for fewer", mostOfTheList)}
	}
	q := req.URL.Query()
	q.Set("page", "1")
	q.Set("first", strconv.Itoa(first))
	up := req.Clone(req.Context())
	up.URL.RawQuery = q.Encode()
	made, err := own(up)
	if err != nil {
		return nil, err
	}
	page, ok := made.(merged)
	if !ok {
		return nil, fmt.Errorf("%s is no list of which other shards have a part", r.twin)
	}
	for _, a := range p.ask(req, others, r.twin+"?"+up.URL.RawQuery) {
		why := a.why()
		if why == "" {
			if err := page.add(a.body); err != nil {
				why = a.Name + ": " + err.Error()
			}
		}
		if why != "" {
			page.list().Partial = append(page.list().Partial, why)
		}
	}
	l := page.list()
	if l.Page, l.first = asks.Page, 0; wantsAll(req.URL.Query()) && req.URL.Path == r.twin {
		l.first = mostOfTheList
	}
	if page.arrange(); l.first > 0 {
		l.whole(l.Total)
	}
	return made, nil
}

// silentShards are problems for a page that lacks the parts of shards.
func silentShards(v any) (out []Problem) {
	var silent []string
	switch page := v.(type) {
	case interface{ list() *List }:
		silent = page.list().Partial
	case *StatusPage:
		for i := range page.Shards {
			if why := page.Shards[i].Silent; why != "" {
				silent = append(silent, why)
			}
		}
	}
	for _, why := range silent {
		out = append(out, Problem{
			Where: "shards", What: why, Count: 1,
			Do: "this page lacks the groups and scalers of that shard; look at its two pods and their logs",
		})
	}
	return out
}

func (l *List) list() *List { return l }

// partOf is the same page of another shard.
func partOf[P any](answer json.RawMessage) (page P, err error) {
	if err := json.Unmarshal(answer, &page); err != nil {
		return page, fmt.Errorf("its answer is none of this version: %w", err)
	}
	return page, nil
}

// addCounts adds what another shard counts. of is what a row counts, and how many of them.
func addCounts[C any](own, others []C, of func(*C) (what any, count *int)) []C {
	for i := range others {
		what, count := of(&others[i])
		at := slices.IndexFunc(own, func(c C) bool { same, _ := of(&c); return same == what })
		if at < 0 {
			own = append(own, others[i])
			continue
		}
		_, sum := of(&own[at])
		*sum += *count
	}
	return own
}

func (g *GroupsPage) add(other json.RawMessage) error {
	o, err := partOf[GroupsPage](other)
	if err != nil {
		return err
	}
	rows := slices.DeleteFunc(o.Rows, func(r *Row) bool { return r == nil })
	g.Total, g.Groups, g.Rows = g.Total+o.Total, g.Groups+o.Groups, append(slices.Clone(g.Rows), rows...)
	g.Counts = addCounts(g.Counts, o.Counts, func(c *StatusCount) (any, *int) { return c.Status, &c.Count })
	return nil
}

func (g *GroupsPage) arrange() {
	sortRows(g.Rows, g.List)
	first, end := g.cut(g.Total)
	g.Rows = g.Rows[min(first, len(g.Rows)):min(end, len(g.Rows))]
}

func (d *DecisionsPage) add(other json.RawMessage) error {
	o, err := partOf[DecisionsPage](other)
	if err != nil {
		return err
	}
	d.Total, d.Scalers = d.Total+o.Total, append(d.Scalers, o.Scalers...)
	d.Verdicts = addCounts(d.Verdicts, o.Verdicts, func(c *VerdictCount) (any, *int) { return c.Verdict, &c.Count })
	for _, b := range o.Brakes {
		if i := slices.IndexFunc(d.Brakes, func(own BrakeView) bool { return own.Name == b.Name }); i >= 0 {
			d.Brakes[i].addUsed(&b)
		}
	}
	return nil
}

// addUsed adds what another shard uses. A limit is that of all of them; how many scalers may step down is each shard's own part.
func (b *BrakeView) addUsed(o *BrakeView) {
	for _, n := range []struct {
		own, other *BrakeUsed
		part       bool
	}{{b.AddedPerMinute, o.AddedPerMinute, false}, {b.Replicas, o.Replicas, false}, {b.SteppingDown, o.SteppingDown, true}} {
		if n.own == nil || n.other == nil {
			continue
		}
		if n.own.Used += n.other.Used; n.part {
			n.own.Limit += n.other.Limit
		}
	}
}

func (d *DecisionsPage) arrange() {
	slices.SortStableFunc(d.Scalers, func(a, b DecisionView) int { return strings.Compare(a.Name, b.Name) })
	first, end := d.cut(d.Total)
	d.Scalers = d.Scalers[min(first, len(d.Scalers)):min(end, len(d.Scalers))]
}

func (r *RebalancesPage) add(other json.RawMessage) error {
	o, err := partOf[RebalancesPage](other)
	if err != nil {
		return err
	}
	r.Total, r.Events = r.Total+o.Total, append(r.Events, o.Events...)
	r.Causes = addCounts(r.Causes, o.Causes, func(c *CauseCount) (any, *int) { return c.Cause, &c.Count })
	return nil
}

func (r *RebalancesPage) arrange() {
	slices.SortStableFunc(r.Events, func(a, b api.Rebalance) int { return b.Start.Compare(a.Start) })
	first, end := r.cut(r.Total)
	r.Events = r.Events[min(first, len(r.Events)):min(end, len(r.Events))]
}
