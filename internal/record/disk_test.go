package record

import (
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/lagscaler/lagscaler/internal/engine"
)

var errFull = errors.New("no space left on device")

// disk has room for a number of bytes; a test changes it.
type disk struct{ room int }

func (d *disk) create(path string) (io.WriteCloser, error) {
	f, err := create(path)
	return file{f, d}, err
}

type file struct {
	io.WriteCloser
	disk *disk
}

func (f file) Write(p []byte) (int, error) {
	if len(p) > f.disk.room {
		return 0, errFull
	}
	f.disk.room -= len(p)
	return f.WriteCloser.Write(p)
}

// A full disk is tried again every minute, for hours. However little the disk accepts each time, the full files from before
// stay, and so does the last file that recorded for long.
func TestAFullDiskKeepsGoodRecordings(t *testing.T) {
	const maxBytes, long = 20_000, 4_000 // of a file; of the recording when the disk is full
	for _, tt := range []struct {
		name  string
		freed int // every minute; the header and a poll with its memory need about 700 bytes
		want  int // names with a file: the good files, and one short file that the disk accepted
	}{
		{"it accepts nothing", 0, 3},
		{"it accepts the header", 60, 3},
		{"it accepts a poll a minute", 1_000, 4},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "polls")
			good := map[string]string{path + ".1": "before", path + ".2": "long before"}
			for name, text := range good {
				if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			d := &disk{room: long}
			w := newWriter(Options{Path: path, MaxBytes: maxBytes, Keep: 4, Log: slog.New(slog.DiscardHandler)})
			w.create = d.create
			for second := 0; second < 3*3600; second += 10 {
				if w.failing && second%60 == 0 {
					d.room = tt.freed
				}
				w.record(entry{scaler: "a", in: input(second)}, true)
			}
			kept, files := map[string]bool{}, 0
			for i := range 6 {
				if text, err := os.ReadFile(rotatedPath(path, i)); err == nil {
					files++
					kept[string(text)] = true
					kept["this"] = kept["this"] || len(text) > long/2
				}
			}
			if files != tt.want || !kept["before"] || !kept["long before"] || !kept["this"] {
				t.Errorf("%d files, want %d; kept the full files %v and %v, and the one of this process %v",
					files, tt.want, kept["before"], kept["long before"], kept["this"])
			}
			if _, err := os.Stat(w.temporaryPath()); err == nil && w.file == nil {
				t.Error("a file without a poll is left")
			}
		})
	}
}

// A retry that then recorded for long is worth its rotation.
func TestARecordingAfterAFailureIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "polls")
	d := &disk{}
	w := newWriter(Options{Path: path, MaxBytes: 10_000, Keep: 3, Log: slog.New(slog.DiscardHandler)})
	w.create = d.create
	const recordings = 3
	second := 0
	for range recordings {
		d.room, second = 3_000, second+60
		for w.record(entry{scaler: "a", in: input(second)}, true); !w.failing; second += 10 { // until the disk is full
			w.record(entry{scaler: "a", in: input(second)}, true)
		}
	}
	for i := range recordings {
		if s, err := os.Stat(rotatedPath(path, i)); err != nil || s.Size() < 2_000 {
			t.Errorf("recording %d of %d is not kept: %v", i, recordings, err)
		}
	}
}

// Facts that a full disk does not take are counted: what a replay makes of the recording says how many are missing.
func TestFactsThatAreLostAreCounted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "polls")
	d := &disk{room: 1 << 20}
	w := newWriter(Options{Path: path, MaxBytes: 1 << 30, Keep: 3, Log: slog.New(slog.DiscardHandler)})
	w.create = d.create
	note := func(second int, mode string, flush bool) {
		f := engine.Fact{At: input(second).Now, InForce: &engine.InForce{Scaler: "a", Mode: mode}}
		w.record(entry{fact: &f}, flush)
	}
	note(0, "observe", true)
	note(10, "advise", false) // waits in memory when the disk is full
	d.room = 0
	note(20, "act", true)
	note(30, "observe", true) // too early for a retry
	d.room = 1 << 20
	note(90, "act", true)
	note(100, "advise", true)
	if err := w.closeFile(); err != nil {
		t.Fatal(err)
	}
	var modes []string
	r := Replay{Deed: func(d engine.Deed, _, _ string) {
		if d.Kind == engine.DeedMode {
			modes = append(modes, d.Before+">"+d.After)
		}
	}}
	for i := 1; i >= 0; i-- {
		f, err := os.Open(rotatedPath(path, i))
		if err != nil {
			t.Fatal(err)
		}
		err = r.Read("polls", f)
		_ = f.Close() // only read
		if err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{">observe", "observe>act", "act>advise"}; !slices.Equal(modes, want) || r.Lost != 3 || r.Facts != 3 {
		t.Errorf("deeds %v, want %v; %d facts, %d lost, want 3 and 3", modes, want, r.Facts, r.Lost)
	}
}
