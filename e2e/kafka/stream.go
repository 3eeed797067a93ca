package kafka

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"
	"time"
)

// patience is how long a test waits for something to happen. It is for broken
// runs only: what is waited for takes a few seconds on a busy machine.
const patience = time.Minute

// stream collects the events that a Java client prints.
type stream struct {
	mu      sync.Mutex
	events  []Event
	err     error         // what ended it, io.EOF included
	changed chan struct{} // closed and replaced at each change
}

func newStream() *stream { return &stream{changed: make(chan struct{})} }

// read takes lines until the client ends; parse tells an event from noise.
func (s *stream) read(r io.Reader, parse func([]byte) (Event, bool, error)) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		e, ok, err := parse(lines.Bytes())
		if err != nil {
			s.end(err)
			break
		}
		if ok {
			s.add(e)
		}
	}
	err := lines.Err()
	if err == nil {
		err = io.EOF
	}
	s.end(err)
	// The client must not block on a full pipe when a line could not be read.
	_, _ = io.Copy(io.Discard, r)
}

func (s *stream) add(e Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, e)
	close(s.changed)
	s.changed = make(chan struct{})
}

// end notes why there will be no more events; the first reason stays.
func (s *stream) end(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
	}
	close(s.changed)
	s.changed = make(chan struct{})
}

// Events returns what happened so far, in the order in which it was told.
func (s *stream) Events() []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.events)
}

// await returns once ok is true of the events so far.
func (s *stream) await(ctx context.Context, ok func([]Event) bool) error {
	for {
		s.mu.Lock()
		events, err, changed := s.events, s.err, s.changed
		s.mu.Unlock()
		if ok(events) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("the Java client has ended: %w", err)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// awaitFor is await for a test, which it ends when what is waited for does not come.
func (s *stream) awaitFor(t testing.TB, what string, ok func([]Event) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := s.await(ctx, ok); err != nil {
		events := s.Events()
		t.Fatalf("waiting for %s: %v; the last of %d events: %+v",
			what, err, len(events), events[max(0, len(events)-5):])
	}
}

// Wait returns the first event for which match is true, which may be one of the past.
func (s *stream) wait(t testing.TB, what string, match func(Event) bool) Event {
	t.Helper()
	var found Event
	seen := 0
	s.awaitFor(t, what, func(events []Event) bool {
		for ; seen < len(events); seen++ {
			if match(events[seen]) {
				found = events[seen]
				return true
			}
		}
		return false
	})
	return found
}
