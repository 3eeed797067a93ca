package webhook

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/internal/messages"
)

// Store keeps what was told. Save fails if somebody else has saved since Load.
type Store interface {
	LoadTold(ctx context.Context) ([]byte, error)
	SaveTold(ctx context.Context, data []byte) error
}

// Options are fixed for a Messenger's life.
type Options struct {
	Source  string      // of the events: which installation this is
	Store   Store       // nil: what was told ends with the process
	Leading func() bool // nil: always
	Log     *slog.Logger
}

// Messenger tells receivers what happens. Published, Configure and Counts may be called from anywhere.
type Messenger struct {
	opts Options
	wake chan struct{} // there is something to do for Run

	mu        sync.Mutex
	receivers []Receiver
	teller    *messages.Teller // nil: this process does not lead, or has not loaded yet what was told
	outbox    messages.Outbox
	reports   []*engine.Report // of a leader that has not loaded yet
	saved     uint64           // items of the outbox with a lower number are saved
	changed   bool             // since the last save
	counts    map[string]*Count
	more      chan struct{} // closed when there may be something to send
}

const (
	storeTimeout = 5 * time.Second
	storeAgain   = 5 * time.Second  // after a load or a save that failed
	saveInterval = 30 * time.Second // of changes without a new message: what was sent, and what nobody wants to hear
	lookInterval = time.Second      // whether this replica leads
	mostReports  = 64               // that wait for a load: ten minutes of polls
)

// New makes a Messenger; nothing is sent until Run.
func New(o Options, receivers []Receiver) *Messenger {
	if o.Leading == nil {
		o.Leading = func() bool { return true }
	}
	return &Messenger{opts: o, receivers: receivers, wake: make(chan struct{}, 1), counts: map[string]*Count{}, more: make(chan struct{})}
}

// Configure sets the receivers. One that keeps its name keeps its messages.
func (m *Messenger) Configure(receivers []Receiver) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.receivers = receivers
	m.outbox.Keep(names(receivers))
	m.changed = true
	m.signal()
}

func names(receivers []Receiver) []string {
	var out []string
	for _, r := range receivers {
		out = append(out, r.Name)
	}
	return out
}

func (m *Messenger) signal() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// Published takes in a Report. It does no I/O.
func (m *Messenger) Published(r *engine.Report) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case !r.Leader:
		return // Run notices it, too
	case m.teller == nil && len(m.receivers) == 0:
		return
	case m.teller == nil:
		if len(m.reports) == mostReports {
			m.reports = m.reports[1:]
		}
		m.reports = append(m.reports, r)
	default:
		m.take(r)
	}
	m.signal()
}

// take tells what is new in a Report. The caller holds mu.
func (m *Messenger) take(r *engine.Report) {
	m.dropped(m.outbox.Expire(r.At), "too old")
	for _, message := range m.teller.Next(r) {
		m.changed = true
		var to []string
		for i := range m.receivers {
			if m.receivers[i].Filter.Wants(&message.Data) {
				to = append(to, m.receivers[i].Name)
			}
		}
		if len(to) > 0 {
			m.dropped(m.outbox.Add(message, to), "too many wait")
		}
	}
}

// dropped counts what will never be sent. The caller holds mu.
func (m *Messenger) dropped(items []messages.Item, why string) {
	if len(items) == 0 {
		return
	}
	m.changed = true
	for _, i := range items {
		for _, name := range i.To {
			m.count(name).Dropped++
		}
	}
	m.opts.Log.Warn("messages are dropped", "why", why, "messages", len(items), "oldest", items[0].At)
}

// Run loads, saves and sends until ctx ends, and saves once more then.
func (m *Messenger) Run(ctx context.Context) error {
	senders := newSenders(ctx, m)
	defer senders.stop()
	ticker := time.NewTicker(lookInterval)
	defer ticker.Stop()
	var s storing
	for {
		senders.reconcile(m.configured())
		s.work(ctx, m)
		select {
		case <-ctx.Done():
			senders.stop()
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
			defer cancel()
			s.last = time.Time{}
			s.work(last, m)
			return nil
		case <-m.wake:
		case <-ticker.C:
		}
	}
}

func (m *Messenger) configured() []Receiver {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.receivers
}

// storing is what Run remembers of its store.
type storing struct {
	again   time.Time // not before then: the last attempt failed
	last    time.Time // save
	failing bool
	known   []byte // what the store had last
	tried   []byte // by the last save that failed: it may have worked
}

// work does what is to be done now: end, load, save.
func (s *storing) work(ctx context.Context, m *Messenger) {
	now := time.Now()
	switch loaded, waits := m.state(); {
	case !m.opts.Leading():
		if loaded || waits {
			m.forget()
		}
		*s = storing{}
	case now.Before(s.again):
	case !loaded && waits:
		var err error
		s.known, err = m.load(ctx)
		s.ended(m, "loading", err, now)
		if err != nil {
			return
		}
		s.save(ctx, m, now)
	case loaded:
		s.save(ctx, m, now)
	}
}

func (m *Messenger) state() (loaded, waits bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.teller != nil, len(m.reports) > 0
}

// forget ends what a leader knows: the next time that this replica leads, it loads what another one has told.
func (m *Messenger) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.teller, m.reports, m.outbox, m.saved, m.changed = nil, nil, messages.Outbox{}, 0, false
}

// ended notes how an attempt ended, and logs a failure once.
func (s *storing) ended(m *Messenger, step string, err error, now time.Time) {
	switch {
	case err != nil && !s.failing:
		m.opts.Log.Warn("keeping what was told failed; it is tried again, and new messages are not sent until it works", "step", step, "err", err)
	case err == nil && s.failing:
		m.opts.Log.Info("what was told is kept again")
	}
	if s.failing = err != nil; s.failing {
		s.again = now.Add(storeAgain)
	}
}

// load loads what was told, and tells what the Reports since then have.
func (m *Messenger) load(ctx context.Context) (data []byte, err error) {
	if m.opts.Store != nil {
		ctx, cancel := context.WithTimeout(ctx, storeTimeout)
		defer cancel()
		if data, err = m.opts.Store.LoadTold(ctx); err != nil {
			return nil, err
		}
	}
	told, outbox, err := messages.Decode(data)
	if err != nil {
		m.opts.Log.Warn("what was told is begun anew", "err", err)
		told, outbox = messages.Told{}, messages.Outbox{}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.teller, m.outbox = messages.NewTeller(told), outbox
	m.outbox.Keep(names(m.receivers))
	m.saved = m.outbox.Next
	for _, r := range m.reports {
		m.take(r)
	}
	m.reports = nil
	m.release()
	return data, nil
}

// save saves what was told when there is a new message, or when the last save is long ago. Only then are the messages sent.
func (s *storing) save(ctx context.Context, m *Messenger, now time.Time) {
	data, until, due, err := m.encoded(now.Sub(s.last) >= saveInterval)
	if err != nil || !due {
		s.ended(m, "encoding", err, now)
		return
	}
	if m.opts.Store != nil {
		ctx, cancel := context.WithTimeout(ctx, storeTimeout)
		defer cancel()
		if err = m.opts.Store.SaveTold(ctx, data); err != nil {
			err = s.look(ctx, m, data, err)
		}
	}
	s.ended(m, "saving", err, now)
	if err != nil {
		return
	}
	s.last, s.known, s.tried = now, data, nil
	m.mu.Lock()
	defer m.mu.Unlock()
	m.saved = max(m.saved, until)
	m.release()
}

// look asks the store what it has after a save that failed: the save may have worked without an answer.
//
//	what it has                    then
//	what was to be saved           the save worked
//	what it had before             nothing has changed: the save is tried again
//	what an earlier try saved      the same
//	anything else                  another leader has saved: that is what was told
func (s *storing) look(ctx context.Context, m *Messenger, data []byte, failed error) error {
	has, err := m.opts.Store.LoadTold(ctx)
	switch {
	case err != nil:
		s.tried = data
	case bytes.Equal(has, data):
		return nil
	case bytes.Equal(has, s.known):
		s.tried = data
	case s.tried != nil && bytes.Equal(has, s.tried):
		s.known, s.tried = has, data
	default:
		m.forget()
	}
	return failed
}

// encoded is what to save now; until is the number below which its messages are.
func (m *Messenger) encoded(anyChange bool) (data []byte, until uint64, due bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.teller == nil || m.outbox.Next == m.saved && (!m.changed || !anyChange) {
		return nil, 0, false, nil
	}
	if m.opts.Store == nil {
		m.changed = false
		return nil, m.outbox.Next, true, nil
	}
	data, dropped, err := messages.Encode(m.teller.Told(), &m.outbox)
	m.dropped(dropped, "too much to save")
	m.changed = err != nil
	return data, m.outbox.Next, true, err
}

// release lets the senders look again. The caller holds mu.
func (m *Messenger) release() {
	close(m.more)
	m.more = make(chan struct{})
}
