package wire

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
)

// stored is a batch as a log stores it. Its records are not records: nothing may look at them.
type stored struct {
	base, last int64
	records    int32
	attributes int16
	producer   int64
	body       int
}

func (b stored) bytes() []byte {
	rb := kmsg.RecordBatch{
		FirstOffset: b.base, Length: int32(49 + b.body), Magic: 2, Attributes: b.attributes, LastOffsetDelta: int32(b.last - b.base),
		ProducerID: b.producer, NumRecords: b.records, Records: slices.Repeat([]byte{0xff}, b.body),
	}
	return rb.AppendTo(nil)
}

func data(base, last int64) stored {
	return stored{base: base, last: last, records: int32(last - base + 1), body: 70}
}

func written(producer, base, last int64) stored {
	b := data(base, last)
	b.attributes, b.producer = transactional, producer
	return b
}

func marker(producer, at int64) stored {
	return stored{base: at, last: at, records: 1, attributes: transactional | control, producer: producer, body: 17}
}

// hollow is what compaction leaves of a batch whose records were all replaced.
func hollow(base, last int64) stored { return stored{base: base, last: last} }

func logOf(batches ...stored) []byte {
	var log []byte
	for _, b := range batches {
		log = append(log, b.bytes()...)
	}
	return log
}

// Each row stands beside its twin. A walk goes from offset 10 to the end at 20, unless end says otherwise.
func TestWalkOverBatches(t *testing.T) {
	compressed := data(10, 19)
	compressed.attributes = 4 // zstd: its bytes are not even a frame
	old := slices.Concat(make([]byte, magicAt), []byte{1}, make([]byte, 20))
	binary.BigEndian.PutUint64(old, 15)
	for name, c := range map[string]struct {
		log       []byte
		committed bool
		aborted   []Aborted
		end       int64
		data      bool
		next      int64 // what is seen; 20 is all
	}{
		"ten markers":                          {log: logOf(slices.Collect(markers(10, 20))...), next: 20},
		"a record among markers":               {log: logOf(append(slices.Collect(markers(10, 15)), data(15, 15), marker(7, 16))...), data: true, next: 16},
		"records":                              {log: logOf(data(10, 19)), data: true, next: 20},
		"records, compressed":                  {log: compressed.bytes(), data: true, next: 20},
		"a committed transaction":              {log: logOf(written(7, 10, 18), marker(7, 19)), data: true, next: 19},
		"an aborted one, read by all":          {log: logOf(written(7, 10, 18), marker(7, 19)), aborted: []Aborted{{7, 10}}, data: true, next: 19},
		"an aborted one, read when committed":  {log: logOf(written(7, 10, 18), marker(7, 19)), committed: true, aborted: []Aborted{{7, 10}}, next: 20},
		"one that began before":                {log: logOf(written(7, 10, 18), marker(7, 19)), committed: true, aborted: []Aborted{{7, 2}}, next: 20},
		"twin: another producer's was aborted": {log: logOf(written(7, 10, 18), marker(7, 19)), committed: true, aborted: []Aborted{{8, 10}}, data: true, next: 19},
		"twin: aborted, then committed": {
			log: logOf(written(7, 10, 11), marker(7, 12), written(7, 13, 18), marker(7, 19)), committed: true, aborted: []Aborted{{7, 10}}, data: true, next: 19,
		},
		"twice aborted, named in any order": {
			log: logOf(written(7, 10, 11), marker(7, 12), written(7, 13, 18), marker(7, 19)), committed: true, aborted: []Aborted{{7, 13}, {7, 10}}, next: 20,
		},
		"two interleaved, one of them aborted": {
			log: logOf(written(7, 10, 11), written(8, 12, 13), marker(7, 14), marker(8, 15)), committed: true, aborted: []Aborted{{7, 10}}, data: true, next: 14,
		},
		"outside of transactions, by a producer that aborted": {
			log: logOf(stored{base: 10, last: 19, records: 10, producer: 7}), committed: true, aborted: []Aborted{{7, 10}}, data: true, next: 20,
		},
		"compacted to nothing":                    {log: logOf(hollow(10, 19)), next: 20},
		"compacted, the last record stays":        {log: logOf(hollow(10, 18), data(19, 19)), data: true, next: 20},
		"compacted away: the next batch is later": {log: logOf(marker(7, 19)), next: 20},
		"twin: the next batch is a record":        {log: logOf(data(19, 19)), data: true, next: 20},
		"compacted away, records beyond the end":  {log: logOf(data(20, 30)), next: 20},
		"records at the end, not beyond":          {log: logOf(data(20, 30)), end: 21, data: true, next: 31},
		"begins before the commit":                {log: logOf(data(5, 12)), data: true, next: 13},
		"begins before, and is hollow":            {log: logOf(hollow(5, 12), marker(7, 13)), next: 14},
		"a format without transactions":           {log: old, data: true, next: 10},
		"that format beyond the end":              {log: old, end: 12, next: 12},
		"nothing":                                 {next: 10},
		"a header cut off":                        {log: marker(7, 10).bytes()[:60], next: 10},
		"records cut off behind the header":       {log: data(10, 19).bytes()[:61], data: true, next: 20},
		"the second cut off":                      {log: logOf(marker(7, 10), data(11, 19))[:100], next: 11},
	} {
		t.Run(name, func(t *testing.T) {
			w := Walk{From: 10, Next: 10, End: 20, Committed: c.committed, Aborted: c.aborted}
			if c.end > 0 {
				w.End = c.end
			}
			if err := w.Over(c.log); err != nil || w.Data != c.data || w.Next != c.next {
				t.Errorf("data %v, next %d, %v; want %v, %d", w.Data, w.Next, err, c.data, c.next)
			}
			if w.Done() != (c.data || c.next >= w.End) {
				t.Errorf("done %v at %d of %d", w.Done(), w.Next, w.End)
			}
		})
	}
}

func markers(from, to int64) func(func(stored) bool) {
	return func(yield func(stored) bool) {
		for at := from; at < to && yield(marker(7, at)); at++ {
		}
	}
}

// Bytes that no broker sends are an error, and say nothing about records.
func TestWalkRefusesWhatCannotBe(t *testing.T) {
	change := func(at int, value ...byte) []byte {
		log := logOf(marker(7, 10), marker(7, 11), data(12, 19))
		copy(log[at:], value)
		return log
	}
	second := len(marker(7, 10).bytes())
	for name, log := range map[string][]byte{
		"an unknown format":                     change(magicAt, 3),
		"a length below the header":             change(8, 0, 0, 0, 48),
		"a negative length":                     change(8, 0xff),
		"a negative delta":                      change(23, 0xff),
		"a negative number of records":          change(57, 0xff),
		"more records than offsets":             change(57, 0, 0, 0, 2),
		"an offset below zero":                  change(0, 0xff),
		"all offsets there are":                 logOf(stored{base: math.MaxInt64, last: math.MaxInt64}),
		"offsets that overflow":                 append(binary.BigEndian.AppendUint64(nil, math.MaxInt64-1), data(0, 9).bytes()[8:]...),
		"a batch that ends before the first":    logOf(marker(7, 9)),
		"a second one that begins in the first": change(second+7, 10),
	} {
		w := Walk{From: 10, Next: 10, End: 1 << 40}
		if err := w.Over(log); err == nil || w.Data {
			t.Errorf("%s: data %v, next %d, %v", name, w.Data, w.Next, err)
		}
	}
}

func someFetch(r *rand.Rand, version int16) *kmsg.FetchResponse {
	resp := kmsg.NewPtrFetchResponse()
	resp.SetVersion(version)
	resp.ThrottleMillis = r.Int32N(100)
	for range 1 + r.IntN(2) {
		topic := kmsg.NewFetchResponseTopic()
		topic.Topic = "orders"
		for n := range int32(3) {
			p := kmsg.NewFetchResponseTopicPartition()
			p.Partition, p.ErrorCode, p.HighWatermark = n, int16(r.IntN(4)/3*29), 20
			if version >= 12 && r.IntN(2) == 0 {
				p.CurrentLeader.LeaderID = 3 // a tagged field
			}
			for range r.IntN(3) {
				a := kmsg.NewFetchResponseTopicPartitionAbortedTransaction()
				a.ProducerID, a.FirstOffset = 7, r.Int64N(20)
				p.AbortedTransactions = append(p.AbortedTransactions, a)
			}
			if r.IntN(4) > 0 {
				p.RecordBatches = logOf(marker(7, 10), []stored{data(11, 19), written(7, 11, 19), hollow(11, 19)}[r.IntN(3)])
			}
			topic.Partitions = append(topic.Partitions, p)
		}
		resp.Topics = append(resp.Topics, topic)
	}
	return resp
}

func asked(version int16) *FetchResponse {
	req := NewFetch("orders", 1, 5, &Walk{From: 10, Next: 10, End: 20, Committed: true}, 1<<14)
	resp, _ := req.ResponseKind().(*FetchResponse)
	resp.SetVersion(version)
	return resp
}

// A response says the same as when kmsg decodes it and the bytes of its batches are walked over.
func TestFetchAgreesWithKmsg(t *testing.T) {
	for version := int16(fetchOldest); version <= fetchFlexible; version++ {
		r := rand.New(rand.NewPCG(uint64(version), 1))
		for range 100 {
			sent := someFetch(r, version)
			sent.Topics = sent.Topics[:1]
			ours := asked(version)
			if err := ours.ReadFrom(sent.AppendTo(nil)); err != nil {
				t.Fatalf("v%d: %v", version, err)
			}
			p := sent.Topics[0].Partitions[1]
			want := Walk{From: 10, Next: 10, End: 20, Committed: true}
			for _, a := range p.AbortedTransactions {
				want.Aborted = append(want.Aborted, Aborted{a.ProducerID, a.FirstOffset})
			}
			if p.ErrorCode == 0 {
				if err := want.Over(p.RecordBatches); err != nil {
					t.Fatal(err)
				}
			}
			if ours.Code != lag.ErrorCode(p.ErrorCode) || ours.Walk.Next != want.Next || ours.Walk.Data != want.Data || ours.ThrottleMillis != sent.ThrottleMillis {
				t.Fatalf("v%d: %s %+v, want %d %+v", version, ours.Code, ours.Walk, p.ErrorCode, want)
			}
		}
	}
	if err := asked(3).ReadFrom(nil); err == nil {
		t.Error("version 3 has no transactions, and is read")
	}
}

// The request asks for what a walk has not seen, without a session, and only for what is committed where the group reads that.
func TestFetchRequest(t *testing.T) {
	req := NewFetch("orders", 4, 5, &Walk{From: 10, Next: 13, End: 20, Committed: true}, 1<<14)
	req.SetVersion(fetchFlexible)
	read := kmsg.NewPtrFetchRequest()
	read.SetVersion(fetchFlexible)
	if err := read.ReadFrom(req.AppendTo(nil)); err != nil {
		t.Fatal(err)
	}
	p := read.Topics[0].Partitions[0]
	if p.FetchOffset != 13 || p.Partition != 4 || p.CurrentLeaderEpoch != 5 || read.Topics[0].Topic != "orders" || p.PartitionMaxBytes != 1<<14 || read.MaxBytes != 1<<14 {
		t.Errorf("asks for %+v", read)
	}
	if read.IsolationLevel != 1 || read.SessionEpoch != -1 || read.ReplicaID != -1 || read.MinBytes != 0 || read.MaxWaitMillis != 0 {
		t.Errorf("asks for %+v", read)
	}
	if NewFetch("orders", 4, 5, &Walk{}, 1).IsolationLevel != 0 {
		t.Error("a group that reads everything reads what is not committed")
	}
}

// Any bytes come to an end, allocate no more than they hold, and never lead a walk backwards.
func FuzzFetch(f *testing.F) {
	for version := int16(fetchOldest); version <= fetchFlexible; version++ {
		f.Add(version, someFetch(rand.New(rand.NewPCG(uint64(version), 2)), version).AppendTo(nil))
	}
	f.Add(int16(12), []byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Fuzz(func(t *testing.T, version int16, raw []byte) {
		ours := asked(fetchOldest + (version&0x7fff)%9)
		err := ours.ReadFrom(raw)
		if len(ours.Walk.Aborted) > len(raw)/minAborted || ours.Walk.Next < 10 {
			t.Fatalf("%d bytes became %d transactions, next %d", len(raw), len(ours.Walk.Aborted), ours.Walk.Next)
		}
		if err == nil && ours.Code == lag.OK && ours.Walk.Next > 10 && len(raw) < batchHeader {
			t.Fatalf("%d bytes hold no header", len(raw))
		}
	})
}

func FuzzBatches(f *testing.F) {
	f.Add(logOf(marker(7, 10), data(11, 19)), int64(10), int64(20), int64(7), int64(10))
	f.Add(logOf(hollow(10, 12), written(7, 13, 19)), int64(10), int64(20), int64(7), int64(13))
	f.Fuzz(func(t *testing.T, log []byte, from, end, producer, first int64) {
		from = max(0, from)
		all := Walk{From: from, Next: from, End: end}
		some := Walk{From: from, Next: from, End: end, Committed: true, Aborted: []Aborted{{producer, first}}}
		errAll, errSome := all.Over(log), some.Over(log)
		if all.Next < from || some.Next < from && end >= from {
			t.Fatalf("a walk went back from %d to %d, %d", from, all.Next, some.Next)
		}
		if some.Data && !all.Data && errAll == nil && errSome == nil {
			t.Fatal("a record for those who read less, and none for those who read more")
		}
	})
}
