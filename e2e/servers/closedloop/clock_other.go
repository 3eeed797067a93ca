//go:build !(linux && amd64)

package closedloop

import "errors"

// CanStepClocks reports whether the clock of a daemon can be set: that needs the machine code of the system.
const CanStepClocks = false

func skewClock(string) error { return errors.New("only on Linux with amd64") }
