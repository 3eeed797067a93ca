// Package release says whether the consumers of a new version process records as fast as those of the version before it.
//
// The problem: most of the time consumers wait for records, and what they then process is what arrives. Only consumers that are busy all the
// time show their speed, and a few windows of them may differ by chance. The rule:
//
//	windows of busy consumers before and after       the ratio of their speeds, with a confidence interval of 95 %
//	busy before, not busy after                      the best consumer afterwards is a lower bound of the speed
//	not busy before                                  nothing is known to compare with
//
//	the interval of the ratio      example         verdict
//	below 0.9                      0.47 to 0.54    worse
//	from 0.9 on                    0.95 to 1.04    fine
//	otherwise                      0.8 to 1.1      unknown
//
// A tenth is the difference that counts: a smaller one is found by a benchmark, not by a release. Consumers also process
// less if something around them changed: a database answers later, records are larger, nodes are full. Offsets do not tell this from a
// slower version, so the words say that the version "processes" less, not that it "is" slower.
//
// Example: windows of 96, 101, 103, 99/s before and 49, 52, 50, 51/s after. All 16 ratios are between 0.48 and 0.54, and their median is
// 0.51. With four and four windows the chance that all ratios lie on the same side by accident is 2 in 70, so the interval is that of all
// of them, and the verdict is worse.
package release
