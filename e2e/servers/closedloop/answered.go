package closedloop

import (
	"slices"
	"testing"

	"github.com/lagscaler/lagscaler/scaler"
)

// CheckAnswered checks what a leader said of the loop's scaler while another autoscaler acted by its number: that it is asked for, that
// lagscaler wrote nothing, and that nobody is a stranger.
func (s *Loop) CheckAnswered(t *testing.T, d *Daemon) {
	t.Helper()
	answered := 0
	for _, r := range d.History() {
		for _, one := range r.Scalers {
			if !r.Leader || one.Name != s.Name() {
				continue
			}
			if one.Disposition == scaler.Answered {
				answered++
			}
			strangers := []scaler.Reason{scaler.ReplicasFought, scaler.ExternalChange, scaler.ZeroByHand, scaler.ZeroByHandWaiting}
			wrote := one.Disposition == scaler.Applied || one.Disposition == scaler.Conflict
			if wrote || slices.Contains(strangers, one.Decision.Verdict) {
				t.Errorf("%s: %s %s", r.At.Format("15:04:05"), one.Disposition, one.Line)
			}
		}
	}
	if answered == 0 {
		t.Error("no decision was answered")
	}
}
