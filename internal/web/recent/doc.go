// Package recent remembers the last two hours of every group, for the charts of the pages.
//
// The problem: a Report describes one moment, a chart needs the past, and there may be many groups. The rule: one sample for each
// group and poll, of four numbers in two bytes each, within a budget that all groups share.
//
//	groups                samples per group     reach at a poll every 10 s     memory when full
//	up to 17,000          720                   2 h                            5.8 kB for each group
//	more                  as many as fit        shorter                        96 MiB in all
//
// Example: at 10,000 groups the samples take 58 MB when the ring is full. At 35,000 groups each has 359 samples, which is one hour.
package recent
