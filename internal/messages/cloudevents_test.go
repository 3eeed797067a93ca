package messages

import (
	"encoding/json"
	"testing"

	"github.com/cloudevents/sdk-go/v2/event"

	"github.com/lagscaler/lagscaler/scaler"
)

// The official SDK reads a batch, and finds nothing wrong with it: of every kind, and of names that are not text.
func TestCloudEvents(t *testing.T) {
	teller := NewTeller(Told{})
	all := teller.Next(report(at(0), one("shop/orders", at(0), scaler.Steady, 12, 12)))
	all = append(all, teller.Next(rebalanced(at(10), moved(2, 4)))...)
	odd := moved(20, 24)
	odd.Group = "\xff\x00 <b>"
	all = append(all, message(odd.End, Data{Kind: Rebalance, Groups: []Group{{"main", odd.Group}}, Line: odd.Group}), message(noon, Data{Kind: Stop, State: Begun, Line: "all"}))
	body, err := CloudEvents("/lagscaler/ns/lease", items(all...))
	if err != nil {
		t.Fatal(err)
	}
	var events []event.Event
	if err := json.Unmarshal(body, &events); err != nil {
		t.Fatalf("%v\n%s", err, body)
	}
	if len(events) != len(all) {
		t.Fatalf("%d events of %d messages", len(events), len(all))
	}
	for i, e := range events {
		var d Data
		if err := e.Validate(); err != nil {
			t.Errorf("%d: %v", i, err)
		}
		if err := e.DataAs(&d); err != nil || d.Kind != all[i].Data.Kind {
			t.Errorf("%d: %+v, %v", i, d, err)
		}
		if e.ID() != all[i].ID || e.Source() != "/lagscaler/ns/lease" || e.Type() != "io.lagscaler."+string(d.Kind) || !e.Time().Equal(all[i].At) || e.Subject() == "" {
			t.Errorf("%d: %v", i, e)
		}
	}
}
