package daemon

import (
	"runtime"
	"testing"
	"time"
)

func TestUptime(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"350735.47 234388.90\n": 350735*time.Second + 470*time.Millisecond, "0.00 0.00\n": 0, "12\n": 12 * time.Second,
		"": -1, "up\n": -1, "-5 1\n": -1, "NaN 1\n": -1, "Inf 1\n": -1, "1e300 1\n": -1,
	} {
		got, ok := readUptime(text)
		if ok != (want >= 0) || ok && (got-want).Abs() > time.Millisecond {
			t.Errorf("%q: %v, %v; want %v", text, got, ok, want)
		}
	}
	first, ok := uptime()
	if ok != (runtime.GOOS == "linux") {
		t.Fatalf("%v, known %v on %s", first, ok, runtime.GOOS)
	}
	if again, _ := uptime(); again < first || again > first+time.Minute {
		t.Errorf("%v, and then %v", first, again)
	}
}
