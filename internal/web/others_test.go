package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/internal/web/recent"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/need"
)

// part is the part of a report that a shard has: every third group.
func part(whole *engine.Report, index int) *engine.Report {
	r, c := *whole, *whole.Clusters[0]
	c.Groups = nil
	for i := range whole.Clusters[0].Groups {
		if i%3 == index {
			c.Groups = append(c.Groups, whole.Clusters[0].Groups[i])
		}
	}
	r.Clusters = []*engine.ClusterReport{&c}
	if index != 1 {
		r.Scalers = nil
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
	shard, _ := fleetOf(t, whole)
	paths := []string{"/api/v1/decisions", "/api/v1/rebalances", "/api/v1/groups?q=07", "/api/v1/groups?q=nothing", "/api/v1/groups?page=99"}
	for sort := range orders {
		for page := 1; page <= 4; page++ {
			paths = append(paths, fmt.Sprintf("/api/v1/groups?sort=%s&page=%d", sort, page), fmt.Sprintf("/api/v1/groups?sort=%s&desc=1&page=%d", sort, page))
		}
	}
	for _, path := range paths {
		want, got := get(t, one, path), get(t, shard, path)
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
		if got := get(t, shard, "/api/v1/group?"+q); got.Code != http.StatusOK || !strings.Contains(got.Body.String(), group) {
			t.Errorf("%s: %d %.200s", group, got.Code, got.Body)
		}
		if got := get(t, shard, "/group?"+q); got.Code != http.StatusOK || !strings.Contains(got.Body.String(), group) || !strings.HasPrefix(got.Header().Get("Content-Type"), "text/html") {
			t.Errorf("the page of %s: %d %s", group, got.Code, got.Header())
		}
	}
	if got := get(t, shard, "/api/v1/group?cluster=main&group=none"); got.Code != http.StatusNotFound {
		t.Errorf("a group that nobody has: %d %s", got.Code, got.Body)
	}
	if got := get(t, shard, "/api/v1/groups?page=201"); got.Code != http.StatusBadRequest {
		t.Errorf("page 201: %d %.200s", got.Code, got.Body)
	}
	asked := httptest.NewRequest(http.MethodGet, "/api/v1/groups", nil)
	asked.Header.Set(askedHeader, "shard")
	w := httptest.NewRecorder()
	shard.ServeHTTP(w, asked)
	var own GroupsPage
	if err := json.Unmarshal(w.Body.Bytes(), &own); err != nil || own.Groups != 57 {
		t.Errorf("asked by another shard, it shows %d groups, %v; want its own 57", own.Groups, err)
	}
}

// A shard that does not answer is named with its reason, and the rest is shown.
func TestASilentShard(t *testing.T) {
	whole := report(t, manyNames()...)
	shard, down := fleetOf(t, whole)
	down()
	var page GroupsPage
	got := get(t, shard, "/api/v1/groups")
	if err := json.Unmarshal(got.Body.Bytes(), &page); err != nil || page.Groups != 114 {
		t.Errorf("%d groups are shown, %v; want those of two shards, 114", page.Groups, err)
	}
	if len(page.Partial) != 1 || !strings.HasPrefix(page.Partial[0], "shard 2: it does not answer") {
		t.Errorf("the reason is %q", page.Partial)
	}
	if got := get(t, shard, "/"); !strings.Contains(got.Body.String(), "shard 2: it does not answer") {
		t.Error("the page does not say that a part is missing")
	}
	if got := get(t, shard, "/api/v1/group?cluster=main&group=group-002"); got.Code != http.StatusServiceUnavailable || !strings.Contains(got.Body.String(), "shard 2") {
		t.Errorf("a group of the silent shard: %d %s; unknown is not absent", got.Code, got.Body)
	}
	if got := get(t, shard, "/api/v1/group?cluster=main&group=group-001"); got.Code != http.StatusOK {
		t.Errorf("a group of another one: %d %s", got.Code, got.Body)
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
			if !r.merged {
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
