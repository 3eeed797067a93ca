// Package packed writes numbers in much less room. What is saved is deflated, as text within JSON: a ConfigMap has 1 MiB for the scalers of
// a release, and a source 16 KB. What is kept in memory is a list of bytes, in which numbers take as few as they need.
package packed

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/bits"
)

// Pack is the base64 of deflated bytes.
func Pack(raw []byte) (string, error) {
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.BestCompression)
	if err != nil {
		return "", fmt.Errorf("packing: %w", err)
	}
	if _, err := w.Write(raw); err != nil {
		return "", fmt.Errorf("packing: %w", err)
	}
	if err := w.Close(); err != nil {
		return "", fmt.Errorf("packing: %w", err)
	}
	return base64.StdEncoding.EncodeToString(out.Bytes()), nil
}

// Fit is what pack makes of so many numbers at about the finest grain, a power of two, with which it is at most so many bytes. Numbers whose
// noise is great are kept less exactly then; numbers that follow from each other stay exact.
func Fit(most, numbers int, pack func(grain int) (string, error)) (text string, grain int, err error) {
	for grain = 1; ; {
		if text, err = pack(grain); err != nil || len(text) <= most || grain == coarsest {
			return text, grain, err
		}
		bits := (len(text) - most) * 3 / max(1, numbers) // of each number: at most, six bits are a byte of text; half of it is not too many
		grain = min(coarsest, grain<<min(16, max(1, bits)))
	}
}

// coarsest is the coarsest grain: numbers of 16 bits have two values then.
const coarsest = 1 << 15

// Unpack reads what Pack wrote. It reads at most so many bytes and one more: a few bytes that somebody else wrote could become a
// gigabyte. The caller knows by the length that there were too many.
func Unpack(text string, most int64) ([]byte, error) {
	in, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("unpacking: %w", err)
	}
	raw, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(in)), most+1))
	if err != nil {
		return nil, fmt.Errorf("unpacking: %w", err)
	}
	return raw, nil
}

// Varints reads numbers that binary.AppendVarint wrote one after the other.
func Varints(raw []byte) ([]int64, error) {
	var numbers []int64
	for len(raw) > 0 {
		v, n := binary.Varint(raw)
		if n <= 0 {
			return nil, errors.New("unpacking: not a number")
		}
		numbers, raw = append(numbers, v), raw[n:]
	}
	return numbers, nil
}

// AppendFloat32 appends a number in 1 to 5 bytes, to its last bit. Whole numbers are short.
//
//	0, 10      1 byte
//	3600       2
//	100 000    3
//	1 000 000  3
//	0.5        2
//	0.1        5
func AppendFloat32(to []byte, v float32) []byte {
	if v >= 0 && v < wholeBelow {
		if whole := uint32(v); math.Float32bits(float32(whole)) == math.Float32bits(v) {
			return binary.AppendUvarint(to, uint64(whole)<<1)
		}
	}
	// The last bits of the fraction come first: where they are zeros, the number is shorter.
	return binary.AppendUvarint(to, uint64(bits.Reverse32(math.Float32bits(v)))<<1|1)
}

// wholeBelow is a power of two. Whole numbers below it are kept as such.
const wholeBelow = 1 << 31

// Float32 reads a number that AppendFloat32 appended, and returns what comes after it.
func Float32(from []byte) (v float32, rest []byte) {
	code, n := binary.Uvarint(from)
	if code&1 == 0 {
		return float32(code >> 1), from[n:]
	}
	return math.Float32frombits(bits.Reverse32(uint32(code >> 1))), from[n:]
}

// Float32Size is how many bytes AppendFloat32 appended for the number that comes first.
func Float32Size(from []byte) int {
	n := 1
	for from[n-1] >= 0x80 { // as long as a varint goes on
		n++
	}
	return n
}
