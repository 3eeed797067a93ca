package wire

import (
	"cmp"
	"encoding/binary"
	"errors"
	"math"
	"slices"
)

// Batch is the header of a record batch (message format 2, Kafka 0.11 and later): 61 bytes before its records.
//
//	offset  bytes  field
//	0       8      base offset
//	8       4      length of what follows
//	12      4      partition leader epoch
//	16      1      magic: 2
//	17      4      CRC
//	21      2      attributes: bit 4 transactional, bit 5 control
//	23      4      last offset delta
//	27      16     base and max timestamp
//	43      8      producer id
//	51      6      producer epoch, base sequence
//	57      4      number of records
//
// (DefaultRecordBatch.java.) What follows may be compressed, and is never looked at.
type Batch struct {
	Base, Last    int64
	Producer      int64
	Records       int32 // 0: compaction removed all of them and kept the header, for the producer's sequence
	Transactional bool
	Control       bool // a marker of a transaction: consumers skip it
}

const (
	batchHeader   = 61
	lengthAt      = 12 // the batch's length counts from here
	magicAt       = 16
	transactional = 1 << 4
	control       = 1 << 5
)

var (
	errBatch  = errors.New("header of a batch that cannot be one")
	errFormat = errors.New("batch of an unknown format")
)

// Aborted is a transaction that was aborted: its producer, and the offset of its first record.
type Aborted struct{ Producer, First int64 }

// Walk looks at the headers of the batches from an offset on, and finds out whether one of them holds a record.
//
//	what the headers say                          a record for a consumer that reads
//	                                              all records          only committed ones
//	records                                       yes                  yes
//	a marker (control)                            no                   no
//	no records: compaction left the header        no                   no
//	a transaction that was aborted                yes                  no
//	a transaction that was committed              yes                  yes
//	message format 0 or 1                         yes                  yes
//	no batch at all: compaction removed it        no: the next batch begins behind it
//	nothing was returned                          not known: a broker that throttles returns nothing, too
//
// A batch that begins before From, or ends behind End, counts as a record if it has any, because its header does not say where
// they lie.
type Walk struct {
	From, End int64     // what is in question: offsets from From on, below End
	Committed bool      // the consumer reads only committed records
	Aborted   []Aborted // by the broker, with Committed

	Next int64 // offsets below were seen
	Data bool  // a record was found
}

// Done reports whether the walk knows everything that is in question.
func (w *Walk) Done() bool { return w.Data || w.Next >= w.End }

// Over goes over the batches that src begins with. The last one may be cut off. It stops at the first record.
func (w *Walk) Over(src []byte) error {
	aborted := slices.SortedFunc(slices.Values(w.Aborted), func(a, b Aborted) int { return cmp.Compare(a.First, b.First) })
	open := map[int64]bool{} // producers within a transaction that was aborted
	for len(src) > magicAt && !w.Done() {
		old := src[magicAt] < 2
		if !old && len(src) < batchHeader {
			return nil
		}
		b, size, err := batchOf(src)
		switch {
		case err != nil:
			return err
		case b.Base >= w.End: // in between there is nothing
			w.Next = w.End
			return nil
		case old:
			w.Data = true
			return nil
		}
		if b.Last < w.Next || b.Base < w.Next && w.Next > w.From { // a broker begins with the batch that holds the offset
			return errBatch
		}
		for len(aborted) > 0 && aborted[0].First <= b.Last {
			open[aborted[0].Producer] = true
			aborted = aborted[1:]
		}
		w.Data = b.Records > 0 && !b.Control && (!w.Committed || !b.Transactional || !open[b.Producer])
		if b.Control { // a marker ends the transaction of its producer
			delete(open, b.Producer)
		}
		w.Next = b.Last + 1
		src = src[min(size, len(src)):]
	}
	return nil
}

// batchOf is the header that src begins with, and the size of the whole batch. Of formats 0 and 1 it is the offset alone.
func batchOf(src []byte) (b Batch, size int, err error) {
	number := func(at int) int32 { return int32(binary.BigEndian.Uint32(src[at:])) }
	long := func(at int) int64 { return int64(binary.BigEndian.Uint64(src[at:])) }
	switch magic := src[magicAt]; {
	case magic < 2:
		return Batch{Base: long(0), Last: long(0)}, 0, nil
	case magic > 2:
		return b, 0, errFormat
	}
	attributes := binary.BigEndian.Uint16(src[21:])
	delta := number(23)
	b = Batch{
		Base: long(0), Last: long(0) + int64(delta), Producer: long(43), Records: number(57),
		Transactional: attributes&transactional != 0, Control: attributes&control != 0,
	}
	size = lengthAt + int(number(8))
	if size < batchHeader || delta < 0 || b.Base < 0 || b.Last < b.Base || b.Last == math.MaxInt64 || b.Records < 0 || int64(b.Records) > int64(delta)+1 {
		return b, 0, errBatch
	}
	return b, size, nil
}
