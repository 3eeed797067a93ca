// Package access connects the program to the API server, and knows which permissions it needs there and which of
// them are missing.
//
// Every permission is one row of the table in permissions.go, with the first mode that uses it (of observe, advise and act, in
// this order) and the consequence if it is missing. The chart's roles and docs/security.md are tested against the table.
// Code that sends a request notes the result:
//
//	update deployments.apps/scale in shop: forbidden      logged once; its scalers show the condition Permitted False
//	the same, three polls later: forbidden                nothing is logged
//	update deployments.apps/scale in shop: done           logged as granted
//	list pods in shop: no refusal for 90 s                counts as granted, because a refused watch tries again after 30 s at most
package access
