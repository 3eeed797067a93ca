package chaos

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// disk is a small file system of its own, which a fault fills. Only root may mount one.
type disk struct {
	folder string
	own    bool // it is mounted
}

func newDisk(t *testing.T) *disk {
	t.Helper()
	d := &disk{folder: t.TempDir()}
	err := syscall.Mount("tmpfs", d.folder, "tmpfs", 0, "size=4m")
	if errors.Is(err, syscall.EPERM) {
		t.Log("only root may mount a small file system: no disk gets full in this run")
		return d
	}
	if err != nil {
		t.Fatal(err)
	}
	d.own = true
	t.Cleanup(func() {
		if err := syscall.Unmount(d.folder, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return d
}

func (d *disk) path(name string) string { return filepath.Join(d.folder, name) }

// fill takes all the room that is left.
func (d *disk) fill(t *testing.T) {
	t.Helper()
	f, err := os.Create(d.path("full"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for block := make([]byte, 4096); err == nil; {
		_, err = f.Write(block)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("filling the disk: %v", err)
	}
}

func (d *disk) empty(t *testing.T) {
	t.Helper()
	if err := os.Remove(d.path("full")); err != nil {
		t.Fatal(err)
	}
}
