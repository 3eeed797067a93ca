// Package record writes the input and the decisions of scalers to a file, and replays such a file: it evaluates the
// recorded input again, with the recorded policy or with another one, and compares the decisions.
//
// A recording is gzip-compressed JSON lines. The first line is the [Header]. Every other line is one of these:
//
//	{"scaler":"shop/orders","memory":{…},"start":"fresh"}       the memory of the scaler before its next poll
//	{"scaler":"shop/orders","poll":{…},"decision":{…}}          the input of a poll; the decision if this poll made one
//	{"fact":{…},"configuration":"…"}                            what the audit trail knows besides the decisions: trail.go
//	{"known":[…]}                                               what was in force when the file began
//
// Every file has a memory line before the first poll of every scaler, so each file can be replayed alone. A memory line
// does not contain the readings of the last minutes. The field "start" of the line says how a replay has to treat this:
//
//	start       what happened before                             the replay
//	fresh       the scaler had no readings                       is exact from here on
//	continues   the poll of the time "after" is in another       is exact if it has read that poll
//	            file, or another leader recorded it
//	cut         unknown: polls are missing                       warms up for 20 minutes; what it learns then may differ a little
package record
