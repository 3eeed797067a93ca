// Package web shows a Report as pages and as JSON, and answers health checks.
//
// The problem: people on call need the state of all groups and scalers at a glance, also while Kafka or Kubernetes does not answer,
// and programs need the same numbers. The rules:
//
//   - A page is made only from the last Report, which has up to 100 of the last rebalances of each group, and from the samples of the
//     last two hours that package recent keeps (at most 96 MiB). A page never causes a request to Kafka or Kubernetes, and it
//     changes nothing. One page, /history, asks a Prometheus, if the configuration names one: at most four questions at once.
//   - A page and its JSON are made from one value.
//   - Nothing is loaded from other hosts, and a strict content security policy enforces that. The pages work without JavaScript,
//     which only refreshes them and draws the charts.
//
// The paths (web.go), and the file in which their value is made:
//
//	page           JSON                  shows                                     file
//	/              /api/v1/groups        all groups: search, sort, 50 on a page    groups.go, row.go, list.go
//	/group         /api/v1/group         one group, with its last two hours        group.go
//	/history       /api/v1/history       what was of a group, from Prometheus      history.go
//	/decisions     /api/v1/decisions     the last decision of each scaler          decisions.go
//	/scaler        /api/v1/scaler        one scaler, with its last week            scaler.go, story.go
//	/rebalances    /api/v1/rebalances    rebalances of all groups (events)         rebalances.go
//	/bill          /api/v1/bill          what all scalers took, and what instead   bill.go, billcells.go, billsums.go
//	/status        /api/v1/status        how the clusters are read, the settings   status.go
//	               /api/v1/lag           every partition: package api              group.go
//	               /api/v1/compare       a week of a scaler's decisions            compare.go
//	/healthz                             some poll began recently                  health.go
//	/readyz                              there is a Report                         health.go
//
// problems.go says on each page what is wrong and what to do about it. digest.go has the values that need a loop over all
// groups: they are made once for each Report. render.go and format.go turn values into HTML.
//
// The package has more than 1,500 lines. It has one task: each file makes the value of one path, and all values show the same Report.
//
// Example: /group?cluster=main&group=orders is the page of a group, and /api/v1/group with the same query is the [GroupPage]
// that it is made from. The status is 404 if the group is unknown, and 503 until the first poll has ended.
package web
