package serve

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/http"
)

// Whole is a value whose JSON ends with a long list. It is written element by element, so that a long list, and a client that
// reads it slowly, cost the memory of one element.
type Whole struct {
	head     any // the value with an empty list, which must be its last field
	elements iter.Seq[any]
}

// WholeOf is a value with a list of the elements. Head is the value with an empty list, which must be its last field. An element
// may be a Whole again.
func WholeOf[T any](head any, elements iter.Seq[T]) Whole {
	return Whole{head, func(yield func(any) bool) {
		for e := range elements {
			if !yield(e) {
				return
			}
		}
	}}
}

// Mapped applies a function to each element, when it is read.
func Mapped[T, U any](elements iter.Seq[T], of func(T) U) iter.Seq[U] {
	return func(yield func(U) bool) {
		for e := range elements {
			if !yield(of(e)) {
				return
			}
		}
	}
}

// Pointers are the elements of a list, not copied.
func Pointers[T any](list []T) iter.Seq[*T] {
	return func(yield func(*T) bool) {
		for i := range list {
			if !yield(&list[i]) {
				return
			}
		}
	}
}

// writeTo writes the JSON of a value. An error among the elements ends the list, which is then no JSON.
func writeTo(w *bufio.Writer, v any) error {
	switch v := v.(type) {
	case Whole:
		return v.writeTo(w)
	case error:
		return v
	}
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encoding: %w", err)
	}
	if _, err = w.Write(text); err != nil {
		return fmt.Errorf("writing: %w", err)
	}
	return nil
}

func (l Whole) writeTo(w *bufio.Writer) error {
	text, err := json.Marshal(l.head)
	if err != nil {
		return fmt.Errorf("encoding: %w", err)
	}
	start, ok := bytes.CutSuffix(text, []byte("]}"))
	if !ok || !bytes.HasSuffix(start, []byte("[")) {
		return fmt.Errorf("the last field of %T is not an empty list", l.head)
	}
	_, _ = w.Write(start)
	separator := ""
	for e := range l.elements {
		_, _ = w.WriteString(separator) // an error stays in the buffer, and the next Write or Flush returns it
		separator = ","
		if err := writeTo(w, e); err != nil {
			return err
		}
	}
	_, _ = w.WriteString("]}")
	return nil
}

// ServeJSON answers with its JSON. An error means that the answer is cut off, since its beginning is sent already.
func (l Whole) ServeJSON(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", "application/json")
	return l.WriteJSON(w)
}

// WriteJSON writes its JSON. If the error is not nil, a part of it may be written.
func (l Whole) WriteJSON(w io.Writer) error {
	out := bufio.NewWriterSize(w, 32<<10)
	if err := l.writeTo(out); err != nil {
		return err
	}
	_ = out.WriteByte('\n')
	return out.Flush()
}
