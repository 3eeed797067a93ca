package kafka

import (
	"context"
	"io"
	"syscall"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/child"
)

// Client is a Java client in a JVM of its own, and the events that it tells. It
// ends with the test, by SIGKILL: members still in a group then time out.
type Client struct {
	t       testing.TB
	process *child.Process
	stdin   io.WriteCloser
	stderr  child.Buffer
	stream  *stream
}

// startClient starts a JVM; parse turns a line of its output into an event, or
// says that it is none.
func (c *Cluster) startClient(t testing.TB, j jvm, parse func([]byte) (Event, bool, error)) *Client {
	t.Helper()
	in := c.tools
	if j.own {
		in = c.install
	}
	cmd, err := in.command(j)
	if err != nil {
		t.Fatalf("starting %s: %v", j.class, err)
	}
	client := &Client{t: t, stream: newStream()}
	stdout, stdoutWriter := io.Pipe()
	cmd.Stdout, cmd.Stderr = stdoutWriter, &client.stderr
	if client.stdin, err = cmd.StdinPipe(); err != nil {
		t.Fatalf("starting %s: %v", j.class, err)
	}
	if client.process, err = child.Own(cmd); err != nil {
		t.Fatalf("starting %s: %v", j.class, err)
	}
	go func() {
		<-client.process.Done()
		stdoutWriter.Close()
	}()
	read := make(chan struct{})
	go func() {
		client.stream.read(stdout, parse)
		close(read)
	}()
	t.Cleanup(func() {
		client.process.Kill()
		<-read
		if t.Failed() {
			t.Logf("what %s logged:\n%s", j.class, client.stderr.String())
		}
	})
	return client
}

// Terminate asks the JVM to end with SIGTERM, and waits for it.
func (c *Client) Terminate() {
	c.t.Helper()
	if err := c.process.Stop(stopLimit); err != nil {
		c.t.Fatalf("terminating a Java client: %v", err)
	}
}

// Kill ends the JVM with SIGKILL: its clients are gone and none has left its group.
func (c *Client) Kill() { c.process.Kill() }

// Pause freezes the JVM with SIGSTOP, heartbeats and all.
func (c *Client) Pause() {
	c.t.Helper()
	if err := c.process.Signal(syscall.SIGSTOP); err != nil {
		c.t.Fatalf("pausing a Java client: %v", err)
	}
}

// Resume lets a paused JVM go on.
func (c *Client) Resume() {
	c.t.Helper()
	if err := c.process.Signal(syscall.SIGCONT); err != nil {
		c.t.Fatalf("resuming a Java client: %v", err)
	}
}

// Events returns what happened so far, in the order in which it was told.
func (c *Client) Events() []Event { return c.stream.all() }

// Mark is the number of events so far, for [Client.AwaitSince].
func (c *Client) Mark() int { return len(c.stream.all()) }

// Await waits for the first event, past ones included, that matches.
func (c *Client) Await(what string, match func(Event) bool) Event {
	c.t.Helper()
	return c.AwaitSince(0, what, match)
}

// AwaitSince waits for the first event after the mark that matches.
func (c *Client) AwaitSince(mark int, what string, match func(Event) bool) Event {
	c.t.Helper()
	var found Event
	seen := mark
	c.awaitAll(what, func(events []Event) bool {
		for ; seen < len(events); seen++ {
			if match(events[seen]) {
				found = events[seen]
				return true
			}
		}
		return false
	})
	return found
}

// awaitAll waits until ok is true of all events so far, and ends the test when
// that does not come.
func (c *Client) awaitAll(what string, ok func([]Event) bool) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	if err := c.stream.await(ctx, ok); err != nil {
		events := c.Events()
		c.t.Fatalf("waiting for %s: %v; the last of %d events: %+v",
			what, err, len(events), events[max(0, len(events)-5):])
	}
}

// millis is a duration as Kafka's properties and Fleet.java take it.
func millis(d time.Duration) int64 { return d.Milliseconds() }
