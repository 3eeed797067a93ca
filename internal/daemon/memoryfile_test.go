package daemon

import (
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/learn"
)

func TestMemoryFile(t *testing.T) {
	ctx, file := t.Context(), filepath.Join(t.TempDir(), "memory.json")
	f := memoryFile{path: file, log: slog.New(slog.DiscardHandler)}
	if learned, err := f.Load(ctx); err != nil || len(learned) != 0 {
		t.Errorf("before anything was saved: %v, %v", learned, err)
	}
	want := map[string]scaler.Memory{
		"shop/orders": {Memory: learn.Memory{Version: learn.MemoryVersion, Startup: []float64{30, 31}}},
		"shop/pay":    {Memory: learn.Memory{Version: learn.MemoryVersion, Sources: []learn.Source{{Cluster: "main", Group: "pay", PerConsumer: 99}}}},
	}
	if err := f.Save(ctx, want); err != nil {
		t.Fatal(err)
	}
	got, err := f.Load(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for name := range want {
		if !reflect.DeepEqual(got[name].Startup, want[name].Startup) || len(got[name].Sources) != len(want[name].Sources) {
			t.Errorf("%s: got %+v, want %+v", name, got[name], want[name])
		}
	}
	if left, err := filepath.Glob(file + ".*"); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestMemoryFileOfAnotherVersion: what cannot be read is left out, the rest is loaded; a file that is no JSON is an error.
func TestMemoryFileOfAnotherVersion(t *testing.T) {
	ctx, file := t.Context(), filepath.Join(t.TempDir(), "memory.json")
	f := memoryFile{path: file, log: slog.New(slog.DiscardHandler)}
	good, err := learn.Memory{Startup: []float64{1}}.Save()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(`{"a/old": {"version": 999}, "a/good": `+string(good)+`}`), 0o600); err != nil {
		t.Fatal(err)
	}
	learned, err := f.Load(ctx)
	if _, ok := learned["a/good"]; err != nil || len(learned) != 1 || !ok {
		t.Errorf("got %v, %v", learned, err)
	}
	if err := os.WriteFile(file, []byte("half of it"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Load(ctx); err == nil {
		t.Error("no error")
	}
}
