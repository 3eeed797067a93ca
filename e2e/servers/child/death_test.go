package child

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// roleVariable makes this test binary play the parent of [TestDiesWithParent].
const roleVariable = "LAGSCALER_TEST_PARENT_LOG"

// TestDiesWithParent kills a parent, and sees its child end. Both hold the write
// end of one pipe: it reads as ended only once both are gone.
func TestDiesWithParent(t *testing.T) {
	if log := os.Getenv(roleVariable); log != "" {
		playParent(t, log)
		return
	}
	if runtime.GOOS != "linux" {
		t.Skip("only Linux ties a child's life to its parent's")
	}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	log := filepath.Join(t.TempDir(), "log")
	parent := exec.Command(os.Args[0], "-test.run=^TestDiesWithParent$")
	parent.Env = append(os.Environ(), roleVariable+"="+log)
	parent.ExtraFiles = []*os.File{write}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	if err := write.Close(); err != nil {
		t.Fatal(err)
	}
	started := make([]byte, 1)
	if _, err := io.ReadFull(read, started); err != nil {
		t.Fatalf("the child never started: %v", err)
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := parent.Wait(); err == nil {
		t.Error("the parent ended by itself")
	}
	if err := read.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := read.Read(started); !errors.Is(err, io.EOF) {
		t.Errorf("the child lives on: %v", err)
	}
}

// playParent starts a child that holds file descriptor 3 open and says so on it.
func playParent(t *testing.T, log string) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Fatal(err)
	}
	const script = `exec 3>/proc/$PPID/fd/3; printf x >&3; while :; do sleep 0.05; done`
	p, err := Start(Command{Path: sh, Args: []string{"-c", script}, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Fatal(p.Wait(t.Context()))
}
