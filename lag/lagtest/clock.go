package lagtest

import (
	"time"
	"unsafe"
)

// WallSet is a time as the process would read it if the wall clock had been set by d, in whole seconds, before: what the clock
// shows is another time, and the time that passed since other readings is the same. A time without monotonic reading, which
// time.Now never returns, has only what the clock shows.
//
// Package time has no way to make such a value, and no test may set the clock of the machine. This changes the seconds in the
// first word of a time.Time, which holds them in bits 30 to 62 if bit 63 says that there is a monotonic reading.
func WallSet(t time.Time, d time.Duration) time.Time {
	const hasMonotonic = 1 << 63
	word := (*uint64)(unsafe.Pointer(&t)) //nolint:gosec // see above; TestWallSet checks the layout
	if *word&hasMonotonic == 0 {
		return t.Add(d)
	}
	*word += uint64(d/time.Second) << 30 //nolint:gosec // a negative d wraps, as it must
	return t
}
