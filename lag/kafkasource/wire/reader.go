package wire

import (
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kbin"
)

// MostElements is how many elements the arrays of one answer have at most, in sum. An element takes up to a quarter of a microsecond
// of a core, so decoding an answer takes no longer than a second. Answers of ordinary elements reach the limit of bytes first.
const MostElements = 3_000_000

// reader reads the parts of a message that flexible and older versions encode differently.
// The bytes may be garbage: it allocates nothing, and no loop over it runs more often than there are bytes.
type reader struct {
	kbin.Reader
	flexible bool
	elements int // of the arrays so far
}

func newReader(body []byte, flexible bool) reader {
	return reader{Reader: kbin.Reader{Src: body}, flexible: flexible}
}

var errTruncated = errors.New("answer ends early or claims more than it holds")

// refusal says why the bytes are no answer; nil: they are one, as far as they were read.
func (r *reader) refusal() error {
	switch {
	case r.elements > MostElements:
		return fmt.Errorf("answer has more than %d elements", MostElements)
	case !r.Ok():
		return errTruncated
	}
	return nil
}

// arrayLen is the number of elements that follow, 0 for null. Each takes at least size bytes, so it is never more than
// the bytes left can hold.
func (r *reader) arrayLen(size int) int {
	var n int32
	if r.flexible {
		n = r.CompactArrayLen()
	} else {
		n = r.ArrayLen()
	}
	held := int(n) <= len(r.Src)/size
	if held {
		r.elements += max(0, int(n))
	}
	if !held || r.elements > MostElements {
		r.Span(len(r.Src) + 1) // the array cannot be that long: makes the reader fail
	}
	if !r.Ok() {
		return 0
	}
	return max(0, int(n))
}

// bytes is a string, or nil for null. It is part of the message's memory.
func (r *reader) bytes() []byte {
	if !r.flexible {
		n := int(r.Int16())
		if n < 0 {
			return nil
		}
		return r.Span(n)
	}
	n := int(r.Uvarint()) - 1
	if n < 0 {
		return nil
	}
	return r.Span(n)
}

// tags skips the tagged fields that flexible versions end each structure with.
func (r *reader) tags() {
	if r.flexible {
		SkipTags(&r.Reader)
	}
}

// SkipTags is kmsg.SkipTags for data that may be garbage: it stops where the data does.
func SkipTags(r *kbin.Reader) {
	for n := r.Uvarint(); n > 0 && r.Ok(); n-- {
		r.Uvarint()
		r.Span(int(r.Uvarint()))
	}
}

// writer writes the parts of a message that flexible and older versions encode differently.
type writer struct {
	dst      []byte
	flexible bool
}

func (w *writer) arrayLen(n int) {
	if w.flexible {
		w.dst = kbin.AppendCompactArrayLen(w.dst, n)
		return
	}
	w.dst = kbin.AppendArrayLen(w.dst, n)
}

func (w *writer) string(s string) {
	if w.flexible {
		w.dst = kbin.AppendCompactString(w.dst, s)
		return
	}
	w.dst = kbin.AppendString(w.dst, s)
}

func (w *writer) tags() {
	if w.flexible {
		w.dst = append(w.dst, 0)
	}
}

// StringOf is the value of a nullable string; null is the empty string.
func StringOf(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
