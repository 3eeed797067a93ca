package output

import "testing"

func TestNumbersForPeople(t *testing.T) {
	for seconds, want := range map[float64]string{0: "0s", 0.04: "0s", 12.34: "12.3s", 75: "1m15s", 9000: "2h30m0s"} {
		if got := Seconds(&seconds); got != want {
			t.Errorf("Seconds(%v) = %s, want %s", seconds, got, want)
		}
	}
	for name, want := range map[string]string{"": "-", "a b": "a b", "a\tb": `a\tb`, "a\nb": `a\nb`, "größe": "größe", `"q"`: `"q"`, "\x1b[2J": `\x1b[2J`, "\u202e": `\u202e`} {
		if got := Printable(name); got != want {
			t.Errorf("Printable(%q) = %s, want %s", name, got, want)
		}
	}
}
