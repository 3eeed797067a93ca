package shard

import (
	"fmt"
	"strconv"
	"strings"
)

// Most is how many shards there may be.
const Most = 100

// Shard is one of several shards. The zero value, like 0/1, is the only one.
type Shard struct {
	Index int // from 0
	Of    int // how many there are; 0 and 1: this is the only one
}

// Parse reads the index of a shard and how many there are, such as 0/3 for the first of three. The error says what is wrong with it.
func Parse(text string) (Shard, error) {
	index, of, ok := strings.Cut(text, "/")
	i, err := strconv.Atoi(index)
	n, err2 := strconv.Atoi(of)
	switch {
	case !ok || err != nil || err2 != nil:
		return Shard{}, fmt.Errorf("%q is not INDEX/SHARDS, such as 0/3 for the first of three", text)
	case n < 1 || n > Most:
		return Shard{}, fmt.Errorf("%q: there may be 1 to %d shards", text, Most)
	case i < 0 || i >= n:
		return Shard{}, fmt.Errorf("%q: the index of %d shards is 0 to %d", text, n, n-1)
	}
	return Shard{Index: i, Of: n}, nil
}

// String is what Parse reads.
func (s Shard) String() string { return strconv.Itoa(s.Index) + "/" + strconv.Itoa(max(1, s.Of)) }

// Alone reports whether there is no other shard.
func (s Shard) Alone() bool { return s.Of <= 1 }

// Owns reports whether a group belongs to the shard.
func (s Shard) Owns(cluster, group string) bool { return Owner(cluster, group, s.Of) == s.Index }

// Owner is the shard of so many to which a group belongs: the one with the greatest hash of shard, cluster and group (rendezvous
// hashing, Thaler and Ravishankar 1998). It is the same in every process and every version.
func Owner(cluster, group string, of int) int {
	if of <= 1 {
		return 0
	}
	name := fnv(fnv(fnvOffset, cluster)*fnvPrime, group) // the multiplication takes in a byte 0 between the two
	owner, greatest := 0, uint64(0)
	for i := range of {
		if h := mix(name + uint64(i+1)*golden); i == 0 || h > greatest {
			owner, greatest = i, h
		}
	}
	return owner
}

// FNV-1a, 64 bits.
const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)

func fnv(h uint64, text string) uint64 {
	for i := range len(text) {
		h = (h ^ uint64(text[i])) * fnvPrime
	}
	return h
}

const golden = 0x9e3779b97f4a7c15

// mix is the finalizer of SplitMix64: FNV alone does not spread the last bytes of names over all bits.
func mix(h uint64) uint64 {
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}
