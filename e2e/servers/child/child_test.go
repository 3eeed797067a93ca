package child

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func shell(t *testing.T, script string) *Process {
	t.Helper()
	path, err := exec.LookPath("sh")
	if err != nil {
		t.Fatal(err)
	}
	p, err := Start(Command{Path: path, Args: []string{"-c", script}, Env: []string{"WORD=hello"}, Log: filepath.Join(t.TempDir(), "log")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	return p
}

func TestStop(t *testing.T) {
	cases := []struct {
		name, script string
		killed       bool
	}{
		{"ends on SIGTERM", `trap 'exit 0' TERM; echo ready; while :; do sleep 0.01; done`, false},
		{"does not", `trap '' TERM; echo ready; while :; do sleep 0.01; done`, true},
		{"has ended already", `echo ready`, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := shell(t, c.script)
			awaitTail(t, p, "ready")
			err := p.Stop(300 * time.Millisecond)
			if killed := err != nil; killed != c.killed {
				t.Errorf("stopping: %v", err)
			}
			if p.Alive() {
				t.Error("it lives on")
			}
		})
	}
}

// A child that was stopped writes nothing any more, from the moment Signal returns.
func TestSignalStops(t *testing.T) {
	p := shell(t, `while :; do echo x; done`)
	awaitTail(t, p, "x")
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	size := func() int64 {
		log, err := os.Stat(p.log)
		if err != nil {
			t.Fatal(err)
		}
		return log.Size()
	}
	if before := size(); before != size() {
		t.Error("it writes though it has stopped")
	} else if time.Sleep(20 * time.Millisecond); before != size() {
		t.Error("it writes though it has stopped")
	}
}

func TestTailShowsBothOutputs(t *testing.T) {
	p := shell(t, `echo first; echo second >&2; echo $WORD`)
	if err := p.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := p.Tail(2); got != "second\nhello" {
		t.Errorf("the last two lines are %q", got)
	}
}

func TestAwaitSaysWhyNot(t *testing.T) {
	never := func(context.Context) error { return errors.New("not yet") }
	cases := []struct {
		name  string
		await func(context.Context) error
		want  []string
	}{
		{
			"the process ended",
			func(ctx context.Context) error { return Await(ctx, never, shell(t, "exit 3")) },
			[]string{"sh has ended", "exit status 3", "not yet"},
		},
		{
			"the time is over",
			func(ctx context.Context) error {
				ctx, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
				defer cancel()
				return Await(ctx, never)
			},
			[]string{"deadline exceeded", "not yet"},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			err := c.await(t.Context())
			if err == nil {
				t.Fatal("it came to be")
			}
			for _, part := range c.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not say %q", err, part)
				}
			}
		})
	}
}

func TestPortsDiffer(t *testing.T) {
	seen := map[int]bool{}
	for range 50 {
		port, err := Port()
		if err != nil {
			t.Fatal(err)
		}
		if seen[port] {
			t.Fatalf("port %d was handed out twice", port)
		}
		seen[port] = true
	}
}

func awaitTail(t *testing.T, p *Process, text string) {
	t.Helper()
	err := Await(t.Context(), func(context.Context) error {
		if got := p.Tail(1); got != text {
			return errors.New("its last line is " + got)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
