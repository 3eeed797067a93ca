package record

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/asleep"
	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/seen"
	"github.com/lagscaler/lagscaler/scaler/sim"
)

// anyInput generates an Input with any value in every field of a poll. Times have nanoseconds; empty lists are nil.
func anyInput() *rapid.Generator[scaler.Input] {
	at := rapid.Custom(func(t *rapid.T) any {
		if rapid.Bool().Draw(t, "unset") {
			return time.Time{}
		}
		return time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "s"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns")).UTC()
	})
	windows := rapid.Custom(func(t *rapid.T) any {
		if rapid.Bool().Draw(t, "none") {
			return []scaler.Window(nil)
		}
		spec := scaler.WindowSpec{Start: "0 8 * * 1-5", End: "0 18 * * *", MinReplicas: rapid.Int32Range(1, 9).Draw(t, "least")}
		w, err := spec.Parse()
		if err != nil {
			t.Fatal(err)
		}
		return []scaler.Window{w}
	})
	list := func(draw func(*rapid.T) any) *rapid.Generator[any] { return rapid.Custom(draw) }
	return rapid.MakeCustom[scaler.Input](rapid.MakeConfig{
		Types: map[reflect.Type]*rapid.Generator[any]{
			reflect.TypeFor[time.Time]():       at,
			reflect.TypeFor[[]scaler.Window](): windows,
			reflect.TypeFor[scaler.Memory]():   rapid.Just[any](scaler.Memory{}),
			reflect.TypeFor[[]string](): list(func(t *rapid.T) any {
				return orNil(rapid.SliceOfN(rapid.StringN(0, 8, 20), 0, 3).Draw(t, "texts"))
			}),
			reflect.TypeFor[[]lag.TopicRead](): list(func(t *rapid.T) any {
				return orNil(rapid.SliceOfN(rapid.Make[lag.TopicRead](), 0, 2).Draw(t, "topics"))
			}),
			reflect.TypeFor[[]lag.RecordTimes](): list(func(t *rapid.T) any {
				one := rapid.Custom(func(t *rapid.T) lag.RecordTimes {
					at, _ := at.Draw(t, "at").(time.Time)
					return lag.RecordTimes{Topic: "orders", ID: rapid.StringN(0, 8, 20).Draw(t, "id"), Agreed: rapid.Int().Draw(t, "agreed"), Since: at, At: at}
				})
				return orNil(rapid.SliceOfN(one, 0, 2).Draw(t, "times"))
			}),
			reflect.TypeFor[[]asleep.Mark](): list(func(t *rapid.T) any {
				return orNil(rapid.SliceOfN(rapid.Make[asleep.Mark](), 0, 2).Draw(t, "marks"))
			}),
			reflect.TypeFor[[]scaler.Brake](): list(func(t *rapid.T) any {
				return orNil(rapid.SliceOfN(rapid.Make[scaler.Brake](), 0, 2).Draw(t, "brakes"))
			}),
			reflect.TypeFor[[]int32](): list(func(t *rapid.T) any {
				return orNil(rapid.SliceOfN(rapid.Int32(), 0, 3).Draw(t, "numbers"))
			}),
		},
	})
}

func orNil[T any](list []T) []T {
	if len(list) == 0 {
		return nil
	}
	return list
}

// A recorded Input equals the original after reading.
func TestInputRoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput().Draw(t, "input")
		if len(in.Sources) == 0 {
			in.Sources = nil
		}
		text, err := json.Marshal(pollOf(in))
		if err != nil {
			t.Fatal(err)
		}
		var p poll
		if err := json.Unmarshal(text, &p); err != nil {
			t.Fatal(err)
		}
		back, err := p.input()
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(in, back) {
			t.Fatalf("saw\n%+v\nread\n%+v\nfrom %s", in, back, text)
		}
	})
}

// daemon is a policy for the simulator that records its polls as the engine does.
type daemon struct {
	policy scaler.Policy
	memory scaler.Memory
	record func(string, scaler.Input, scaler.Result)
	poll   func(*daemon, int) // before each poll
	polls  int
}

func (d *daemon) Name() string { return "daemon" }
func (d *daemon) Every() int32 { return 10 }

func (d *daemon) Decide(v *sim.View) (int32, string) {
	if d.poll != nil {
		d.poll(d, d.polls)
	}
	d.polls++
	in := scaler.Input{
		Now: v.Now, Policy: d.policy, Memory: d.memory, Workload: v.Workload,
		Sources: []seen.Source{{
			SourceSpec: seen.SourceSpec{Cluster: "sim", Group: "sim", ProcessingTime: 10 * time.Millisecond},
			Lag:        v.Lag, Rebalance: v.Rebalance,
		}},
	}
	result := scaler.Evaluate(in)
	d.record("shop/orders", in, result)
	d.memory = result.Memory
	if c, ok := result.Change(); ok {
		return c.To, ""
	}
	return v.Workload.Spec, ""
}

// restless is two hours of traffic that changes every minute, so that a policy makes many changes.
func restless() sim.Trace {
	t := sim.Trace{Name: "restless", Step: time.Minute}
	for i := range 120 {
		t.Counts = append(t.Counts, float64(10+(i*37)%50+(i/30)*40))
	}
	return t
}

// recorded runs a daemon through the simulator and returns its files, the oldest first.
func recorded(t testing.TB, maxBytes int64, poll func(*daemon, int)) []string {
	t.Helper()
	policy, err := scaler.Spec{Sources: []seen.SourceSpec{{Cluster: "sim", Group: "sim"}}}.Policy()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "polls.jsonl.gz")
	w := newWriter(Options{Path: path, MaxBytes: maxBytes, Keep: 50, Log: slog.New(slog.DiscardHandler)})
	d := &daemon{policy: policy, poll: poll, record: func(name string, in scaler.Input, result scaler.Result) {
		w.record(entry{scaler: name, in: in, result: result}, true)
	}}
	sim.Simulate(restless(), sim.World{Partitions: 12, Seed: 1}, d)
	if err := w.closeFile(); err != nil {
		t.Fatal(err)
	}
	files := []string{path}
	for i := 1; ; i++ {
		if _, err := os.Stat(rotatedPath(path, i)); err != nil {
			return files
		}
		files = append([]string{rotatedPath(path, i)}, files...)
	}
}

// replay reads files one after another.
func replay(t *testing.T, r *Replay, files ...string) (decisions, warming int, different []Compared) {
	t.Helper()
	r.Report = func(c Compared) {
		decisions++
		switch {
		case c.Warming:
			warming++
		case c.Differs() || c.Then.Line != c.Now.Line:
			different = append(different, c)
		}
	}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		err = r.Read(name, f)
		_ = f.Close() // read only
		if err != nil {
			t.Fatal(err)
		}
	}
	return decisions, warming, different
}

// A replay with the same policy gives identical decision lines: from one file, from several files, and after another
// process was the leader for some time and saved its memory.
func TestReplayIsExact(t *testing.T) {
	lead := func(d *daemon, polls int) {
		if polls != 300 {
			return
		}
		saved, err := d.memory.Save()
		if err != nil {
			t.Fatal(err)
		}
		loaded, err := scaler.LoadMemory(saved)
		if err != nil {
			t.Fatal(err)
		}
		loaded.Sources[0].PerConsumer *= 0.9
		d.memory = loaded.Resume(d.memory)
	}
	for name, c := range map[string]struct {
		maxBytes int64
		poll     func(*daemon, int)
		files    int
	}{"one file": {1 << 30, nil, 1}, "several": {20_000, nil, 3}, "a new leader": {1 << 30, lead, 1}} {
		t.Run(name, func(t *testing.T) {
			files := recorded(t, c.maxBytes, c.poll)
			if len(files) < c.files {
				t.Fatalf("%d files", len(files))
			}
			decisions, warming, different := replay(t, &Replay{}, files...)
			if decisions < 240 || warming > 0 || len(different) > 0 {
				t.Errorf("%d decisions, %d warming up, differences: %+v", decisions, warming, different)
			}
		})
	}
}

// A single file of several warms up first; after that it decides the same. What it learned while it warmed up may differ a little,
// and with it the numbers of a line.
func TestReplayOfOneOfSeveral(t *testing.T) {
	for _, maxBytes := range []int64{40_000, 50_000, 60_000} { // other polls begin a file
		files := recorded(t, maxBytes, nil)
		last := files[len(files)-2]
		decisions, warming, different := replay(t, &Replay{}, last)
		different = slices.DeleteFunc(different, func(c Compared) bool { return !c.Differs() })
		if warming == 0 || warming == decisions || len(different) > 0 {
			t.Errorf("files of %d bytes: %d decisions, %d of them warming up, differences: %+v", maxBytes, decisions, warming, different)
		}
	}
}

// A replay with another policy reports different decisions.
func TestReplayOfAnotherPolicy(t *testing.T) {
	files := recorded(t, 1<<30, nil)
	_, _, different := replay(t, &Replay{Policy: func(in *scaler.Input) { in.Policy.MaxReplicas = 3 }}, files...)
	if len(different) == 0 {
		t.Error("no difference with at most 3 replicas")
	}
	for _, c := range different {
		if c.Differs() && c.Now.Desired > 3 {
			t.Errorf("%d replicas: %s", c.Now.Desired, c.Now.Line)
		}
	}
}

// A truncated file is read up to its end. A file that is not a recording is refused with the number of the line.
func TestReadBrokenFiles(t *testing.T) {
	whole, err := os.ReadFile(recorded(t, 1<<30, nil)[0])
	if err != nil {
		t.Fatal(err)
	}
	var r Replay
	if err := r.Read("cut", bytes.NewReader(whole[:len(whole)/2])); err != nil || r.Polls < 100 {
		t.Errorf("%d polls, %v", r.Polls, err)
	}
	zipped := func(text string) []byte {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		if _, err := io.WriteString(z, text); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	for _, c := range []struct {
		name, want string
		file       []byte
	}{
		{"empty", "not a recording", nil},
		{"text", "not a recording", []byte("t_s,count\n0,1\n")},
		{"other JSON", "line 1: not a recording", zipped(`{"a":1}`)},
		{"of the future", "version 9, want 1", zipped(`{"version":9}`)},
		{"no memory", "line 2: not a recording: a poll of a before", zipped(`{"version":1}` + "\n" + `{"scaler":"a","poll":{}}`)},
		{"neither", "line 2: not a recording: the line has neither", zipped(`{"version":1}` + "\n" + `{"scaler":"a"}`)},
		{"not JSON", "line 2: invalid character", zipped(`{"version":1}` + "\nx")},
	} {
		if err := (&Replay{}).Read("f", bytes.NewReader(c.file)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

// known is a memory that has learned nothing yet.
var known = scaler.Memory{Memory: learn.Memory{Version: 1}}

func input(second int) scaler.Input {
	at := time.Unix(1_800_000_000+int64(second), 0).UTC()
	g := &lag.GroupLag{ReadAt: at}
	return scaler.Input{Now: at, Sources: []seen.Source{{Lag: g}}, Memory: known}
}

// With a slow disk, polls that do not fit into the queue are dropped, counted and logged, and leave a gap in the recording.
func TestSlowDisk(t *testing.T) {
	var log bytes.Buffer
	path := filepath.Join(t.TempDir(), "polls")
	r := New(Options{Path: path, MaxBytes: 1 << 30, Keep: 1, Log: slog.New(slog.NewTextHandler(&log, nil))})
	for i := range queueSize + 7 { // Run has not started: the queue fills up
		r.Record("a", input(10*i), scaler.Result{Memory: known})
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if err := r.Run(ended); err != nil {
		t.Fatal(err)
	}
	r.Record("a", input(9000), scaler.Result{Memory: known})
	if err := r.Run(ended); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "polls=7") {
		t.Errorf("log: %s", log.String())
	}
	if text := unzip(t, path); strings.Count(text, `"poll"`) != 1 || !strings.Contains(text, `"start":"cut"`) {
		t.Errorf("recorded %s", text)
	}
	if text := unzip(t, path+".1"); strings.Count(text, `"poll"`) != queueSize || !strings.Contains(text, `"start":"fresh"`) {
		t.Errorf("recorded before: %d polls", strings.Count(text, `"poll"`))
	}
}

// A disk failure is logged once; the next attempt is a minute later, and the polls after it start with Cut.
func TestFailingDisk(t *testing.T) {
	var log bytes.Buffer
	dir := filepath.Join(t.TempDir(), "later")
	w := newWriter(Options{Path: filepath.Join(dir, "polls"), MaxBytes: 1 << 30, Keep: 2, Log: slog.New(slog.NewTextHandler(&log, nil))})
	take := func(second int) { w.record(entry{scaler: "a", in: input(second)}, true) }
	take(0)
	take(70)
	if n := strings.Count(log.String(), "recording failed"); n != 1 {
		t.Errorf("logged %d times: %s", n, log.String())
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	take(100) // too early
	take(140)
	take(150)
	if err := w.closeFile(); err != nil {
		t.Fatal(err)
	}
	if text := unzip(t, w.opts.Path); strings.Count(text, `"poll"`) != 2 || !strings.Contains(text, `"start":"cut"`) {
		t.Errorf("recorded %s", text)
	}
}

// Only the newest full files are kept.
func TestRotation(t *testing.T) {
	path := filepath.Join(t.TempDir(), "polls")
	w := newWriter(Options{Path: path, MaxBytes: 1, Keep: 2, Log: slog.New(slog.DiscardHandler)})
	for i := range 5 {
		w.record(entry{scaler: "a", in: input(10 * i)}, true)
	}
	if err := w.closeFile(); err != nil {
		t.Fatal(err)
	}
	for i, second := range []int{40, 30, 20} {
		if text := unzip(t, rotatedPath(path, i)); !strings.Contains(text, input(second).Now.Format(time.RFC3339)) {
			t.Errorf("%s does not hold second %d: %s", rotatedPath(path, i), second, text)
		}
	}
	if _, err := os.Stat(path + ".3"); err == nil {
		t.Error("a third old file is kept")
	}
}

func unzip(t *testing.T, path string) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Whatever a recording says, it is replayed or refused with its line, and no decision leaves the limits of its policy.
func FuzzReplay(f *testing.F) {
	for _, file := range []string{"testdata/first-version.jsonl.gz", recorded(f, 1<<30, nil)[0]} {
		f.Add(firstLines(f, file, 12))
	}
	f.Fuzz(func(t *testing.T, lines []byte) {
		var zipped bytes.Buffer
		w := gzip.NewWriter(&zipped)
		if _, err := w.Write(lines); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		r := Replay{Report: func(c Compared) {
			if c.Now.Desired < 0 || c.Now.Line == "" {
				t.Errorf("decided %+v", c.Now)
			}
		}}
		if err := r.Read("fuzz", &zipped); err != nil && !strings.Contains(err.Error(), "line ") {
			t.Errorf("names no line: %v", err)
		}
	})
}

// firstLines are lines of a recording, without compression.
func firstLines(tb testing.TB, file string, n int) []byte {
	tb.Helper()
	f, err := os.Open(file)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close() // read only
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		tb.Fatal(err)
	}
	all, err := io.ReadAll(unzipped)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		tb.Fatal(err)
	}
	lines := slices.Collect(bytes.Lines(all))
	return bytes.Join(lines[:min(n, len(lines))], nil)
}
