package scaler

import "fmt"

// Line is the decision in one line, every number of which is in the Decision.
func (d Decision) Line() string {
	return fmt.Sprintf("Hold %d %s", d.Current, d.Verdict)
}
