// Package prom starts a real Prometheus and a real Alertmanager for a test,
// on 127.0.0.1, and ends them with the test binary.
//
//	alertmanager := prom.StartAlertmanager(t, prom.AlertmanagerConfig{})
//	server := prom.Start(t, prom.Config{
//		Targets:       []prom.Target{{Job: "lagscaler", Address: address}},
//		RuleFiles:     []string{"rules.yaml"},
//		Alertmanagers: []string{alertmanager.Address},
//	})
//	server.AwaitVector(t, `sum(lagscaler_group_lag_records)`, prom.NotEmpty)
//	alert := alertmanager.AwaitFiring(t, "LagscalerGroupEmpty")
//
// The default of all intervals is one second. So an alert with "for: 2s" is
// delivered about four seconds after its metric has changed.
package prom
