package scaler

import "testing"

// The table is complete: see CONTRIBUTING, "Adding a rule to the scaler".
func TestTable(t *testing.T) {
	for i := range rules {
		r := &rules[i]
		if r.again {
			continue
		}
		if r.words == nil {
			t.Errorf("%s has no words", r.reason)
		}
	}
}
