package need

import (
	"os"
	"strings"
	"testing"

	"github.com/lagscaler/lagscaler/lag"
)

// The decision that README.md and the documentation explain is one that the program could make: its numbers give its words,
// and the words say why the number is 12 and not the planned 9.
func TestTheDocumentedDecision(t *testing.T) {
	n := &Need{
		Rate: 238, RateKnown: true, Forecast: 381, ForecastBy: FromTrend, Utilization: 0.92, PerConsumer: 50,
		Backlog: 99, DrainSeconds: 10, Useful: 12, Up: 12,
	}
	n.Base = n.Forecast / n.Utilization
	n.DrainRate = n.Backlog / n.DrainSeconds
	n.Required = n.Base + n.DrainRate
	n.Plan = int32(n.Required/n.PerConsumer) + 1
	d := n.Now(true)
	for _, file := range []string{"README.md", "docs/concepts.md", "docs/scaling.md"} {
		text, err := os.ReadFile("../../" + file)
		if err != nil {
			t.Fatal(err)
		}
		if want := d.Rate + "; " + d.Count + "\n"; !strings.Contains(string(text), want) {
			t.Errorf("%s has no decision with %q", file, want)
		}
	}
	if lag.RateWindow.Seconds() != 30 {
		t.Errorf("the documents say that a rate is that of 30 s, not of %v", lag.RateWindow)
	}
}
