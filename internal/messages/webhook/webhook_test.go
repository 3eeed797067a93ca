package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/internal/messages"
	"github.com/lagscaler/lagscaler/internal/testlog"
	"github.com/lagscaler/lagscaler/scaler"
)

// hook is a receiver. It is an http.RoundTripper, because a bubble of synctest has no network.
type hook struct {
	mu     sync.Mutex
	answer func(n int, body []byte) (status int, header http.Header, err error) // nil: 200
	posts  []post
}

type post struct {
	at     time.Time
	header http.Header
	body   []byte
	status int
}

func (h *hook) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	status, header := http.StatusOK, http.Header(nil)
	if h.answer != nil {
		status, header, err = h.answer(len(h.posts), body)
	}
	h.posts = append(h.posts, post{time.Now(), r.Header, body, status})
	if err != nil {
		return nil, &url.Error{Op: "Post", URL: r.URL.String(), Err: err}
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader("secret answer"))}, nil
}

// all are the requests so far.
func (h *hook) all() []post {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.posts)
}

// ids are those of the events that were taken, in order, with repeats.
func (h *hook) ids(t *testing.T) (out []string) {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, p := range h.posts {
		if p.status != http.StatusOK {
			continue
		}
		var events []struct{ ID string }
		if err := json.Unmarshal(p.body, &events); err != nil {
			t.Fatalf("%v: %s", err, p.body)
		}
		for _, e := range events {
			out = append(out, e.ID)
		}
	}
	return out
}

func (h *hook) receiver(name string) Receiver {
	return Receiver{Name: name, URL: "https://u:hunter2@hook/hunter2", Client: &http.Client{Transport: h}}
}

// store is a store that may fail, before or after it has saved.
type store struct {
	mu            sync.Mutex
	data          []byte
	before, after error
	saves         int
}

func (s *store) LoadTold(context.Context) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.data, s.before
}

func (s *store) SaveTold(_ context.Context, data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.before != nil:
		return s.before
	case errors.Is(s.after, errTaken):
		return s.after
	}
	s.data = bytes.Clone(data)
	s.saves++
	return s.after
}

func (s *store) fail(before, after error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before, s.after = before, after
}

func (s *store) now() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.data
}

func (s *store) set(data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data = data
}

// replica is a Messenger that runs.
type replica struct {
	*Messenger
	log    testlog.Log
	leads  atomic.Bool
	cancel context.CancelFunc
	ended  chan struct{}
}

func begin(t *testing.T, s Store, receivers ...Receiver) *replica {
	r := &replica{ended: make(chan struct{})}
	r.leads.Store(true)
	ctx, cancel := context.WithCancel(t.Context())
	r.cancel = cancel
	r.Messenger = New(Options{Source: "/lagscaler/test", Store: s, Leading: r.leads.Load, Log: slog.New(slog.NewTextHandler(&r.log, nil))}, receivers)
	go func() {
		defer close(r.ended)
		if err := r.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	t.Cleanup(r.end)
	return r
}

func (r *replica) end() {
	r.cancel()
	<-r.ended
}

// decide publishes a report with another decision.
func (r *replica) decide(size int32) {
	r.Published(decided(size))
	synctest.Wait()
}

func decided(size int32) *engine.Report {
	s := engine.ScalerReport{Outcome: scaler.Outcome{
		Scaler: scaler.Scaler{Name: "shop/orders"}, Line: fmt.Sprintf("Steady %d", size), Disposition: scaler.Applied,
		Decision: scaler.Decision{At: time.Now(), Verdict: scaler.Steady, Current: size, Desired: size},
	}}
	return &engine.Report{At: time.Now(), Leader: true, Scalers: []engine.ScalerReport{s}}
}

func distinct(ids []string) int {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	return len(slices.Compact(ids))
}

// What is decided is sent at once, in one request for what waits, signed by every secret.
func TestSends(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, keys := &hook{}, []string{"whsec_" + "c2VjcmV0c2VjcmV0c2VjcmV0", "another secret of text"}
		r := h.receiver("incidents")
		r.Headers, r.Secrets = map[string]string{"Authorization": "Bearer x"}, keys
		m := begin(t, &store{}, r)
		m.decide(4)
		m.decide(5)
		if got := h.ids(t); len(got) != 2 || distinct(got) != 2 {
			t.Fatalf("%v", got)
		}
		p := h.all()[0]
		if p.header.Get("Content-Type") != messages.BatchType || p.header.Get("Authorization") != "Bearer x" {
			t.Errorf("%v", p.header)
		}
		for _, key := range keys {
			hook, err := keyOf(key)
			if err != nil {
				t.Fatal(err)
			}
			if err := hook.VerifyIgnoringTimestamp(p.body, p.header); err != nil { // the library reads the clock outside of the bubble's reach
				t.Errorf("%s: %v", key, err)
			}
			if err := hook.VerifyIgnoringTimestamp(append(p.body, ' '), p.header); err == nil {
				t.Error("another body has the same signature")
			}
		}
		if got := p.header.Get(standardwebhooks.HeaderWebhookTimestamp); got != fmt.Sprint(p.at.Unix()) {
			t.Errorf("timestamp %s", got)
		}
		if c := m.Counts(); c[0].Sent != 2 || c[0].Waiting != 0 {
			t.Errorf("%+v", c)
		}
	})
}

// Nothing is sent before it is saved, and a save that fails delays only what is new.
func TestSavesBeforeItSends(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, s := &hook{}, &store{}
		m := begin(t, s, h.receiver("a"))
		m.decide(4)
		s.fail(errors.New("no answer"), nil)
		m.decide(5)
		time.Sleep(time.Minute)
		if n := len(h.ids(t)); n != 1 {
			t.Fatalf("%d sent", n)
		}
		s.fail(nil, nil)
		time.Sleep(time.Minute)
		if n := len(h.ids(t)); n != 2 || strings.Count(m.log.String(), "keeping what was told failed") != 1 {
			t.Errorf("%d sent\n%s", n, m.log.String())
		}
		s.fail(nil, errors.New("saved, but the answer was lost"))
		m.decide(6)
		time.Sleep(time.Minute)
		if got := h.ids(t); len(got) != 3 {
			t.Errorf("after a save without an answer: %v", got)
		}
	})
}

// Over changes of the leader and an outage of the receiver each message arrives at least once, and has one id.
func TestChangesOfTheLeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, s := &hook{}, &store{}
		var away atomic.Bool
		away.Store(true)
		h.answer = func(int, []byte) (int, http.Header, error) {
			if away.Load() {
				return 0, nil, errors.New("connection refused")
			}
			return http.StatusOK, nil, nil
		}
		first := begin(t, s, h.receiver("a"))
		first.decide(4)
		first.decide(5)
		first.end() // with both in the outbox
		second := begin(t, s, h.receiver("a"))
		second.decide(5) // the same answer
		second.decide(6)
		away.Store(false)
		time.Sleep(6 * time.Minute)
		second.leads.Store(false)
		time.Sleep(2 * time.Second)
		third := begin(t, s, h.receiver("a"))
		third.decide(6)
		third.decide(7)
		time.Sleep(time.Minute)
		if got := h.ids(t); distinct(got) != 4 || len(got) != 4 {
			t.Errorf("%v", got)
		}
		// One that was sent, and whose leader ended before it noted that.
		old := s.now()
		third.decide(8)
		s.set(old)
		third.leads.Store(false)
		fourth := begin(t, s, h.receiver("a"))
		fourth.Published(decided(8))
		time.Sleep(time.Minute)
		if got := h.ids(t); distinct(got) < 5 {
			t.Errorf("%v", got)
		}
	})
}

// A leader that was killed after it sent, before it noted that: the next one sends again, with the same ids.
func TestKilledAfterSending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, s := &hook{}, &store{}
		first := begin(t, s, h.receiver("a"))
		first.decide(4)
		saved := s.now() // before it noted what was sent
		first.leads.Store(false)
		time.Sleep(2 * time.Second)
		s.set(saved)
		second := begin(t, s, h.receiver("a"))
		second.decide(4)
		time.Sleep(time.Minute)
		if got := h.ids(t); len(got) != 2 || distinct(got) != 1 {
			t.Errorf("%v", got)
		}
	})
}

// A leader that does not know yet that another one leads overwrites nothing.
func TestAnotherLeaderHasSaved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, s := &hook{}, &store{}
		m := begin(t, s, h.receiver("a"))
		m.decide(4)
		other := begin(t, s, h.receiver("a"))
		other.decide(4)
		other.decide(5)
		saved := s.now()
		s.fail(nil, errTaken)
		m.decide(9)
		if !bytes.Equal(s.now(), saved) {
			t.Error("it has overwritten what another leader saved")
		}
		if n := distinct(h.ids(t)); n != 2 {
			t.Errorf("%d sent", n)
		}
	})
}

// errTaken is the error of a store in which somebody else has saved.
var errTaken = errors.New("somebody else has saved")

// Requests are repeated with growing waits, or after the time that the receiver asks for; other receivers do not wait.
func TestOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow, well := &hook{}, &hook{}
		until := time.Now().Add(30 * time.Minute)
		slow.answer = func(int, []byte) (int, http.Header, error) {
			if time.Now().Before(until) {
				return http.StatusServiceUnavailable, nil, nil
			}
			return http.StatusOK, nil, nil
		}
		m := begin(t, &store{}, slow.receiver("slow"), well.receiver("well"))
		m.decide(4)
		m.decide(5)
		if n := len(well.ids(t)); n != 2 {
			t.Errorf("the other one got %d", n)
		}
		time.Sleep(40 * time.Minute)
		if n := len(slow.ids(t)); n != 2 {
			t.Errorf("%d after the outage", n)
		}
		if n := len(slow.all()); n > 20 {
			t.Errorf("%d requests in 40 minutes", n)
		}
		if text := m.log.String(); strings.Count(text, "could not be sent") != 1 || strings.Contains(text, "hunter2") || strings.Contains(text, "secret answer") {
			t.Error(text)
		}
		if c := m.Counts()[0]; c.Failed == 0 || c.Sent != 2 || c.Dropped != 0 {
			t.Errorf("%+v", c)
		}
	})
}

func TestRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hook{}
		h.answer = func(n int, _ []byte) (int, http.Header, error) {
			if n == 0 {
				return http.StatusTooManyRequests, http.Header{"Retry-After": {"90"}}, nil
			}
			return http.StatusOK, nil, nil
		}
		m := begin(t, &store{}, h.receiver("a"))
		m.decide(4)
		time.Sleep(5 * time.Minute)
		if len(h.all()) != 2 || h.all()[1].at.Sub(h.all()[0].at) != 90*time.Second {
			t.Errorf("%+v", h.all())
		}
	})
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, "-7": 0, "x": 0, "99999999": mostWait, "Mon, 02 Mar 2026 12:01:00 GMT": time.Minute, "Mon, 02 Mar 2026 11:01:00 GMT": 0,
	} {
		if got := retryAfter(text, now); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

// A message that its receiver refuses does not take the others with it.
func TestRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, s := &hook{}, &store{}
		s.fail(errors.New("not yet"), nil)
		h.answer = func(_ int, body []byte) (int, http.Header, error) {
			if bytes.Contains(body, []byte("Steady 5")) {
				return http.StatusBadRequest, nil, nil
			}
			return http.StatusOK, nil, nil
		}
		m := begin(t, s, h.receiver("a"))
		for size := range int32(6) {
			m.decide(size + 3)
		}
		s.fail(nil, nil)
		time.Sleep(time.Minute)
		if got := h.ids(t); len(got) != 5 || distinct(got) != 5 {
			t.Errorf("%v", got)
		}
		if c := m.Counts()[0]; c.Refused != 1 || c.Sent != 5 || c.Waiting != 0 {
			t.Errorf("%+v", c)
		}
	})
}

// Chats get a text, at most one a second.
func TestChat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hook{}
		r := h.receiver("chat")
		r.Text = true
		m := begin(t, &store{}, r)
		for size := range int32(5) {
			m.decide(size)
		}
		time.Sleep(time.Minute)
		var lines []string
		for i, p := range h.all() {
			if i > 0 && p.at.Sub(h.all()[i-1].at) < textGap {
				t.Errorf("%v after the last", p.at.Sub(h.all()[i-1].at))
			}
			var body struct{ Text string }
			if err := json.Unmarshal(p.body, &body); err != nil {
				t.Fatal(err)
			}
			lines = append(lines, strings.Split(body.Text, "\n")...)
		}
		if len(lines) != 5 || len(h.all()) != 2 || lines[0] != "shop/orders: Steady 0 (Applied)" {
			t.Errorf("%q in %d posts", lines, len(h.all()))
		}
	})
}

// Receivers change while it runs; what waits for one that stays is not lost.
func TestConfigure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, moved := &hook{}, &hook{}
		h.answer = func(int, []byte) (int, http.Header, error) { return http.StatusNotFound, nil, nil }
		m := begin(t, &store{}, h.receiver("a"), h.receiver("gone"))
		m.decide(4)
		m.Configure([]Receiver{moved.receiver("a"), moved.receiver("new")})
		synctest.Wait()
		if n := len(moved.ids(t)); n != 1 {
			t.Errorf("%d at the new address", n)
		}
		m.decide(5)
		if n := len(moved.ids(t)); n != 3 {
			t.Errorf("%d, want one more for each", n)
		}
		if c := m.Counts(); len(c) != 2 || c[0].Receiver != "a" || c[1].Receiver != "new" {
			t.Errorf("%+v", c)
		}
	})
}

// Without messages in the configuration nothing is kept.
func TestNobodyListens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{}
		m := begin(t, s)
		m.decide(4)
		time.Sleep(time.Hour)
		m.end()
		if s.saves != 0 || len(m.Counts()) != 0 {
			t.Errorf("%d saves", s.saves)
		}
	})
}

// Too many are dropped, are counted, and are said.
func TestTooMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hook{}
		h.answer = func(int, []byte) (int, http.Header, error) { return 0, nil, errors.New("away") }
		m := begin(t, nil, h.receiver("a"))
		for size := range int32(messages.MostWaiting + 5) {
			m.decide(size)
		}
		if c := m.Counts()[0]; c.Dropped != 5 || c.Waiting != messages.MostWaiting {
			t.Errorf("%+v", c)
		}
		time.Sleep(messages.MostAge + time.Hour)
		m.decide(1)
		if c := m.Counts()[0]; c.Dropped != messages.MostWaiting+5 || c.Waiting != 1 || !strings.Contains(m.log.String(), "too old") {
			t.Errorf("%+v", c)
		}
	})
}

// Whatever a receiver answers, the wait that it asks for is at most an hour.
func FuzzRetryAfter(f *testing.F) {
	for _, text := range []string{"", "7", "-1", "99999999999999999999", "Mon, 02 Mar 2026 12:01:00 GMT"} {
		f.Add(text)
	}
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		if got := retryAfter(text, now); got < 0 || got > mostWait {
			t.Errorf("%q: %v", text, got)
		}
	})
}
