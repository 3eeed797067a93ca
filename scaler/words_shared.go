package scaler

import (
	"fmt"

	"github.com/lagscaler/lagscaler/scaler/need"
	"github.com/lagscaler/lagscaler/scaler/number"
)

// wouldDo says how many would be enough.
func wouldDo(d *Decision, n *need.Need) string {
	return fmt.Sprintf("%d would do", d.Replicas(max(n.Down, n.Up)))
}

func until(d *Decision) string {
	if d.Wait == nil || d.Wait.Until == nil {
		return "?"
	}
	return number.Clock(*d.Wait.Until)
}

// memberWords tell how consumers and replicas differ, where they do.
func memberWords(d *Decision) []string {
	var parts []string
	if d.Why.PerReplica > 1 {
		parts = append(parts, fmt.Sprintf("%d consumers in a replica", d.Why.PerReplica))
	}
	if d.Why.Foreign > 0 {
		parts = append(parts, fmt.Sprintf("%d consumers run elsewhere", d.Why.Foreign))
	}
	return parts
}
