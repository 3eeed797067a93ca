// Package webhook sends messages to receivers: HTTP requests with a batch of CloudEvents, or with a text for chats.
//
// The problem: a receiver may be slow, away, hostile or badly configured, and the leader may end at any time. None of it may delay a
// decision, take another receiver's messages with it, lose a message silently, or fill the memory.
//
//	Published ──Report──> Teller ──> Outbox ──saved──> one goroutine a receiver ──POST──> receiver
//
//	answer                                  then
//	2xx                                     the next batch
//	400, 405, 406, 411, 413 to 417, 422     the messages of the batch are sent one by one; the one that is refused is given up, and counted
//	any other, or none                      the same batch again: after 1 s, 2 s, … 5 min, or after Retry-After, until it is 24 h old
//
// Requests are signed as Standard Webhooks says: https://www.standardwebhooks.com
//
//	messenger.go    what is told and saved: Published, Run
//	sending.go      the goroutine of a receiver
//	receiver.go     one request
//	counts.go       what became of messages
package webhook
