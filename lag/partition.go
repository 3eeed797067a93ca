package lag

// PartitionLag is a group's position in one partition. It is small because there may be a million of them.
type PartitionLag struct {
	Start, Committed, End int64 // meaningful where Known says so
	BrokerLag             int64 // share groups: as the broker computed it
	Partition             int32
	Owner                 int32 // index into Members; -1: none. See [GroupLag.OwnerOf]
	Known                 Known
	Evidence              Evidence
	Err                   ErrorCode
}

// Evidence is what a poll read about the records between the committed offset and the end, besides the offsets.
type Evidence uint8

// What may have been read.
const (
	OpenTransaction Evidence = 1 << iota // the last stable offset is below the high watermark
	NoData                               // the headers of the batches from the committed offset to the end: none holds a record for this group
)

// Has reports whether all of want were read.
func (e Evidence) Has(want Evidence) bool { return e&want == want }

// Lag is the number of records between the committed offset and the log's end.
// It is unknown (ok is false) when an offset is missing, and for a partition that was never committed.
//
//	committed  start  end   lag  lost
//	40         0      100   60   0
//	40         70     100   30   30    below the log start: retention took 30
//	120        0      100   0    0     above the end: truncated or recreated
//	none       0      100   ?    0     see LagUpperBound
//	40         0      ?     ?    0     leaderless or failed
func (p *PartitionLag) Lag() (n int64, ok bool) {
	switch {
	case p.Known.Has(KnownLag):
		return p.BrokerLag, true
	case !p.Known.Has(KnownCommitted | KnownEnd):
		return 0, false
	case p.Known.Has(KnownStart) && p.Committed < p.Start:
		return max(0, p.End-p.Start), true
	default:
		return max(0, p.End-p.Committed), true
	}
}

// Position is the offset at which the group reads on: its committed offset, or the log start where retention removed the
// record at the committed offset. ok is false while it is unknown.
//
//	committed  start  end  broker's lag  position
//	40         0      100  -             40
//	40         70     100  -             70    below the log start: retention took 30
//	120        0      100  -             120   above the end: truncated or recreated
//	none       100    100  -             100   never committed, and empty: there is nothing to commit
//	none       0      100  -             ?
//	any        0      100  25            75    share group: its members do not read in order; its broker counts
func (p *PartitionLag) Position() (offset int64, ok bool) {
	switch {
	case p.Known.Has(KnownLag | KnownEnd):
		return p.End - p.BrokerLag, true
	case p.Known.Has(KnownCommitted | KnownStart):
		return max(p.Committed, p.Start), true
	case p.Known.Has(KnownCommitted):
		return p.Committed, true
	case p.Known.Has(KnownStart|KnownEnd) && p.Start == p.End:
		return p.End, true
	}
	return 0, false
}

// Uncommitted reports whether the group is known to have no committed offset here.
func (p *PartitionLag) Uncommitted() bool {
	return !p.Known.Has(KnownCommitted) && !p.Known.Has(KnownLag) && p.Err == OK
}

// LagUpperBound is the greatest lag an uncommitted partition that a member owns can have, end - start:
// the member's position is not known before its first commit.
func (p *PartitionLag) LagUpperBound() (n int64, ok bool) {
	if !p.Uncommitted() || p.Owner < 0 || !p.Known.Has(KnownStart|KnownEnd) {
		return 0, false
	}
	return max(0, p.End-p.Start), true
}

// Lost is the number of records that retention removed before the group read them.
func (p *PartitionLag) Lost() int64 {
	if !p.Known.Has(KnownStart|KnownCommitted) || p.Known.Has(KnownLag) {
		return 0
	}
	return max(0, p.Start-p.Committed)
}

// Ahead is how far the committed offset lies above the log's end: 0 but for a truncated or recreated topic.
func (p *PartitionLag) Ahead() int64 {
	if !p.Known.Has(KnownCommitted | KnownEnd) {
		return 0
	}
	return max(0, p.Committed-p.End)
}

// Answered reports whether this poll knows everything about the partition that can be known:
// never having been committed is a known state, not a missing answer.
func (p *PartitionLag) Answered() bool {
	return p.Err == OK && (p.Known.Has(KnownEnd) || p.Known.Has(KnownLag))
}

// standsAt is the offset that stands while nothing is committed: retention does not move it. Of a share group it is its position.
func (p *PartitionLag) standsAt() (offset int64, ok bool) {
	if p.Known.Has(KnownCommitted) && !p.Known.Has(KnownLag) {
		return p.Committed, true
	}
	if p.Known.Has(KnownLag) {
		return p.Position()
	}
	return 0, false
}
