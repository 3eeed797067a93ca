package kube

import (
	"slices"
	"testing"

	"github.com/lagscaler/lagscaler/scaler/kube/strimzi"
)

// CheckStrimzi asks for exactly the rights that the watches of the daemon need: of each namespace, and of each Secret by its name.
func TestCheckStrimzi(t *testing.T) {
	const manifest = `
apiVersion: kafka.strimzi.io/v1
kind: Kafka
metadata: {name: orders, namespace: kafka, labels: {lag: "yes"}}
spec: {kafka: {listeners: [{name: plain, port: 9092, type: internal, tls: false}]}}
status: {listeners: [{name: plain, bootstrapServers: "orders:9092"}]}
---
apiVersion: kafka.strimzi.io/v1
kind: Kafka
metadata: {name: payments, namespace: kafka, labels: {lag: "yes"}}
spec: {kafka: {listeners: [{name: plain, port: 9092, type: internal, tls: false}]}}
`
	all := strimzi.Selection{Namespace: "kafka", Labels: "lag=yes", Listener: "plain"}
	named, each := all, all
	named.User, each.User = "reader", "{name}-reader"
	for name, c := range map[string]struct {
		wanted []strimzi.Selection
		denied []string
		found  []string // origins
		want   []string
		not    []string
	}{
		"without a user": {
			wanted: []strimzi.Selection{all}, found: []string{"Kafka kafka/orders", "Kafka kafka/payments"},
			want: []string{"permissions for Strimzi ok 2 of 2 are granted"}, not: []string{"warning", "Forbidden", "secrets"},
		},
		"a user": {
			wanted: []strimzi.Selection{named}, denied: []string{`watch secrets  in "kafka" named reader`, `list secrets  in "kafka" named other`},
			found: []string{"Kafka kafka/orders", "Kafka kafka/payments"},
			want:  []string{"Forbidden watch secrets named reader in kafka without it: the clusters whose user", "permissions for Strimzi ok 3 of 4"},
			not:   []string{"Forbidden list"},
		},
		"a user of each": {
			wanted: []strimzi.Selection{each}, denied: []string{`list secrets  in "kafka" named payments-reader`},
			found: []string{"Kafka kafka/orders", "Kafka kafka/payments"},
			want:  []string{"Forbidden list secrets named payments-reader in kafka", "ok 5 of 6"}, not: []string{"{name}"},
		},
		"two entries for one namespace": {
			wanted: []strimzi.Selection{all, named}, found: []string{"Kafka kafka/orders", "Kafka kafka/payments"},
			want: []string{"Strimzi in kafka warning there is no Kafka resource with the labels lag=yes that no entry of strimzi before this one selects", "ok 4 of 4"},
		},
		"nothing is there": {
			wanted: []strimzi.Selection{{Namespace: "empty", Listener: "plain"}},
			want:   []string{"Strimzi in empty warning there is no Kafka resource\n", "ok 2 of 2"},
		},
		"no rights in the namespace": {
			wanted: []strimzi.Selection{all}, denied: []string{`list kafkas  in "kafka"`, `watch kafkas  in "kafka"`},
			found: []string{"Kafka kafka/orders", "Kafka kafka/payments"}, // the API server of the test only says so
			want:  []string{"Forbidden list kafkas.kafka.strimzi.io in kafka without it: Kafka clusters of Strimzi are not found", "Forbidden watch kafkas", "ok 0 of 2"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, manifest, func(w *world) {
				w.grant(c.denied...)
				found, findings := CheckStrimzi(t.Context(), w.clients, c.wanted)
				compare(t, findings, c.want, c.not)
				var origins []string
				for _, f := range found {
					origins = append(origins, f.Origin())
				}
				if !slices.Equal(origins, c.found) {
					t.Errorf("found %q, want %q", origins, c.found)
				}
			})
		})
	}
}
