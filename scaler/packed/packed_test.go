package packed_test

import (
	"bytes"
	"encoding/binary"
	"math"
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

// Numbers come back to their last bit, one after the other. Whole ones are short.
func TestFloat32(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOf(rapid.OneOf(rapid.Uint32(), rapid.Map(rapid.Float32Range(0, 1e10), func(v float32) uint32 { return math.Float32bits(float32(math.Round(float64(v)))) }))).Draw(t, "bits")
		var list []byte
		for _, v := range want {
			list = packed.AppendFloat32(list, math.Float32frombits(v))
		}
		for i, v := range want {
			size, got, rest := packed.Float32Size(list), float32(0), []byte(nil)
			if got, rest = packed.Float32(list); math.Float32bits(got) != v || len(list)-len(rest) != size {
				t.Fatalf("number %d: %x became %x of %d bytes, want %d", i, v, math.Float32bits(got), len(list)-len(rest), size)
			}
			list = rest
		}
		if len(list) != 0 {
			t.Fatalf("%d bytes are left", len(list))
		}
	})
	for v, most := range map[float32]int{0: 1, 10: 1, 3600: 2, 100_000: 3, 1_000_000: 3, 0.5: 2, 0.1: 5} {
		if took := len(packed.AppendFloat32(nil, v)); took > most {
			t.Errorf("%v takes %d bytes, want at most %d", v, took, most)
		}
	}
}

func TestUnpackWhatNobodyPacked(t *testing.T) {
	for _, text := range []string{"?", "AAAA", "////"} {
		if got, err := packed.Unpack(text, 10); err == nil {
			t.Errorf("%q became %v", text, got)
		}
	}
}
