package worlds

import (
	"time"

	"github.com/lagscaler/lagscaler/lag/lagtest"
)

// kind is what a batch of the log really is. The program cannot see it.
type kind uint8

const (
	record  kind = iota
	marker       // a commit or abort marker of a transaction: it has an offset, and nobody ever reads it
	aborted      // records of an aborted transaction: nobody that reads committed records reads them
)

// batch is offsets of the log that were appended together, and are of one kind.
type batch struct {
	next  int64 // the offset after its last
	count int64
	at    time.Duration
	kind  kind
}

// partition is one log, and the group's place in it.
type partition struct {
	kafka *lagtest.Cluster
	topic string
	id    int32

	start, end int64
	commit     int64 // none: below 0
	position   int64 // what its reader reads next; it is the commit again when its reader dies
	begun      int64 // where its reader began
	log        []batch
	head       int   // index in log of the batch at the position
	waiting    int64 // records from the position on: the truth that no poll shows
	stuck      bool  // its reader does not get beyond the position: a record that fails, a reader that hangs
	open       int64 // offsets of transactions that are open: the last stable offset is below them
}

const uncommitted = -1

// append adds offsets of one kind.
func (p *partition) append(n int64, k kind, at time.Duration) {
	if n <= 0 {
		return
	}
	p.end += n
	p.log = append(p.log, batch{next: p.end, count: n, at: at, kind: k})
	if k == record {
		p.waiting += n
	}
	if p.open > 0 {
		p.kafka.AppendOpen(p.topic, p.id, n)
	} else {
		p.kafka.Append(p.topic, p.id, n)
	}
}

// first is the oldest record that is not read; ok is false when there is none.
func (p *partition) first() (b batch, ok bool) {
	for i := p.head; i < len(p.log); i++ {
		if p.log[i].kind == record && p.log[i].next > p.position {
			return p.log[i], true
		}
	}
	return batch{}, false
}

// read processes up to n records that were appended before a time, and returns how many.
func (p *partition) read(n int64, before time.Duration) (done int64) {
	for done < n && p.waiting > 0 && !p.stuck && p.position >= 0 {
		for p.log[p.head].kind != record || p.log[p.head].next <= p.position {
			p.head++
		}
		b := p.log[p.head]
		if b.at > before {
			return done
		}
		from := max(p.position, b.next-b.count)
		take := min(n-done, b.next-from)
		p.position, p.waiting, done = from+take, p.waiting-take, done+take
	}
	return done
}

// save commits the position. A position that only markers follow is that of the record before them: so do most clients.
func (p *partition) save(group string) {
	if p.commit == p.position || p.position < 0 {
		return
	}
	p.commit = p.position
	p.kafka.Commit(group, p.topic, p.id, p.commit)
	for len(p.log) > 0 && p.log[0].next <= p.commit {
		p.log = p.log[1:]
	}
	p.head = 0
}

// holds reports whether a record lies behind the commit.
func (p *partition) holds() bool {
	for _, b := range p.log {
		if b.kind == record && b.next > p.commit {
			return true
		}
	}
	return false
}

// resume puts a new reader at the commit, or where its reset says: then it may read again what was read before.
func (p *partition) resume(latest bool) {
	switch {
	case p.commit >= 0:
		p.position = p.commit
	case latest:
		p.position = p.end
	default:
		p.position = p.start
		if kept := p.end; len(p.log) == 0 || p.log[0].next-p.log[0].count > p.start {
			if len(p.log) > 0 {
				kept = p.log[0].next - p.log[0].count
			}
			p.log = append([]batch{{next: kept, count: kept - p.start, kind: record}}, p.log...)
		}
	}
	p.head, p.begun = 0, p.position
	p.count()
}

// count counts the records that wait.
func (p *partition) count() {
	p.waiting = 0
	for _, b := range p.log {
		if b.kind == record {
			p.waiting += max(0, b.next-max(p.position, b.next-b.count, 0))
		}
	}
}

// expire removes the commit, as the broker does some days after the last member left. What was read is still retained.
func (p *partition) expire(group string) {
	p.kafka.Uncommit(group, p.topic, p.id)
	p.commit = uncommitted
}
