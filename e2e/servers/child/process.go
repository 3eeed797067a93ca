package child

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// Command says what to start.
type Command struct {
	Path string   // of the program
	Args []string // without the program's name
	Env  []string // over the test's own environment
	Dir  string   // where it runs; the test's own folder when empty
	Log  string   // the file that takes what it writes, after what is there
}

// Process is a child that dies with the test binary.
type Process struct {
	cmd  *exec.Cmd
	log  string        // empty: its output is the caller's
	done chan struct{} // closed when the child has been waited for
	err  error         // what Wait said; read it after done
}

// Start starts a command that writes into its log.
func Start(c Command) (*Process, error) {
	log, err := os.OpenFile(c.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("opening the log of %s: %w", filepath.Base(c.Path), err)
	}
	defer log.Close() // the child has a descriptor of its own
	cmd := exec.Command(c.Path, c.Args...)
	cmd.Dir, cmd.Env = c.Dir, append(os.Environ(), c.Env...)
	cmd.Stdout, cmd.Stderr = log, log
	p, err := Own(cmd)
	if err != nil {
		return nil, err
	}
	p.log = c.Log
	return p, nil
}

// Own starts a command whose pipes are the caller's. A goroutine waits for it and keeps its thread until the child has
// ended, because the kernel sends the parent-death signal when the thread that forked ends, not the process.
func Own(cmd *exec.Cmd) (*Process, error) {
	dieWithParent(cmd)
	p := &Process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		p.err = cmd.Wait()
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("starting %s: %w", p.Name(), err)
	}
	return p, nil
}

// Name is the program's name, for messages.
func (p *Process) Name() string { return filepath.Base(p.cmd.Path) }

// Pid is the child's process id.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Done is closed once the child has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Alive says whether the child has not ended yet.
func (p *Process) Alive() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// Signal sends a signal; to a child that has ended it is no error. After SIGSTOP the child has stopped.
func (p *Process) Signal(s syscall.Signal) error {
	if !p.Alive() {
		return nil
	}
	if err := p.cmd.Process.Signal(s); err != nil && p.Alive() {
		return fmt.Errorf("sending %v to %s: %w", s, p.Name(), err)
	}
	if s == syscall.SIGSTOP {
		p.awaitStop()
	}
	return nil
}

// awaitStop waits until every thread has stopped: the signal is only delivered when Signal returns. Where the threads cannot be seen, it
// waits for nothing.
func (p *Process) awaitStop() {
	for range 1000 {
		stopped := true
		threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", p.cmd.Process.Pid))
		for _, thread := range threads {
			stat, err := os.ReadFile(thread)
			_, state, _ := bytes.Cut(stat, []byte(") ")) // the name before may have anything in it, and ours have no parenthesis
			stopped = stopped && (err != nil || bytes.HasPrefix(state, []byte("T")))
		}
		if stopped {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// Wait returns the child's exit error once it has ended, or the context's.
func (p *Process) Wait(ctx context.Context) error {
	select {
	case <-p.done:
		return p.err
	case <-ctx.Done():
		return fmt.Errorf("waiting for %s: %w", p.Name(), context.Cause(ctx))
	}
}

// Kill ends the child with SIGKILL and waits for it.
func (p *Process) Kill() {
	// The error is of no use: a child that cannot be signalled has ended.
	_ = p.Signal(syscall.SIGKILL)
	<-p.done
}

// Stop asks with SIGTERM, and says so when the child has not ended in time and
// had to be killed.
func (p *Process) Stop(patience time.Duration) error {
	if err := p.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-p.done:
		return nil
	case <-timer.C:
		p.Kill()
		return errors.New("killed " + p.Name() + ": it did not end on SIGTERM within " + patience.String())
	}
}

// Tail returns the last lines of what the child wrote, for a failure's message.
func (p *Process) Tail(lines int) string {
	data, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimSpace(string(data)), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// Resident is the memory of a process that is in RAM, in bytes; 0 where it is not known.
func Resident(pid int) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	var size, resident int
	if _, err := fmt.Sscan(string(text), &size, &resident); err != nil {
		return 0
	}
	return resident * os.Getpagesize()
}
