package kube

import (
	"math"
	"strconv"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/kube/v1alpha1"
)

// objectiveOf is the objective of a scaler, and what keeps it: of the source that would have kept least. It is nil without an objective, and
// while nothing is known of any source.
func objectiveOf(o *scaler.Outcome) *v1alpha1.ObjectiveStatus {
	d := &o.Decision
	out := &v1alpha1.ObjectiveStatus{Percent: d.Policy.Objective, Message: o.Promise, Cheaper: o.Cheaper}
	least, known := 0.0, false
	for i := range d.Needs {
		c := d.Needs[i].Promise
		if c == nil || d.Needs[i].StandsBy {
			continue
		}
		if c.Measured != nil && (out.Kept == "" || *c.Measured < least) {
			least, out.Kept = *c.Measured, percent(*c.Measured)
		}
		known = true
	}
	if c := d.Promised(); c != nil && !c.Learning {
		out.Reachable, out.WouldHaveKept = &c.Reachable, percent(c.Kept)
	}
	if !known || d.Policy.Objective == 0 {
		return nil
	}
	return out
}

// percent is a share of records in percent, never rounded up.
func percent(share float64) string {
	return strconv.FormatFloat(math.Floor(share*1e5+1e-6)/1e3, 'f', -1, 64)
}
