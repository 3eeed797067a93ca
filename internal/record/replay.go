package record

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
)

// Replay decides recordings again. The zero value uses the policies that were recorded. Files of one run, read in the
// order in which they were written, continue each other.
type Replay struct {
	Policy func(in *scaler.Input) // puts another policy in; nil: the recorded one
	Report func(Compared)         // each decision that was recorded, in order

	Polls  int // read so far
	states map[string]*state
}

// Compared is a decision then and now.
type Compared struct {
	Scaler    string
	Then, Now Decision
	Warming   bool // the replay does not know yet what the daemon knew: a difference says nothing
}

// Differs reports whether the answer or a reason for it is another. Numbers in the lines may still differ.
func (c Compared) Differs() bool {
	return c.Then.Current != c.Now.Current || c.Then.Desired != c.Now.Desired || c.Then.Verdict != c.Now.Verdict ||
		!slices.Equal(c.Then.Steps, c.Now.Steps) || !slices.Equal(c.Then.Notes, c.Now.Notes)
}

// state is a scaler in a replay.
type state struct {
	memory scaler.Memory
	at     time.Time // of the last poll
	warm   time.Time // no difference counts before
	wait   bool      // until a decision was recorded, so that polls and decisions keep step
}

// warmUp is how long it takes to know what a daemon knew that was cut off: the longest window of any preset, and what
// has to be seen before a capacity is learned.
const warmUp = 20 * time.Minute

// ErrNotRecording is wrapped by the error of a file that is no recording.
var ErrNotRecording = errors.New("not a recording")

// Read replays one file. A file whose end is missing, because it is still written or its writer died, is read as far
// as it goes.
func (r *Replay) Read(name string, file io.Reader) error {
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		return fmt.Errorf("%s: %w: %w", name, ErrNotRecording, err)
	}
	if r.states == nil {
		r.states = map[string]*state{}
	}
	lines := json.NewDecoder(bufio.NewReaderSize(unzipped, 1<<16))
	var h Header
	switch err := lines.Decode(&h); {
	case err != nil:
		return fmt.Errorf("%s: line 1: %w: %w", name, ErrNotRecording, err)
	case h.Version != Version:
		return fmt.Errorf("%s: line 1: %w: version %d, want %d", name, ErrNotRecording, h.Version, Version)
	}
	for n := 2; ; n++ {
		var l line
		err := lines.Decode(&l)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil
		}
		if err == nil {
			err = r.take(l)
		}
		if err != nil {
			return fmt.Errorf("%s: line %d: %w", name, n, err)
		}
	}
}

func (r *Replay) take(l line) error {
	switch {
	case l.Memory != nil:
		r.begin(l)
		return nil
	case l.Poll == nil:
		return fmt.Errorf("%w: neither a memory nor a poll", ErrNotRecording)
	case r.states[l.Scaler] == nil:
		return fmt.Errorf("%w: a poll of %s before its memory", ErrNotRecording, l.Scaler)
	}
	in, err := l.Poll.input()
	if err != nil {
		return err
	}
	r.Polls++
	r.decide(r.states[l.Scaler], in, l)
	return nil
}

// begin takes what a scaler knew.
func (r *Replay) begin(l line) {
	s := r.states[l.Scaler]
	switch {
	case l.Start == Continues && s != nil && s.at.Equal(l.After):
		s.memory = l.Memory.Resume(s.memory)
	case l.Start == Fresh:
		r.states[l.Scaler] = &state{memory: *l.Memory}
	default:
		r.states[l.Scaler] = &state{memory: *l.Memory, wait: true}
	}
}

func (r *Replay) decide(s *state, in scaler.Input, l line) {
	s.at = in.Now
	if s.wait {
		if l.Decision == nil {
			return
		}
		s.wait, s.warm = false, in.Now.Add(warmUp)
	}
	if r.Policy != nil {
		r.Policy(&in)
	}
	in.Memory = s.memory
	d, memory := scaler.Evaluate(in)
	s.memory = memory
	if l.Decision != nil && r.Report != nil {
		r.Report(Compared{Scaler: l.Scaler, Then: *l.Decision, Now: decisionOf(d), Warming: in.Now.Before(s.warm)})
	}
}
