// Package dashboards defines the Grafana dashboards in Go, renders them as JSON, and pushes them to a Grafana server.
//
//	overview, group, scaling, self --spec--> sdk.Board (variables, links, annotations)
//	                                  \----> sdk.CustomPanel, with the typed options of this package
//	                                         --render--> json/*.json, files for provisioning, push
//
// grafana-tools/sdk is no longer developed, and its panel types lack the newer fields of Grafana. Therefore:
//
//   - every panel is a CustomPanel, built by one function, panel.build;
//   - render deletes the keys that the SDK writes but current Grafana does not have;
//   - a test checks the JSON against the TypeScript types of current Grafana (tools/grafana-schema).
//
// The package is larger than others because four dashboards are a list of titles, descriptions and queries. Their parts are not divided: every
// panel uses the same words, colours and queries.
//
//	query.go    how events are counted, and what a missing value means
//	words.go    units, colours of statuses, links of rows
//	panel.go    what each kind of panel looks like
//
// For example, graph("Lag", records, "…", query{ofGroup("lagscaler_group_lag_records"), oneGroup}) is a time series panel of
// half the width, filtered by the variables of the dashboard. After a change run go generate, which writes json/.
package dashboards

//go:generate env UPDATE_GOLDEN=1 go test -count=1 -run TestFilesAreUpToDate .
