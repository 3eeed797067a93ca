package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/internal/api"
	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/internal/web/recent"
	"github.com/lagscaler/lagscaler/lag/shard"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/need"
)

// part is the part of a report that a shard has: every third group, and every third scaler.
func part(whole *engine.Report, index int) *engine.Report {
	r, c := *whole, *whole.Clusters[0]
	c.Groups = nil
	for i := range whole.Clusters[0].Groups {
		if i%3 == index {
			c.Groups = append(c.Groups, whole.Clusters[0].Groups[i])
		}
	}
	r.Clusters = []*engine.ClusterReport{&c}
	r.Shard = shard.Shard{Index: index, Of: 3}
	r.Scalers = nil
	for i := range whole.Scalers {
		if i%3 == (index+2)%3 {
			r.Scalers = append(r.Scalers, whole.Scalers[i])
		}
	}
	return &r
}

// fleetOf are the pages of three shards of a report, whose others are reached over HTTP; and what the second of them says while it is down.
func fleetOf(t *testing.T, whole *engine.Report) (first http.Handler, down func()) {
	t.Helper()
	var servers []*httptest.Server
	var others []Other
	for i := range 3 {
		ring := recent.New()
		r := part(whole, i)
		ring.Add(r)
		h := New(Options{
			Latest: func() *engine.Report { return r }, Ring: ring, Interval: 10 * time.Second, Version: "test",
			Now: func() time.Time { return t0.Add(12 * time.Second) }, Others: func() []Other { return others },
			HourPrice: func() HourPrice { return HourPrice{0.25, "EUR"} },
		})
		if i == 0 {
			first = h
			continue
		}
		s := httptest.NewServer(h)
		t.Cleanup(s.Close)
		servers, others = append(servers, s), append(others, Other{Name: fmt.Sprint("shard ", i), URL: s.URL})
	}
	return first, servers[1].Close
}

// manyNames are 170 groups: more than three pages.
func manyNames() (names []string) {
	for i := range 170 {
		names = append(names, fmt.Sprintf("group-%03d", i))
	}
	return names
}

// A page of any shard is that of one process: every list, sorted by every column, every page of it, and what a search finds.
func TestAnyShardShowsAll(t *testing.T) {
	whole := report(t, manyNames()...)
	whole.Scalers = told().Scalers
	slices.SortFunc(whole.Scalers, func(a, b engine.ScalerReport) int { return strings.Compare(a.Name, b.Name) })
	whole.Scalers[1].Decision = scaler.Decision{At: t0, Current: 3, Desired: 5, Verdict: scaler.IdleConsumers, Needs: []need.Need{{Cluster: "main", Group: "orders", Rate: 20, RateKnown: true}}}
	one := handlerOf(whole)
	first, _ := fleetOf(t, whole)
	paths := []string{"/api/v1/decisions", "/api/v1/rebalances", "/api/v1/groups?q=07", "/api/v1/groups?q=nothing", "/api/v1/groups?page=99"}
	for sort := range orders {
		for page := 1; page <= 4; page++ {
			paths = append(paths, fmt.Sprintf("/api/v1/groups?sort=%s&page=%d", sort, page), fmt.Sprintf("/api/v1/groups?sort=%s&desc=1&page=%d", sort, page))
		}
	}
	for _, path := range paths {
		want, got := get(t, one, path), get(t, first, path)
		if got.Code != want.Code || got.Body.String() != want.Body.String() {
			i := 0
			for i < min(got.Body.Len(), want.Body.Len()) && got.Body.Bytes()[i] == want.Body.Bytes()[i] {
				i++
			}
			t.Fatalf("%s: %d …%.300s\none process says %d …%.300s", path, got.Code, got.Body.String()[max(0, i-60):], want.Code, want.Body.String()[max(0, i-60):])
		}
	}
	for _, group := range []string{"group-000", "group-001", "group-002"} {
		q := url.Values{"cluster": {"main"}, "group": {group}}.Encode()
		if got := get(t, first, "/api/v1/group?"+q); got.Code != http.StatusOK || !strings.Contains(got.Body.String(), group) {
			t.Errorf("%s: %d %.200s", group, got.Code, got.Body)
		}
		if got := get(t, first, "/group?"+q); got.Code != http.StatusOK || !strings.Contains(got.Body.String(), group) || !strings.HasPrefix(got.Header().Get("Content-Type"), "text/html") {
			t.Errorf("the page of %s: %d %s", group, got.Code, got.Header())
		}
	}
	if got := get(t, first, "/api/v1/group?cluster=main&group=none"); got.Code != http.StatusNotFound {
		t.Errorf("a group that nobody has: %d %s", got.Code, got.Body)
	}
	if got := get(t, first, "/api/v1/groups?page=201"); got.Code != http.StatusBadRequest {
		t.Errorf("page 201: %d %.200s", got.Code, got.Body)
	}
	asked := httptest.NewRequest(http.MethodGet, "/api/v1/groups", nil)
	asked.Header.Set(askedHeader, "shard")
	w := httptest.NewRecorder()
	first.ServeHTTP(w, asked)
	var own GroupsPage
	if err := json.Unmarshal(w.Body.Bytes(), &own); err != nil || own.Groups != 57 {
		t.Errorf("asked by another shard, it shows %d groups, %v; want its own 57", own.Groups, err)
	}
}

// A shard that does not answer is named with its reason, and the rest is shown.
func TestASilentShard(t *testing.T) {
	whole := report(t, manyNames()...)
	first, down := fleetOf(t, whole)
	down()
	var page GroupsPage
	got := get(t, first, "/api/v1/groups")
	if err := json.Unmarshal(got.Body.Bytes(), &page); err != nil || page.Groups != 114 {
		t.Errorf("%d groups are shown, %v; want those of two shards, 114", page.Groups, err)
	}
	if len(page.Partial) != 1 || !strings.HasPrefix(page.Partial[0], "shard 2: it does not answer") {
		t.Errorf("the reason is %q", page.Partial)
	}
	if got := get(t, first, "/"); !strings.Contains(got.Body.String(), "shard 2: it does not answer") {
		t.Error("the page does not say that a part is missing")
	}
	if got := get(t, first, "/api/v1/group?cluster=main&group=group-002"); got.Code != http.StatusServiceUnavailable || !strings.Contains(got.Body.String(), "shard 2") {
		t.Errorf("a group of the silent shard: %d %s; unknown is not absent", got.Code, got.Body)
	}
	if got := get(t, first, "/api/v1/group?cluster=main&group=group-001"); got.Code != http.StatusOK {
		t.Errorf("a group of another one: %d %s", got.Code, got.Body)
	}
}

// Whole lists of any shard are those of one process, in every order and with every search; and so is the lag of every partition.
func TestAnyShardWritesWholeLists(t *testing.T) {
	whole := report(t, manyNames()...)
	whole.Scalers = told().Scalers
	slices.SortFunc(whole.Scalers, func(a, b engine.ScalerReport) int { return strings.Compare(a.Name, b.Name) })
	one := handlerOf(whole)
	first, _ := fleetOf(t, whole)
	paths := []string{"/api/v1/lag", "/api/v1/decisions?page=all", "/api/v1/rebalances?page=all", "/api/v1/groups?page=all&q=07", "/api/v1/groups?page=all&q=nothing"}
	for sort := range orders {
		paths = append(paths, "/api/v1/groups?page=all&sort="+sort, "/api/v1/groups?page=all&desc=1&sort="+sort)
	}
	for _, path := range paths {
		want, got := get(t, one, path), get(t, first, path)
		var a, b any
		if err := json.Unmarshal(want.Body.Bytes(), &a); err != nil {
			t.Fatal(path, err)
		}
		if err := json.Unmarshal(got.Body.Bytes(), &b); err != nil || got.Code != want.Code || !reflect.DeepEqual(a, b) {
			t.Errorf("%s: %d %v\nof a shard:     %.600s\nof one process: %.600s", path, got.Code, err, got.Body, want.Body)
		}
	}
	if got := get(t, first, "/api/v1/groups?page=all&sort=nothing"); got.Code != http.StatusBadRequest {
		t.Errorf("an unknown column: %d %s", got.Code, got.Body)
	}
}

// The bill of any shard is that of one process: a namespace has scalers in several shards.
func TestAnyShardHasTheBillOfAll(t *testing.T) {
	whole := billedFleet()
	empty := *report(t, manyNames()...)
	empty.Scalers, empty.At = whole.Scalers, whole.At
	one := New(Options{
		Latest: func() *engine.Report { return &empty }, Ring: recent.New(), Interval: 10 * time.Second,
		Now: func() time.Time { return t0.Add(12 * time.Second) }, HourPrice: func() HourPrice { return HourPrice{0.25, "EUR"} },
	})
	first, down := fleetOf(t, &empty)
	for _, query := range []string{"", "?page=all", "?by=scaler", "?by=scaler&page=all&sort=name", "?sort=late", "?q=orders", "?q=nothing", "?page=7", "?sort=scalers&desc=1"} {
		var want, got any
		if err := json.Unmarshal(get(t, one, "/api/v1/bill"+query).Body.Bytes(), &want); err != nil {
			t.Fatal(err)
		}
		w := get(t, first, "/api/v1/bill"+query)
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if !alike(got, want) {
			t.Errorf("%s\nof a shard:     %v\nof one process: %v", query, got, want)
		}
	}
	if got := get(t, first, "/bill"); got.Code != http.StatusOK || !strings.Contains(got.Body.String(), "pay") {
		t.Errorf("the page: %d", got.Code)
	}
	down()
	if page := billPage(t, first, ""); page.All.Scalers == 4 || len(page.Partial) != 1 || !strings.HasPrefix(page.Partial[0], "shard 2: it does not answer") {
		t.Errorf("with a silent shard, the bill is of %d scalers, and lacks %q", page.All.Scalers, page.Partial)
	}
}

// alike compares JSON, in which sums may differ in their last digits.
func alike(a, b any) bool {
	switch a := a.(type) {
	case float64:
		b, ok := b.(float64)
		return ok && math.Abs(a-b) <= 1e-9*max(1, math.Abs(a))
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, alike)
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && maps.EqualFunc(a, b, alike)
	}
	return a == b
}

// The status of any replica names all shards, with what their leaders say is wrong, and those that are silent.
func TestStatusOfAllShards(t *testing.T) {
	whole := report(t, manyNames()...)
	first, down := fleetOf(t, whole)
	status := func() (page StatusPage) {
		if err := json.Unmarshal(get(t, first, "/api/v1/status").Body.Bytes(), &page); err != nil {
			t.Fatal(err)
		}
		return page
	}
	page := status()
	if page.Shard != "0/3" || len(page.Shards) != 2 || page.Shards[0].Shard != "shard 1" || page.Shards[1].Version != "test" || page.Shards[1].Silent != "" {
		t.Fatalf("the shards are %q: %+v", page.Shard, page.Shards)
	}
	if groups := page.Shards[0].Groups(); groups == nil || *groups != 57 || len(page.Shards[0].Clusters) != 1 {
		t.Errorf("shard 1 has %v groups, want 57: %+v", groups, page.Shards[0].Clusters)
	}
	if of := page.Shards[0].Problems; len(of) != len(page.Problems) {
		t.Errorf("its problems are %v; the own ones, of the same cluster, are %v", of, page.Problems)
	}
	down()
	page = status()
	if s := page.Shards[1]; !strings.HasPrefix(s.Silent, "shard 2: it does not answer") || s.At != nil || s.Groups() != nil {
		t.Errorf("the silent shard is %+v", s)
	}
	if got := get(t, first, "/status"); got.Code != http.StatusOK || strings.Count(got.Body.String(), "shard 2: it does not answer") != 2 {
		t.Errorf("the page: %d; it names the silent shard among the problems and in the table: %.3000s", got.Code, got.Body)
	}
}

// A whole list without the part of a silent shard says so, before the list; the lag of such a fleet is not complete.
func TestAWholeListOfAFleetWithASilentShard(t *testing.T) {
	first, down := fleetOf(t, report(t, manyNames()...))
	down()
	var groups GroupsPage
	if err := json.Unmarshal(get(t, first, "/api/v1/groups?page=all").Body.Bytes(), &groups); err != nil || len(groups.Rows) != 114 || groups.Total != 114 ||
		len(groups.Partial) != 1 || !strings.HasPrefix(groups.Partial[0], "shard 2: it does not answer") {
		t.Errorf("%v: %d groups of %d, without %q", err, len(groups.Rows), groups.Total, groups.Partial)
	}
	var lag api.Lag
	if err := json.Unmarshal(get(t, first, "/api/v1/lag").Body.Bytes(), &lag); err != nil || len(lag.Clusters) != 1 {
		t.Fatal(err, len(lag.Clusters))
	}
	c := lag.Clusters[0]
	if n := len(c.Errors); len(lag.Partial) != 1 || c.Complete || len(c.Groups) != 114 || n == 0 || c.Errors[n-1].Code != "SHARD_SILENT" {
		t.Errorf("%q, complete is %v, %d groups, errors %+v", lag.Partial, c.Complete, len(c.Groups), c.Errors)
	}
}

// A shard that stops in the middle of its list, sends something else, or an element that does not end: nobody takes what is there for all.
func TestAWholeListThatIsCutOff(t *testing.T) {
	row := `{"cluster":"main","group":"group-001","status":"ok"}`
	for answer, partial := range map[string]string{
		`{"total":2,"groups":2,"counts":[],"rows":[` + row:                    "",
		`{"total":2,"groups":2,"counts":[],"rows":[` + row + `,{"group":7}]}`: "",
		`{"total":2,"groups":2,"counts":[],"rows":[` + row + `]`:              "",
		`{"total":1,"groups":1,"counts":[],"rows":null}`:                      "shard 1: its answer is none of this version",
		`{"total":1,"groups":1,"counts":[]}`:                                  "shard 1: its answer is none of this version",
		`{"total":"many","rows":[]}`:                                          "shard 1: its answer is none of this version",
		`[]`:                                                                  "shard 1: its answer is none of this version",
		`<html>`:                                                              "shard 1: its answer ends early",
		``:                                                                    "shard 1: its answer ends early",
		`{"total":1,"groups":1,"counts":[],"rows":[` + row + `],"more":"fields"}`: "",
	} {
		other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(answer)) }))
		whole, ring := report(t, "group-000"), recent.New()
		first := New(Options{
			Latest: func() *engine.Report { return whole }, Ring: ring, Interval: 10 * time.Second, Now: func() time.Time { return t0 },
			Others: func() []Other { return []Other{{Name: "shard 1", URL: other.URL}} },
		})
		got := get(t, first, "/api/v1/groups?page=all")
		other.Close()
		var page GroupsPage
		err := json.Unmarshal(got.Body.Bytes(), &page)
		switch {
		case partial == "" && err == nil:
			t.Errorf("%s: what is there looks like all: %s", answer, got.Body)
		case partial != "" && (err != nil || len(page.Rows) != 1 || len(page.Partial) != 1 || !strings.HasPrefix(page.Partial[0], partial)):
			t.Errorf("%s: %v, %d groups, partial %q; want %q", answer, err, len(page.Rows), page.Partial, partial)
		}
	}
}

// carried is a connection to another shard whose leader answers so.
type carried func() []byte

func (c carried) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(c())), Request: r}, nil
}

// Whatever another shard's leader answers, each list is shown, with the rows of this shard, or with the reason why that part is missing.
func FuzzOtherShard(f *testing.F) {
	f.Add([]byte(`{"total":-7,"groups":3,"rows":[null,{"cluster":"main","group":"x"}],"counts":[{"status":"ok","count":-1}]}`))
	f.Add([]byte(`{"total":9223372036854775807,"scalers":[{"name":"a","decision":null}],"brakes":[{"name":"pool","replicas":{"used":1,"limit":2}}]}`))
	f.Add([]byte(`{"events":[{"start":"2026-01-05T12:00:00Z","causes":null}],"causes":[{"cause":"","count":1}]}`))
	f.Add([]byte(`[]`))
	f.Add([]byte(`{"rows":[{}],"page":-1,"first":5,"pages":0}`))
	rep := report(f, "alpha", "beta")
	rep.Scalers = told().Scalers
	ring := recent.New()
	ring.Add(rep)
	h := New(Options{
		Latest: func() *engine.Report { return rep }, Ring: ring, Interval: 10 * time.Second, Version: "test",
		Now: func() time.Time { return t0.Add(12 * time.Second) }, Others: func() []Other { return []Other{{Name: "shard 1", URL: "http://other"}} },
	})
	var answer []byte
	before := peers.Transport
	peers.Transport = carried(func() []byte { return answer })
	f.Cleanup(func() { peers.Transport = before })
	f.Fuzz(func(t *testing.T, text []byte) {
		answer = text
		for _, r := range routes {
			if r.merged == 0 {
				continue
			}
			for _, path := range []string{strings.TrimSuffix(r.page, "{$}"), r.twin} {
				w := get(t, h, path+"?page=2")
				if w.Code != http.StatusOK {
					t.Errorf("%s: %d %.200s", path, w.Code, w.Body)
				}
				if path == r.twin && !json.Valid(w.Body.Bytes()) {
					t.Errorf("%s: no JSON: %.200s", path, w.Body)
				}
			}
		}
	})
}
