// Package api is the JSON that programs may rely on: the output of lagscaler lag -o json and the response of /api/v1/lag, and the
// rebalances on other paths and in lagscaler rebalances -o json.
//
// The problem: scripts of other people read this JSON, so it must not change with the types of the program. The rules:
//
//	names       lowerCamelCase; never renamed or removed, fields may be added
//	unknown     null, never 0 or -1
//	lists       sorted and never null, except those marked "absent when empty"
//	numbers     offsets and lags are whole records, times are seconds
//
// docs/json.md is made from the types of lag.go and their comments.
//
// Example: partition 0 has a lag of 60, and the group never committed on partition 1, where the log holds 100 records:
//
//	{"partition": 0, "committed": 40, "end": 100, "lag": 60, "lagUpperBound": null, …}
//	{"partition": 1, "committed": null, "end": 100, "lag": null, "lagUpperBound": 100, …}
package api
