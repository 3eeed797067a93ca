package daemon

import (
	"os"
	"strconv"
	"strings"
	"time"
)

// uptime is how long the machine has been up. Linux counts the time in which it was suspended in /proc/uptime, and in no clock that
// Go reads. On other systems it is not known.
func uptime() (up time.Duration, ok bool) {
	text, err := os.ReadFile("/proc/uptime")
	if err != nil {
		return 0, false
	}
	return readUptime(string(text))
}

// readUptime reads the first number: seconds, with hundredths.
func readUptime(text string) (up time.Duration, ok bool) {
	first, _, _ := strings.Cut(strings.TrimSpace(text), " ")
	seconds, err := strconv.ParseFloat(first, 64)
	if err != nil || !(seconds >= 0 && seconds < 1e9) {
		return 0, false
	}
	return time.Duration(seconds * float64(time.Second)), true
}
