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

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/scaler"
)

// Replay evaluates recorded polls again. The zero value uses the recorded policies. Read the files of one run in the order
// in which they were written: a later file then continues with the memory of the earlier one.
type Replay struct {
	Policy func(in *scaler.Input) // replaces the policy of an input; nil: the recorded policy is used
	Report func(Compared)         // called for every recorded decision, in order

	// Together evaluates the polls that the engine took in at the same time, in their order; nil: each is evaluated alone. Call
	// Flush after the last file.
	Together func([]Poll) []scaler.Result

	// Learns: where the recording goes on with what the scaler had learned, the replay goes on with what it has learned itself.
	Learns bool

	// Deed is called for every deed of the audit trail that follows from the recording: by is the replica that did it, and
	// configuration the one that was in force.
	Deed func(d engine.Deed, by, configuration string)

	Polls   int // number of polls read
	Facts   int // of the audit trail; 0: the recording has none, older ones do not
	Lost    int // facts that the recording does not have
	scalers map[string]*replayed
	batch   []waiting
	trail   trail
}

// Poll is what a scaler saw at one poll.
type Poll struct {
	Scaler string
	Labels map[string]string // of the scaler, if the recording says them
	In     scaler.Input
	Fresh  bool // the recording has a decision of this poll
}

// waiting is a poll that was read, and is not evaluated yet.
type waiting struct {
	of   *replayed
	poll Poll
	then *Decision
}

// Compared is a recorded decision (Then) and the decision of the replay on the same input (Now).
type Compared struct {
	Scaler    string
	Then, Now Decision
	Warming   bool // the replay does not have all readings that the daemon had: a difference has no meaning
}

// Differs reports whether the replicas, the verdict, a step or a note differ. It ignores the numbers in the line.
func (c Compared) Differs() bool {
	return c.Then.Current != c.Now.Current || c.Then.Desired != c.Now.Desired || c.Then.Verdict != c.Now.Verdict ||
		!slices.Equal(c.Then.Steps, c.Now.Steps) || !slices.Equal(c.Then.Notes, c.Now.Notes)
}

// replayed is the state of one scaler in a replay.
type replayed struct {
	memory       scaler.Memory
	lastPoll     time.Time
	warmAt       time.Time // differences before this time have no meaning
	needDecision bool      // skip polls up to the next recorded decision, so that the replay decides at the same polls
	last         scaler.Decision
}

// warmUp is the time after which a replay has the same readings as the daemon, if polls are missing before it. It covers
// the longest stabilization window of a preset and the time until a capacity is learned.
const warmUp = 20 * time.Minute

// ErrNotRecording is wrapped by the error for a file that is not a recording.
var ErrNotRecording = errors.New("not a recording")

// Read replays one file. The end of the file may be missing, because the daemon is still writing it or has crashed:
// Read then stops there without an error.
func (r *Replay) Read(name string, file io.Reader) error { return Read(name, file, r) }

// Read is [Replay.Read] of several replays, which reads the file once.
func Read(name string, file io.Reader, replays ...*Replay) error {
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		return fmt.Errorf("%s: %w: %w", name, ErrNotRecording, err)
	}
	lines := json.NewDecoder(bufio.NewReaderSize(unzipped, 1<<16))
	var h Header
	switch err := lines.Decode(&h); {
	case err != nil:
		return fmt.Errorf("%s: line 1: %w: %w", name, ErrNotRecording, err)
	case h.Version != Version:
		return fmt.Errorf("%s: line 1: %w: version %d, want %d", name, ErrNotRecording, h.Version, Version)
	}
	for _, r := range replays {
		r.trail.begin(&h, r.Deed)
	}
	for n := 2; ; n++ {
		var l line
		err := lines.Decode(&l)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil
		}
		for _, r := range replays {
			if err == nil {
				err = r.replay(l)
			}
		}
		if err != nil {
			return fmt.Errorf("%s: line %d: %w", name, n, err)
		}
	}
}

func (r *Replay) replay(l line) error {
	if r.scalers == nil {
		r.scalers = map[string]*replayed{}
	}
	r.Lost += l.Lost
	switch {
	case l.Fact != nil:
		r.Facts++
		r.Flush()
		r.trail.take(&l, r.scalers)
		return nil
	case l.Known != nil:
		r.trail.knows(l.Known)
		return nil
	case l.Memory != nil:
		r.setMemory(l)
		return nil
	case l.Poll == nil:
		return fmt.Errorf("%w: the line has neither a memory nor a poll", ErrNotRecording)
	case r.scalers[l.Scaler] == nil:
		return fmt.Errorf("%w: a poll of %s before its memory", ErrNotRecording, l.Scaler)
	}
	in, err := l.Poll.input()
	if err != nil {
		return err
	}
	r.Polls++
	r.decide(r.scalers[l.Scaler], in, l)
	return nil
}

// setMemory gives a scaler the memory of a memory line, and keeps its readings if the line continues them.
func (r *Replay) setMemory(l line) {
	r.Flush()
	s := r.scalers[l.Scaler]
	switch {
	case l.Start == Continues && s != nil && s.lastPoll.Equal(l.After):
		if !r.Learns {
			s.memory = l.Memory.Resume(s.memory)
		}
	case l.Start == Fresh:
		r.scalers[l.Scaler] = &replayed{memory: *l.Memory}
	default:
		r.scalers[l.Scaler] = &replayed{memory: *l.Memory, needDecision: true}
	}
}

func (r *Replay) decide(s *replayed, in scaler.Input, l line) {
	s.lastPoll = in.Now
	if s.needDecision {
		if l.Decision == nil {
			return
		}
		s.needDecision, s.warmAt = false, in.Now.Add(warmUp)
	}
	if r.Policy != nil {
		r.Policy(&in)
	}
	if !r.fits(s, in.Now) {
		r.Flush()
	}
	in.Memory = s.memory
	if l.Decision != nil && in.Now.Before(s.warmAt) { // a replay that knows less may have made its early decision at another poll
		in.Memory = s.memory.Undecided()
	}
	r.batch = append(r.batch, waiting{of: s, poll: Poll{Scaler: l.Scaler, Labels: r.trail.labels[l.Scaler], In: in, Fresh: l.Decision != nil}, then: l.Decision})
	if r.Together == nil {
		r.Flush()
	}
}

// fits reports whether a poll of a scaler was taken in together with those that wait.
func (r *Replay) fits(s *replayed, now time.Time) bool {
	return !slices.ContainsFunc(r.batch, func(w waiting) bool { return w.of == s || !w.poll.In.Now.Equal(now) })
}

// Flush evaluates the polls that wait for others of the same time.
func (r *Replay) Flush() {
	if len(r.batch) == 0 {
		return
	}
	polls := make([]Poll, len(r.batch))
	for i := range r.batch {
		polls[i] = r.batch[i].poll
	}
	together := r.Together
	if together == nil {
		together = alone
	}
	for i, result := range together(polls) {
		w := &r.batch[i]
		w.of.memory, w.of.last = result.Memory, result.Decision
		if w.then != nil && r.Report != nil {
			r.Report(Compared{
				Scaler: w.poll.Scaler, Then: *w.then, Now: decisionOf(result.Decision), Warming: w.poll.In.Now.Before(w.of.warmAt),
			})
		}
	}
	r.batch = r.batch[:0]
}

// alone evaluates every poll for itself.
func alone(polls []Poll) []scaler.Result {
	results := make([]scaler.Result, len(polls))
	for i := range polls {
		results[i] = scaler.Evaluate(polls[i].In)
	}
	return results
}
