// Package events searches the rebalances that all groups remember, for the page and the JSON of rebalances.
//
// The problem: 10,000 groups may remember a million rebalances, and a page shows 50 of them and the number of all matches.
// The rule: a search does not look at each rebalance.
//
//	step                     what it looks at                                   cost grows with
//	count by cause           the counts of each group by cause and outcome      groups
//	count a group again      the rebalances of groups that had a new one        rebalances since the last Report
//	page of the newest       the newest rebalance of each group that matches,   groups, and the number of pages
//	                         merged until the page is full                      before this one
//
// Example: the query "deploy orders" matches rebalances with the cause "deploy" in groups whose name contains "orders". The counts
// of such a group by cause say how many match; only those on the page are read.
package events
