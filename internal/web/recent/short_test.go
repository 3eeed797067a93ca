package recent

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// Every number comes back with an error that nobody sees, in the order of the numbers. What is unknown stays unknown.
func TestShort(t *testing.T) {
	if v := unknown.value(); !math.IsNaN(v) {
		t.Errorf("unknown is %v", v)
	}
	for v, want := range map[float64]float64{0: 0, 200: 200, 1234: 1232, 98765.4: 98816} { // as its documentation says
		if got := shorten(v).value(); got != want {
			t.Errorf("%v is %v, want %v", v, got, want)
		}
	}
	number := rapid.Float64Range(0, 1<<50)
	rapid.Check(t, func(t *rapid.T) {
		a, b := number.Draw(t, "a"), number.Draw(t, "b")
		got := shorten(a).value()
		if a > 1e-30 && math.Abs(got-a) > 0.004*a {
			t.Fatalf("%v is %v", a, got)
		}
		if a < b && got > shorten(b).value() {
			t.Fatalf("%v is %v, and %v is less", a, got, b)
		}
	})
}
