package kafka

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"
)

// Fleet is one JVM with many Kafka clients, which obey the test. It ends with
// the test, by SIGKILL: members still in a group then time out.
type Fleet struct {
	*stream // the events of every client

	t       testing.TB
	process *process
	stdin   io.WriteCloser
	stderr  lockedBuffer

	mu   sync.Mutex
	cmds int64
}

// Fleet starts a JVM for the test's clients: 0.4 s on an idle machine.
func (c *Cluster) Fleet(t testing.TB) *Fleet {
	t.Helper()
	jar, err := c.install.fleetJar(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	cmd, err := c.install.command(jvm{class: "Fleet", args: []string{c.bootstrap}, jars: []string{jar}})
	if err != nil {
		t.Fatalf("starting a fleet: %v", err)
	}
	f := &Fleet{stream: newStream(), t: t}
	stdout, stdoutWriter := io.Pipe()
	cmd.Stdout, cmd.Stderr = stdoutWriter, &f.stderr
	if f.stdin, err = cmd.StdinPipe(); err != nil {
		t.Fatalf("starting a fleet: %v", err)
	}
	if f.process, err = startProcess(cmd); err != nil {
		t.Fatalf("starting a fleet: %v", err)
	}
	go f.read(stdout, func(line []byte) (Event, bool, error) {
		e, err := parseFleetLine(line)
		return e, true, err
	})
	go func() {
		<-f.process.done
		stdoutWriter.Close()
	}()
	t.Cleanup(func() {
		f.process.kill()
		if t.Failed() {
			t.Logf("what the fleet logged:\n%s", f.stderr.String())
		}
	})
	f.wait(t, "the fleet's JVM", func(e Event) bool { return e.Kind == ready })
	return f
}

// command has the JVM obey one command and returns its answer.
func (f *Fleet) command(op, id string, fields map[string]any) Event {
	f.t.Helper()
	f.mu.Lock()
	f.cmds++
	cmd := f.cmds
	all := map[string]any{"cmd": cmd, "op": op, "id": id}
	maps.Copy(all, fields)
	line, err := json.Marshal(all)
	if err == nil {
		_, err = f.stdin.Write(append(line, '\n'))
	}
	f.mu.Unlock()
	if err != nil {
		f.t.Fatalf("telling the fleet to %s %s: %v", op, id, err)
	}
	answer := f.wait(f.t, fmt.Sprintf("the fleet to %s %s", op, id), func(e Event) bool { return e.cmd == cmd })
	if answer.Kind == refused {
		f.t.Fatalf("the fleet does not %s %s: %s", op, id, answer.Error)
	}
	return answer
}

// Kill ends the JVM with SIGKILL: every client is gone and none has left its group.
func (f *Fleet) Kill() { f.process.kill() }

// lockedBuffer is a buffer that one goroutine fills while another may read.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// Owned returns what a consumer has, by its last word on it, sorted.
func (f *Fleet) Owned(id string) []Partition {
	owned, _ := ownership(f.Events())[id]
	return owned
}

// ownership is the last word of each consumer on what it has. One that ended has nothing.
func ownership(events []Event) map[string][]Partition {
	owned := map[string][]Partition{}
	for _, e := range events {
		switch e.Kind {
		case Assigned, Revoked, Lost:
			owned[e.Consumer] = e.Owned
		case Closed, Vanished, Failed:
			delete(owned, e.Consumer)
		}
	}
	return owned
}

// AwaitAssigned waits until the consumer has been given something, or nothing,
// since it joined last, and returns that event.
func (f *Fleet) AwaitAssigned(id string) Event {
	f.t.Helper()
	return f.wait(f.t, "an assignment to "+id, func(e Event) bool { return e.Kind == Assigned && e.Consumer == id })
}

// AwaitBalanced waits until the consumers share out all partitions of the
// topic, each to one, and none has two more than another.
func (f *Fleet) AwaitBalanced(topic string, partitions int, ids ...string) {
	f.t.Helper()
	f.awaitFor(f.t, fmt.Sprintf("%v to share the %d partitions of %s", ids, partitions, topic), func(events []Event) bool {
		owned := ownership(events)
		var all []Partition
		least, most := partitions, 0
		for _, id := range ids {
			mine := slices.DeleteFunc(slices.Clone(owned[id]), func(p Partition) bool { return p.Topic != topic })
			least, most = min(least, len(mine)), max(most, len(mine))
			all = append(all, mine...)
		}
		slices.SortFunc(all, comparePartitions)
		return len(all) == partitions && len(slices.Compact(all)) == partitions && most-least <= 1
	})
}

// Await waits for the first event, past ones included, that matches.
func (f *Fleet) Await(what string, match func(Event) bool) Event {
	f.t.Helper()
	return f.wait(f.t, what, match)
}

// millis is a duration as Kafka's properties and Fleet.java take it.
func millis(d time.Duration) int64 { return d.Milliseconds() }
