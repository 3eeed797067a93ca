package kafka

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
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

// all returns what happened so far, in the order in which it was told.
func (s *stream) all() []Event {
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
