package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/lagscaler/lagscaler/internal/api"
)

// A whole list is the same JSON whether it is written in one piece or element by element.
func TestWholeListsAreTheSameJSON(t *testing.T) {
	for _, groups := range [][]string{nil, {"one"}, {"one", "<two>", "three"}} {
		r := report(t, groups...)
		h := handlerOf(r)
		same := func(path string, want any) {
			t.Helper()
			text, err := json.Marshal(want)
			if err != nil {
				t.Fatal(err)
			}
			if got := get(t, h, path).Body.Bytes(); !bytes.Equal(bytes.TrimSuffix(got, []byte("\n")), text) {
				t.Errorf("%s of %d groups:\n%s\nwant\n%s", path, len(groups), got, text)
			}
		}
		same("/api/v1/lag", api.LagOf(r))
		for _, path := range []string{"/api/v1/groups", "/api/v1/decisions", "/api/v1/rebalances"} { // page 1 is all of so few
			var page any
			if err := json.Unmarshal(get(t, h, path).Body.Bytes(), &page); err != nil {
				t.Fatal(err)
			}
			var all any
			if err := json.Unmarshal(get(t, h, path+"?page=all").Body.Bytes(), &all); err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			if fmt.Sprint(page) != fmt.Sprint(all) {
				t.Errorf("%s: %v, but page=all %v", path, page, all)
			}
		}
	}
}

// blocked is a client that reads nothing until it is released.
type blocked struct {
	*httptest.ResponseRecorder
	began   chan struct{}
	release chan struct{}
}

func (b blocked) Write(p []byte) (int, error) {
	select {
	case b.began <- struct{}{}:
	default:
	}
	<-b.release
	return b.ResponseRecorder.Write(p)
}

// Clients that do not read whole lists keep others only from whole lists, and only until they are cut off.
func TestSlowReadersOfWholeLists(t *testing.T) {
	h := handlerOf(report(t, "orders"))
	release, ended := make(chan struct{}), make(chan struct{}, maxWholes)
	for range maxWholes {
		b := blocked{httptest.NewRecorder(), make(chan struct{}, 1), release}
		go func() {
			h.ServeHTTP(b, httptest.NewRequest(http.MethodGet, "/api/v1/lag", http.NoBody))
			ended <- struct{}{}
		}()
		<-b.began
	}
	if w := get(t, h, "/api/v1/lag"); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("one more whole list: %d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
	}
	if w := get(t, h, "/api/v1/groups"); w.Code != http.StatusOK {
		t.Errorf("a page: %d", w.Code)
	}
	close(release)
	for range maxWholes {
		<-ended
	}
	if w := get(t, h, "/api/v1/lag"); w.Code != http.StatusOK {
		t.Errorf("after they are gone: %d", w.Code)
	}
}

// What a client may ask for is bounded; the answer names the parameter.
func TestQueriesAreBounded(t *testing.T) {
	h := handlerOf(report(t, "orders"))
	for _, path := range []string{
		"/?q=" + strings.Repeat("a+", maxQuery/2+1),
		"/api/v1/groups?q=" + strings.Repeat("a", maxQuery+1),
		"/api/v1/decisions?page=all&q=" + strings.Repeat("%C3%A4", maxQuery+1),
		"/api/v1/rebalances?" + strings.Repeat("group=orders&", maxGroup+1),
	} {
		w := get(t, h, path)
		if body := w.Body.String(); w.Code != http.StatusBadRequest || !strings.Contains(body, "q: has") && !strings.Contains(body, "group: is") {
			t.Errorf("%.60s: %d %.200s", path, w.Code, body)
		}
	}
	if w := get(t, h, "/api/v1/groups?q="+strings.Repeat("a", maxQuery)); w.Code != http.StatusOK {
		t.Errorf("the longest query: %d", w.Code)
	}
}
