package sim

// queue is one partition: its records wait in the order of their arrival, counted by second.
type queue struct {
	batches   []batch
	head      int
	waiting   int64
	end       int64 // records that ever arrived: the log-end offset
	position  int64 // records processed: the position of its consumer
	committed int64 // the committed offset
	again     int64 // records before position that are processed a second time
}

// batch are the records that arrived within one second.
type batch struct{ second, records int32 }

func (q *queue) arrive(second, n int32) {
	if n == 0 {
		return
	}
	if q.head > 256 && q.head > len(q.batches)/2 {
		q.batches, q.head = append(q.batches[:0], q.batches[q.head:]...), 0
	}
	q.batches = append(q.batches, batch{second, n})
	q.waiting += int64(n)
	q.end += int64(n)
}

// age is how long the oldest waiting record has waited; 0 when none waits.
func (q *queue) age(now int32) int32 {
	if q.waiting == 0 {
		return 0
	}
	return now - q.batches[q.head].second
}

// unread is how many records its consumer has before it.
func (q *queue) unread() int64 { return q.waiting + q.again }

// commit commits what its consumer has processed.
func (q *queue) commit() { q.committed = q.position - q.again }

// rewind gives it to a consumer that begins at the committed offset.
func (q *queue) rewind() { q.again = q.position - q.committed }

// process takes the n oldest records and returns how many of them had waited for longer than target. A record that is processed a
// second time was late the first time, or never.
func (q *queue) process(n int64, now, target int32) (late int64) {
	repeated := min(n, q.again)
	q.again -= repeated
	n = min(n-repeated, q.waiting)
	q.position += n
	if n == q.waiting { // all of them, as in most seconds
		for _, b := range q.batches[q.head:] {
			if now-b.second <= target {
				break
			}
			late += int64(b.records)
		}
		q.batches, q.head, q.waiting = q.batches[:0], 0, 0
		return late
	}
	q.waiting -= n
	for n > 0 {
		b := &q.batches[q.head]
		k := min(int64(b.records), n)
		if now-b.second > target {
			late += k
		}
		b.records -= int32(k)
		n -= k
		if b.records == 0 {
			q.head++
		}
	}
	return late
}
