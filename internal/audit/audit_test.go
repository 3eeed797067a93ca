package audit

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/say"
)

// write writes deeds with a trail that then ends, and returns what it logs.
func write(t *testing.T, o Options, deeds ...engine.Deed) string {
	t.Helper()
	var log strings.Builder
	o.Log, o.By, o.Configuration = slog.New(slog.NewTextHandler(&log, nil)), "pod-1", func() string { return "0123456789ab" }
	trail := New(o)
	for _, d := range deeds {
		trail.Note(d)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := trail.Run(ctx); err != nil {
		t.Fatal(err)
	}
	return log.String()
}

func deed(scaler string) engine.Deed {
	return engine.Deed{At: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC), Kind: engine.DeedWrite, Scaler: scaler}
}

// What is written is read again, in the same order, after a restart too.
func TestTrail(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	one := deed("shop/orders")
	one.From, one.To, one.Reason, one.Outcome, one.Line = new(int32(4)), new(int32(8)), scaler.ScaleUp, scaler.Failed, "ScaleUp 4 -> 8: \"quoted\"\n"
	one.Error, one.Derivation = "forbidden", []say.Row{{Section: say.Measured, Name: "lag", Value: "7"}}
	one.Generation, one.DeclaredBy = 3, "argocd"
	two := engine.Deed{At: one.At, Kind: engine.DeedMode, Scaler: "shop/orders", Before: "advise", After: "act"}
	o := Options{Path: path, MaxMiB: 1, Keep: 2}
	write(t, o, one)
	if log := write(t, o, two); !strings.Contains(log, "before=advise after=act") {
		t.Errorf("a change of the mode is logged as %q", log)
	}
	var read []Entry
	file := open(t, path)
	if cut, err := Read(path, file, func(e Entry) error { read = append(read, e); return nil }); err != nil || cut > 0 {
		t.Fatal(cut, err)
	}
	want := []Entry{{one, "pod-1", "0123456789ab"}, {two, "pod-1", "0123456789ab"}}
	if !reflect.DeepEqual(read, want) {
		t.Errorf("read\n%+v, want\n%+v", read, want)
	}
}

func open(t *testing.T, path string) *os.File {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	return file
}

// A line that a full disk or a crash cut short does not take the next one with it.
func TestALineThatIsCutShort(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	o := Options{Path: path, MaxMiB: 1}
	write(t, o, deed("shop/a"))
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(text, text[:20]...), 0o600); err != nil {
		t.Fatal(err)
	}
	write(t, o, deed("shop/b"), deed("shop/c"))
	var read []string
	cut, err := Read(path, open(t, path), func(e Entry) error { read = append(read, e.Scaler); return nil })
	if want := []string{"shop/a", "shop/b", "shop/c"}; err != nil || cut != 1 || !reflect.DeepEqual(read, want) {
		t.Errorf("read %q and %d lines that were cut short, %v; want %q", read, cut, err, want)
	}
}

func TestRotation(t *testing.T) {
	dir := t.TempDir()
	long := deed("shop/orders")
	long.Line = strings.Repeat("x", 600<<10)
	for range 4 {
		write(t, Options{Path: filepath.Join(dir, "audit.jsonl"), MaxMiB: 1, Keep: 9}, long)
		for now := time.Now().UnixMilli(); time.Now().UnixMilli() == now; { // the names of older files are times in milliseconds
			runtime.Gosched()
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	if err != nil || len(files) != 4 {
		t.Errorf("%v, %v", files, err)
	}
}

// Neither a file that cannot be written nor a full queue stops what is done; both are said.
func TestTrouble(t *testing.T) {
	log := write(t, Options{Path: filepath.Join("/dev/null", "audit.jsonl"), MaxMiB: 1}, deed("shop/a"), deed("shop/b"))
	if strings.Count(log, "writing the audit trail failed") != 1 {
		t.Errorf("%q", log)
	}
	var many []engine.Deed
	for range waiting + 1 {
		many = append(many, deed("shop/a"))
	}
	if log := write(t, Options{Path: filepath.Join(t.TempDir(), "audit.jsonl"), MaxMiB: 1}, many...); strings.Count(log, "has lost an entry") != 1 {
		t.Errorf("%q", log)
	}
	if log := write(t, Options{}, many...); strings.Contains(log, "lost") {
		t.Errorf("without a file: %q", log)
	}
}

func TestReadWhatIsNoTrail(t *testing.T) {
	const line = `{"at":"2026-03-02T12:00:00Z","kind":"write"}` + "\n"
	for text, want := range map[string]struct {
		cut int
		err error
	}{
		"":                           {},
		line:                         {},
		line + "\n" + line:           {},
		line + `{"at":"2026-03-0`:    {1, nil}, // the program was killed
		`{"at":"20` + "\n" + line:    {1, nil}, // and the file was rotated then
		line + "hello\n" + line:      {1, nil},
		"hello":                      {1, ErrNotTrail},
		`{"lag":3}` + "\n":           {1, ErrNotTrail},
		strings.Repeat("x", maxLine): {},
	} {
		cut, err := Read("file", strings.NewReader(text), func(Entry) error { return nil })
		if len(text) == maxLine {
			if err == nil || !strings.Contains(err.Error(), "too long") {
				t.Errorf("a long line: %v", err)
			}
		} else if !errors.Is(err, want.err) || cut != want.cut {
			t.Errorf("%.30q: %d lines cut short, %v; want %+v", text, cut, err, want)
		}
	}
}
