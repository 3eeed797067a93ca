package packed_test

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/lagscaler/lagscaler/scaler/packed"
)

// What is packed comes back, and no more of it than is allowed, and one byte.
func TestPack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := rapid.SliceOf(rapid.Byte()).Draw(t, "raw")
		text, err := packed.Pack(raw)
		if err != nil {
			t.Fatal(err)
		}
		got, err := packed.Unpack(text, int64(len(raw)))
		if err != nil || !bytes.Equal(got, raw) {
			t.Fatalf("%v became %v: %v", raw, got, err)
		}
		if len(raw) > 1 {
			if less, err := packed.Unpack(text, int64(len(raw)-2)); err != nil || len(less) != len(raw)-1 {
				t.Fatalf("%d bytes, not %d: %v", len(less), len(raw)-1, err)
			}
		}
	})
}

func TestVarints(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOf(rapid.Int64()).Draw(t, "numbers")
		var raw []byte
		for _, v := range want {
			raw = binary.AppendVarint(raw, v)
		}
		if got, err := packed.Varints(raw); err != nil || !slices.Equal(got, want) {
			t.Fatalf("%v became %v: %v", want, got, err)
		}
		if _, err := packed.Varints(append(raw, 0x80)); err == nil {
			t.Fatal("a number that does not end is read")
		}
	})
}

func TestUnpackWhatNobodyPacked(t *testing.T) {
	for _, text := range []string{"?", "AAAA", "////"} {
		if got, err := packed.Unpack(text, 10); err == nil {
			t.Errorf("%q became %v", text, got)
		}
	}
}
