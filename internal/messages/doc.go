// Package messages says what is worth telling somebody: which changes between two Reports are messages, for whom, and in which words.
//
// The problem: a Report says what is so, thirty times in five minutes, and a chat or an incident tool wants to hear of each change once,
// also when another replica has become the leader in between, and when the receiver was away for an hour.
//
//	Report --Teller--> messages --Filter--> Outbox --CloudEvents or text--> body of a request (package webhook sends it)
//	            |                              |
//	            +----- saved as one value -----+     before anything is sent
//
// The rule: what was told, and what still has to be sent, are one value that is saved before a message is sent for the first time. The
// next leader loads it. So it sends what was not sent, with the same ids, and tells nothing again that was told.
//
//	the leader ends                          the next one
//	before it saved                          sees the change itself, and tells it: the first time that anybody hears of it
//	after it saved, before it sent           sends it from what is saved
//	after it sent, before it noted that      sends it again, with the same id
//
// One change the next leader cannot see itself: a write of the replicas whose leader ended right after it. The target has that write, so
// it is told from there, without a reason.
//
//	message.go      what a message is, and its id
//	teller.go       what changed between what was told and a Report
//	scalers.go      the changes of a scaler
//	rebalances.go   rebalances that ended
//	filter.go       who is told
//	outbox.go       what is still to be sent to whom
//	save.go         what is saved
//	cloudevents.go  a batch of CloudEvents
//	text.go         a text for chats
package messages
