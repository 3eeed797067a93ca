package say

import (
	"fmt"
	"math"
	"time"

	"github.com/lagscaler/lagscaler/scaler/number"
	"github.com/lagscaler/lagscaler/scaler/promise"
)

// muchCheaper is the share of the cost below which another target is worth a line.
const muchCheaper = 2. / 3

// Cheaper says that an objective would cost less than two thirds for another target; empty: it would not.
//
//	99.9 % within 60 s instead of 30 s would cost 8.1 consumers instead of 17
func Cheaper(list *promise.Price, target time.Duration, objective float64) string {
	from, ok := list.Cell(target, objective)
	if !ok {
		return ""
	}
	for _, r := range list.Rows {
		to, ok := list.Cell(r.Target, objective)
		if !ok || !to.Reachable || r.Target <= target || to.Consumers >= muchCheaper*from.Consumers {
			continue
		}
		return fmt.Sprintf("%s within %s instead of %s would cost %s instead of %s", number.Kept(objective), number.Duration(r.Target),
			number.Duration(target), cost(to.Option), reached(from))
	}
	return ""
}

// Corrected says how the late records of a play are corrected; empty: by next to nothing.
//
//	late records are counted as if the target lag were 3 s shorter: more records were really late than in the simulation
//	60 % of the late records are counted: fewer records were really late than in the simulation
func Corrected(c promise.Correction) string {
	switch {
	case c.Later >= 0.5:
		return fmt.Sprintf("late records are counted as if the target lag were %s shorter: more records were really late than in the simulation", number.Seconds(math.Round(c.Later)))
	case c.Share < 0.95:
		return fmt.Sprintf("%.0f %% of the late records are counted: fewer records were really late than in the simulation", 100*c.Share)
	}
	return ""
}

// reached is what an objective costs, or what does not even keep it.
func reached(c promise.PriceCell) string {
	if c.Reachable {
		return number.Quantity(c.Consumers)
	}
	return fmt.Sprintf("%s, which would have kept %s only", number.Quantity(c.Consumers), number.Kept(c.Kept))
}

// Change says what would make an objective cheaper, most of all; empty: nothing that was played.
//
//	pods that start in 20 s instead of 40 s: 11 consumers instead of 17
//	a target of 60 s instead of 30 s: 8.1 consumers instead of 17
func Change(list *promise.Price, target time.Duration, objective float64) string {
	change, ok := list.Cheapest(target, objective)
	if !ok {
		return ""
	}
	what := fmt.Sprintf("a target of %s instead of %s", number.Duration(change.Target), number.Duration(target))
	if change.Target == 0 {
		what = "pods that start in half the time"
		if list.Start > 0 {
			what = fmt.Sprintf("pods that start in %s instead of %s", number.Seconds(list.Start/2), number.Seconds(list.Start))
		}
	}
	return fmt.Sprintf("%s: %s instead of %s", what, cost(change.To.Option), reached(change.From))
}
