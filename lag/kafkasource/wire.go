package kafkasource

import "github.com/twmb/franz-go/pkg/kbin"

// wire reads what flexible and older versions of a message write differently.
// Whatever the bytes are, it allocates nothing and no loop over it runs longer than they are many.
type wire struct {
	kbin.Reader
	flexible bool
}

// arrayLen is the number of elements that follow, of at least size bytes each: never more than the bytes left can hold.
// Null is 0.
func (w *wire) arrayLen(size int) int {
	var n int32
	if w.flexible {
		n = w.CompactArrayLen()
	} else {
		n = w.ArrayLen()
	}
	if int(n) > len(w.Src)/size {
		w.Span(len(w.Src) + 1) // no array is that long: the rest cannot be read
	}
	if !w.Ok() {
		return 0
	}
	return max(0, int(n))
}

// bytes is a string, or nil for null, as part of the message's memory.
func (w *wire) bytes() []byte {
	if !w.flexible {
		n := int(w.Int16())
		if n < 0 {
			return nil
		}
		return w.Span(n)
	}
	n := int(w.Uvarint()) - 1
	if n < 0 {
		return nil
	}
	return w.Span(n)
}

// tags skips the tagged fields that flexible versions end each structure with.
func (w *wire) tags() {
	if w.flexible {
		skipTags(&w.Reader)
	}
}
