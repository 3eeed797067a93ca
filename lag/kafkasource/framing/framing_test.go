package framing

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"pgregory.net/rapid"
)

// What a client packs is read as it was, and the answer carries its correlation id.
func TestFrames(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		want := Request{
			rapid.Int16().Draw(rt, "key"), rapid.Int16().Draw(rt, "version"), rapid.Int32().Draw(rt, "correlation"),
			rapid.SliceOf(rapid.Byte()).Draw(rt, "body"),
		}
		frame := append(Pack(int32(8+len(want.Body)), want.Key, want.Version, want.Correlation), want.Body...)
		r := bytes.NewReader(append(frame, 1, 2))
		got, err := Read(r)
		if err != nil || got.Key != want.Key || got.Version != want.Version || got.Correlation != want.Correlation || !bytes.Equal(got.Body, want.Body) || r.Len() != 2 {
			rt.Fatalf("read %+v, %v, want %+v", got, err, want)
		}
		if answer := got.Answer([]byte("x")); !bytes.Equal(answer, append(Pack(int32(5), want.Correlation), 'x')) {
			rt.Fatalf("answer %v", answer)
		}
	})
	for _, frame := range [][]byte{nil, {0, 0}, Pack(int32(9), int32(1)), Pack(int32(4), int32(1))} {
		if q, err := Read(bytes.NewReader(frame)); err == nil {
			t.Errorf("%v is read as %+v", frame, q)
		}
	}
	if _, err := Read(bytes.NewReader([]byte{0x16, 3, 1, 2, 0, 1})); err == nil || errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a TLS handshake: %v", err)
	}
	if _, err := Read(bytes.NewReader(nil)); !errors.Is(err, io.EOF) {
		t.Errorf("the end is %v", err)
	}
}

func TestStrings(t *testing.T) {
	if got := Pack(int16(3), String("ab"), CompactString("ab")); !bytes.Equal(got, []byte{0, 3, 0, 2, 'a', 'b', 3, 'a', 'b'}) {
		t.Errorf("%v", got)
	}
}
