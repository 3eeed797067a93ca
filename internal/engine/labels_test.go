package engine

import (
	"maps"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// Whose a group is, and whose its scaler: each label from the first that says it.
func TestWhoseAGroupIs(t *testing.T) {
	for _, c := range []struct {
		name                  string
		configured, declared  map[string]string
		refused               scaler.Refusal
		wantGroup, wantScaler map[string]string
	}{
		{name: "nobody says"},
		{
			name: "the configuration", configured: map[string]string{"team": "a"},
			wantGroup: map[string]string{"team": "a"}, wantScaler: map[string]string{"team": "a"},
		},
		{
			name: "the KafkaScaler", declared: map[string]string{"team": "b"},
			wantGroup: map[string]string{"team": "b"}, wantScaler: map[string]string{"team": "b"},
		},
		{
			name: "both", configured: map[string]string{"team": "a"}, declared: map[string]string{"team": "b", "product": "x"},
			wantGroup: map[string]string{"team": "a", "product": "x"}, wantScaler: map[string]string{"team": "b", "product": "x"},
		},
		{
			name: "a KafkaScaler that may not name the group says nothing of it", declared: map[string]string{"team": "thief"},
			refused: scaler.Refuse("NotAllowed", "no"), wantScaler: map[string]string{"team": "thief"},
		},
		{
			name: "one whose target cannot be read does", declared: map[string]string{"team": "b"},
			refused: scaler.RefuseTarget("TargetUnread", "no"), wantGroup: map[string]string{"team": "b"}, wantScaler: map[string]string{"team": "b"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := idle(t)
			f.scaler.Owners, f.scaler.Refusal = c.declared, c.refused
			s := settings(&kafka{name: "main", end: 100, committed: 100, members: 3})
			s.Labels = func(cluster, group string) map[string]string {
				if cluster == "main" && group == "orders" {
					return c.configured
				}
				return nil
			}
			e := New(s, Options{Targets: f})
			for range 2 { // the second poll knows the scalers
				e.Tick(t.Context(), time.Now())
			}
			g, ok := e.Latest().Clusters[0].Group("orders")
			if !ok || !maps.Equal(g.Labels, c.wantGroup) {
				t.Errorf("group %v, want %v", g.Labels, c.wantGroup)
			}
			if got := e.Latest().Scalers[0].Owners; !maps.Equal(got, c.wantScaler) {
				t.Errorf("scaler %v, want %v", got, c.wantScaler)
			}
		})
	}
}

// Of two KafkaScalers that name a group the first by name says whose it is, as with thresholds; maps of one are not written by another.
func TestTheFirstScalerSays(t *testing.T) {
	sources := []seen.SourceSpec{{Cluster: "main", Group: "orders"}}
	first, second := map[string]string{"team": "a"}, map[string]string{"team": "b", "product": "x"}
	d := declare([]scaler.Scaler{{Name: "shop/z", Sources: sources, Owners: second}, {Name: "shop/a", Sources: sources, Owners: first}}, scaler.Advise, nil)
	if got := d.labels[groupName{"main", "orders"}]; !maps.Equal(got, first) {
		t.Errorf("%v", got)
	}
	if got := merged(first, second); got["team"] != "a" || got["product"] != "x" || len(first) != 1 || second["team"] != "b" {
		t.Errorf("%v of %v and %v", got, first, second)
	}
}
