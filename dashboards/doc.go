// Package dashboards holds the Grafana dashboards, as Go and as JSON, and pushes them to a Grafana.
//
//	overview, group, scaling, self --spec--> sdk.Board (shell: variables, links, annotations)
//	                                  \----> sdk.CustomPanel, from the typed options of this package
//	                                         --render--> json/*.json, files for provisioning, push
//
// grafana-tools/sdk is dormant, and its panel types lose what Grafana learned since: every panel is a CustomPanel
// that one function builds, and render drops the keys that only the SDK knows. What is written is checked against
// the types of current Grafana (tools/grafana-schema).
package dashboards

//go:generate env UPDATE_GOLDEN=1 go test -count=1 -run TestFilesAreUpToDate .
