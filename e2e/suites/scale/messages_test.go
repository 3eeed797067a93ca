package scale

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/lagscaler/lagscaler/internal/messages"
	"github.com/lagscaler/lagscaler/scaler"
)

// event is a CloudEvent that a receiver has got.
type event struct {
	ID, Source, Type string
	Time             time.Time
	Data             messages.Data
}

// webhook is a receiver of messages, which may be away.
type webhook struct {
	t       *testing.T
	address string
	key     *standardwebhooks.Webhook
	server  *http.Server // nil: it is away

	mu  sync.Mutex
	got []event
}

const webhookSecret = "a secret of the receiver in this test"

// openWebhook makes a receiver, and tells the daemons of the scenario.
func (s *scenario) openWebhook() *webhook {
	s.t.Helper()
	key, err := standardwebhooks.NewWebhookRaw([]byte(webhookSecret))
	if err != nil {
		s.t.Fatal(err)
	}
	w := &webhook{t: s.t, address: "127.0.0.1:0", key: key}
	w.back()
	s.t.Cleanup(w.away)
	s.Daemon.Webhook, s.Daemon.WebhookSecret = "http://"+w.address+"/messages", webhookSecret
	return w
}

func (w *webhook) back() {
	w.t.Helper()
	listener, err := net.Listen("tcp", w.address)
	if err != nil {
		w.t.Fatal(err)
	}
	w.address = listener.Addr().String()
	w.server = &http.Server{Handler: w}
	go func(server *http.Server) { _ = server.Serve(listener) }(w.server) // it ends with away
}

func (w *webhook) away() {
	if w.server != nil {
		_ = w.server.Close() // nobody waits for it
		w.server = nil
	}
}

func (w *webhook) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = w.key.Verify(body, r.Header)
	}
	var events []event
	if err == nil {
		err = json.Unmarshal(body, &events)
	}
	if err != nil {
		w.t.Errorf("a request that cannot be read: %v", err)
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.got = append(w.got, events...)
}

// events are the events by id, in the order of their first arrival. One id has one content.
func (w *webhook) events() []event {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []event
	for _, e := range w.got {
		i := slices.IndexFunc(out, func(o event) bool { return o.ID == e.ID })
		if i < 0 {
			out = append(out, e)
		} else if a, b := fmt.Sprintf("%+v", toldOf(out[i])), fmt.Sprintf("%+v", toldOf(e)); a != b {
			w.t.Errorf("%s has two contents:\n%s\n%s", e.ID, a, b)
		}
	}
	return out
}

// told is what makes a decision another one.
type told struct {
	From, To int32
	Reason   string
	At       time.Time
}

func toldOf(e event) told {
	out := told{Reason: e.Data.Reason, At: e.Time}
	if e.Data.From != nil {
		out.From, out.To = *e.Data.From, *e.Data.To
	}
	return out
}

// decided are the decisions that a leader published, each answer once, as a receiver is to be told of them.
func (s *scenario) decided(d *daemon) (out []told) {
	s.t.Helper()
	last := ""
	for _, r := range d.History() {
		for _, one := range r.Scalers {
			if one.Name != s.Name() || !r.Leader || one.Disposition == scaler.Follower || one.Decision.At.IsZero() {
				continue
			}
			o := &one.Decision
			answer := fmt.Sprintf("%s %s %d %d %s %t", o.Verdict, o.Reason(), o.Current, o.Desired, one.Disposition, one.Failure != "")
			if answer != last {
				out = append(out, told{o.Current, o.Desired, string(o.Reason()), o.At})
				last = answer
			}
		}
	}
	return out
}

// A receiver hears of each decision, and each has one id, though the receiver is away for a while, and the leader is killed in the middle of
// a step: what it had not told yet, its successor tells.
func TestAReceiverHearsOfEachDecision(t *testing.T) {
	t.Parallel()
	s := open(t, setup{Rate: 40})
	sizes := s.WatchSize()
	receiver := s.openWebhook()
	first := s.start()
	s.awaitVerdict(first, scaler.Steady)
	s.Daemon.Identity = "second"
	second := s.start()
	s.awaitDecision(second, "a follower", func(got scalerReport) bool { return got.Disposition == scaler.Follower })
	await(t, "the first decision", func() error {
		if len(receiver.events()) == 0 {
			return fmt.Errorf("nothing was told")
		}
		return nil
	})
	t.Log("the receiver is away, and the leader is killed right after a step")
	receiver.away()
	s.Load.Set(200)
	s.awaitSize("the leader's step", atLeast(4))
	first.Kill()
	s.Load.Set(280)
	awaitFor(t, 30*time.Second, "the follower to lead", second.Leads)
	s.awaitSize("a size that carries 280/s", atLeast(6))
	receiver.back()
	s.Load.Set(40)
	s.awaitDecision(second, "fewer replicas", func(got scalerReport) bool { return got.Decision.Current <= 3 && got.Disposition != scaler.Applied })

	before, after := s.decided(first), s.decided(second)
	if n := len(before); n > 0 && before[n-1].From == before[n-1].To {
		before = before[:n-1] // made in the moment of its end: it may have reached nobody
	}
	await(t, "every decision to be told", func() error {
		events := receiver.events()
		for _, want := range slices.Concat(before, after) {
			if !slices.ContainsFunc(events, func(e event) bool {
				got := toldOf(e)
				// A write that nobody could tell any more is told by the successor: the target has its time in seconds, and not its reason.
				lost := got.Reason == "" && want.From != want.To && got.At.Sub(want.At).Abs() < 2*time.Second
				return e.Data.Kind == messages.Decision && got.From == want.From && got.To == want.To && (lost || got.Reason == want.Reason && got.At.Sub(want.At).Abs() < 50*time.Millisecond)
			}) {
				return fmt.Errorf("of %d events none is %+v: %+v", len(events), want, events)
			}
		}
		return nil
	})
	var written []told
	for _, e := range receiver.events() {
		if e.Source != "/lagscaler/"+s.NS+"/lagscaler" || e.Type != "io.lagscaler."+string(e.Data.Kind) {
			t.Errorf("%+v", e)
		}
		if got := toldOf(e); e.Data.Kind == messages.Decision && got.From != got.To {
			if slices.ContainsFunc(written, func(o told) bool {
				return o.From == got.From && o.To == got.To && o.At.Sub(got.At).Abs() < 2*time.Second
			}) {
				t.Errorf("%+v has two ids", got)
			}
			written = append(written, got)
		}
	}
	t.Logf("%d requests' events, %d ids; %d sizes, %d steps told", len(receiver.got), len(receiver.events()), len(sizes()), len(written))
	if len(written) < len(sizes())-1 {
		t.Errorf("%d steps were told of the sizes %v", len(written), sizes())
	}
}
