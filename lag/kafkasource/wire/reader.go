package wire

import "github.com/twmb/franz-go/pkg/kbin"

// reader reads what flexible and older versions of a message write differently.
// Whatever the bytes are, it allocates nothing and no loop over it runs longer than they are many.
type reader struct {
	kbin.Reader
	flexible bool
}

// arrayLen is the number of elements that follow, of at least size bytes each: never more than the bytes left can hold.
// Null is 0.
func (r *reader) arrayLen(size int) int {
	var n int32
	if r.flexible {
		n = r.CompactArrayLen()
	} else {
		n = r.ArrayLen()
	}
	if int(n) > len(r.Src)/size {
		r.Span(len(r.Src) + 1) // no array is that long: the rest cannot be read
	}
	if !r.Ok() {
		return 0
	}
	return max(0, int(n))
}

// bytes is a string, or nil for null, as part of the message's memory.
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

// writer writes what flexible and older versions of a message write differently.
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

// StringOf is a string of a message; null is empty.
func StringOf(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
