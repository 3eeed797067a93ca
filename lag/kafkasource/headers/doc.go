// Package headers looks at the headers of record batches, where offsets alone do not tell whether records wait. It is off unless
// the configuration names topics.
//
// The problem: a consumer that is stuck on two records, and one that has read everything before two transaction markers, have
// the same committed offset and the same log end. What lies between the two offsets is in the log: the header of each batch says
// whether it holds records or a marker.
//
// The rule: only partitions in doubt are looked at ([lag.Doubt]: commit and end stand), at most 100 a poll, 16 KiB of each. A
// broker returns at least one whole batch, however large. Headers are decoded and nothing else: no record, no key, nothing that
// is compressed. The answer is remembered while the offsets stand, so one look is enough. A look needs READ on the topic, and
// nothing on the group: lagscaler neither joins nor commits.
//
//	what the look finds                     effect on the partition       asked again
//	no record up to the end                 lag.NoData                    when the commit, the end or the leader's epoch changes
//	a record                                none: as without a look       when the commit changes; after an hour
//	more than 16 KiB of markers             none yet                      in the next poll, from there on
//	no permission, no answer, no batch      none: it stays unknown        after a minute; the error is reported meanwhile
//
// An answer without any batch is not believed: a broker that throttles gives such an answer, too.
package headers
