// Package recent remembers the last two hours of every group, for the charts of the pages.
//
// The problem: a Report describes one moment, a chart needs the past, and there may be many groups. The rule: a sample for each group
// and poll of the last half an hour, and before that one for three polls, with the greatest lag and time lag and the mean rates. A sample is
// four numbers in two bytes each. All groups share a budget.
//
//	groups                samples per group     reach at a poll every 10 s     memory when full
//	up to 34,000          360                   2 h                            3.1 kB for each group
//	more                  as many as fit        shorter                        96 MiB in all
//
// Example: at 10,000 groups a full ring takes 31 MB. At 69,000 groups each has 176 samples, which is one hour.
package recent
