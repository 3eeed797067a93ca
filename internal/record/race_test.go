//go:build race

package record

import "flag"

// With the race detector a check takes eight times as long, and nothing here starts a goroutine: it makes a tenth of them, unless
// -rapid.checks says how many. make check makes all of them without it.
func init() {
	if err := flag.Set("rapid.checks", "10"); err != nil {
		panic(err)
	}
}
