package webhook

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/lagscaler/lagscaler/internal/messages"
)

// senders are the goroutines that send, one a receiver.
type senders struct {
	ctx       context.Context
	messenger *Messenger
	wg        sync.WaitGroup
	running   map[string]running
}

type running struct {
	receiver Receiver
	cancel   context.CancelFunc
	ended    chan struct{}
}

func newSenders(ctx context.Context, m *Messenger) *senders {
	return &senders{ctx: ctx, messenger: m, running: map[string]running{}}
}

// reconcile starts what is new, ends what is gone, and does not touch the others. One that has changed ends before it begins anew.
func (s *senders) reconcile(receivers []Receiver) {
	wanted := map[string]Receiver{}
	for _, r := range receivers {
		wanted[r.Name] = r
	}
	for name, one := range s.running {
		if now, ok := wanted[name]; !ok || !now.same(one.receiver) {
			one.cancel()
			<-one.ended
			one.receiver.Client.CloseIdleConnections()
			delete(s.running, name)
		}
	}
	for name, r := range wanted {
		if _, ok := s.running[name]; ok {
			continue
		}
		ctx, cancel := context.WithCancel(s.ctx)
		one := running{r, cancel, make(chan struct{})}
		s.running[name] = one
		s.wg.Go(func() { defer close(one.ended); s.messenger.send(ctx, &r) })
	}
}

// same reports whether two receivers are the same.
func (r Receiver) same(o Receiver) bool {
	client := r.Client == o.Client
	r.Client, o.Client = nil, nil
	return client && reflect.DeepEqual(r, o)
}

func (s *senders) stop() {
	for _, one := range s.running {
		one.cancel()
	}
	s.wg.Wait()
}

// The times between two attempts: 1 s, 2 s, 4 s, … 5 min, each up to a half more or less, so that replicas and receivers do not meet.
const (
	firstWait = time.Second
	longest   = 5 * time.Minute
)

// send sends to a receiver until ctx ends.
func (m *Messenger) send(ctx context.Context, r *Receiver) {
	wait := &backoff.ExponentialBackOff{InitialInterval: firstWait, RandomizationFactor: 0.5, Multiplier: 2, MaxInterval: longest}
	wait.Reset()
	single, failing := 0, false // so many are sent one by one
	for {
		items, err := m.next(ctx, r.Name)
		if err != nil {
			return
		}
		if single > 0 {
			items = items[:1]
		}
		now := time.Now()
		n, err := r.post(ctx, m.opts.Source, items, now)
		if ctx.Err() != nil {
			return // whether it arrived is not known: it is sent again, with the same ids
		}
		pause := time.Duration(0)
		switch {
		case err == nil:
			m.done(r.Name, items[:n], false)
			if failing {
				m.opts.Log.Info("messages are sent again", "receiver", r.Name)
			}
			single, failing = max(0, single-n), false
			wait.Reset()
			if r.Text {
				pause = textGap
			}
		case refused(err) && n > 1:
			single = n
			pause = firstWait
		case refused(err):
			m.done(r.Name, items[:n], true)
			m.opts.Log.Warn("a message is given up: its receiver refuses it", "receiver", r.Name, "id", items[0].ID, "kind", items[0].Data.Kind, "err", err)
			single = max(0, single-1)
			pause = firstWait
		default:
			m.failed(r.Name)
			if !failing {
				m.opts.Log.Warn("messages could not be sent; they are sent again", "receiver", r.Name, "err", err)
			}
			failing = true
			pause = wait.NextBackOff()
			if a := asked(err); a > 0 {
				pause = a
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// asked is how long the receiver asks to wait; 0: it does not.
func asked(err error) time.Duration {
	var a answered
	if errors.As(err, &a) {
		return a.after
	}
	return 0
}

// next waits for messages that are saved, while this replica leads.
func (m *Messenger) next(ctx context.Context, receiver string) ([]messages.Item, error) {
	for {
		m.mu.Lock()
		items, more := m.outbox.For(receiver, m.saved, batchSize), m.more
		m.mu.Unlock()
		if len(items) > 0 && m.opts.Leading() {
			return items, nil
		}
		var again <-chan time.Time // whether it leads again
		if len(items) > 0 {
			again = time.After(lookInterval)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-more:
		case <-again:
		}
	}
}

// done notes that messages were sent, or are refused.
func (m *Messenger) done(receiver string, items []messages.Item, refused bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if refused {
		m.count(receiver).Refused += uint64(len(items))
	} else {
		m.count(receiver).Sent += uint64(len(items))
	}
	m.outbox.Done(receiver, items)
	m.changed = true
}

func (m *Messenger) failed(receiver string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.count(receiver).Failed++
}
