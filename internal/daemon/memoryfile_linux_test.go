package daemon

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/learn"
)

// TestMemoryFileOnAFullDisk: what was saved before stays whole, and the next save that has room replaces it.
func TestMemoryFileOnAFullDisk(t *testing.T) {
	ctx, folder := t.Context(), t.TempDir()
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "size=64k"); errors.Is(err, syscall.EPERM) {
		t.Skip("skipped: only root may mount a file system that is small enough to be filled")
	} else if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := syscall.Unmount(folder, 0); err != nil {
			t.Error(err)
		}
	}()
	f := memoryFile{path: filepath.Join(folder, "memory.json"), log: slog.New(slog.DiscardHandler)}
	learned := func(starts ...float64) map[string]scaler.Memory {
		return map[string]scaler.Memory{"shop/orders": {Memory: learn.Memory{Version: learn.MemoryVersion, Startup: starts}}}
	}
	if err := f.Save(ctx, learned(30)); err != nil {
		t.Fatal(err)
	}
	full := filepath.Join(folder, "full")
	if err := os.WriteFile(full, bytes.Repeat([]byte{1}, 1<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("filling the disk: %v", err)
	}
	if err := f.Save(ctx, learned(40, 41)); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("saving on a full disk: %v", err)
	}
	expect := func(starts int) {
		t.Helper()
		got, err := f.Load(ctx)
		if err != nil || len(got["shop/orders"].Startup) != starts {
			t.Errorf("loaded %v, %v; want %d starts", got, err, starts)
		}
		if left, err := filepath.Glob(f.path + ".*"); err != nil || len(left) > 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
	}
	expect(1)
	if err := os.Remove(full); err != nil {
		t.Fatal(err)
	}
	if err := f.Save(ctx, learned(40, 41)); err != nil {
		t.Fatal(err)
	}
	expect(2)
}
