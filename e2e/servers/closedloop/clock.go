package closedloop

import (
	"encoding/binary"
	"os"
	"testing"
	"time"
)

// StepClock sets the wall clock of the daemons that have this ClockFile forward, or back when by is below zero, against the right
// time. It makes the file when there is none.
func StepClock(t *testing.T, file string, by time.Duration) {
	t.Helper()
	f, err := os.OpenFile(file, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(int64(os.Getpagesize())); err != nil {
		t.Fatal(err)
	}
	// Not truncated to nothing and not replaced: daemons have its memory mapped.
	if _, err := f.WriteAt(binary.LittleEndian.AppendUint64(nil, uint64(by/time.Second)), 0); err != nil {
		t.Fatal(err)
	}
}
