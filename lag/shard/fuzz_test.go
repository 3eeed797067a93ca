package shard_test

import (
	"testing"

	"github.com/lagscaler/lagscaler/lag/shard"
)

// A Lease is written by whoever may write it. What is read of it is one of so many shards, and is written again as it was meant.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"0/1", "2/3", "-1/3", "3/3", "1/101", "a/b", "/", ""} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := shard.Parse(text)
		if err != nil {
			return
		}
		if s.Of < 1 || s.Of > shard.Most || s.Index < 0 || s.Index >= s.Of {
			t.Fatalf("%q is %+v", text, s)
		}
		if again, err := shard.Parse(s.String()); err != nil || again != s {
			t.Errorf("%q is %+v, and written again %+v (%v)", text, s, again, err)
		}
	})
}
