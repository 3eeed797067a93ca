package tape

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/lagscaler/lagscaler/lag/kafkasource"
)

// Options say how to record.
type Options struct {
	Polls     int
	Every     time.Duration // between two polls
	Names     bool          // keep the names
	Lagscaler string        // the version of the program
	Provider  string        // for people, such as "MSK Serverless"
}

// mostRecorded are the bytes of answers that a recording keeps in memory.
const mostRecorded = 128 << 20

var errTooMuch = errors.New("the answers of the brokers are more than 128 MiB: record fewer groups, with groups and topics of the cluster, or fewer polls")

// Record polls a cluster and keeps what its brokers answer. Batch headers are not looked at: they come with records.
func Record(ctx context.Context, cfg kafkasource.Config, o Options) (*Tape, error) {
	t := &Tape{Header: Header{Exchanges: Format, Lagscaler: o.Lagscaler, Provider: o.Provider, Names: o.Names}}
	var mu sync.Mutex
	var size, poll int
	cfg.Headers = nil
	cfg.Tap = func(e kafkasource.Exchange) {
		mu.Lock()
		defer mu.Unlock()
		if size += len(e.Request) + len(e.Response); size <= mostRecorded {
			t.note(poll, e)
		}
	}
	s, err := kafkasource.New(cfg)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	for n := range o.Polls {
		if n > 0 {
			if err := wait(ctx, o.Every); err != nil {
				return nil, err
			}
		}
		observed := s.Observe(ctx)
		mu.Lock()
		t.Polls = append(t.Polls, PollOf(observed))
		poll++
		mu.Unlock()
	}
	mu.Lock()
	defer mu.Unlock()
	if size > mostRecorded {
		return nil, errTooMuch
	}
	if o.Names {
		return t, nil
	}
	return t, t.scrub(cfg)
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
