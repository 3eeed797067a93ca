// Package serve is the HTTP server of a port that anybody may connect to: browsers, scrapers, and programs that only hold
// connections.
//
// The problem: each connection costs memory while it is open, and each answer while it is written. A client that opens hundreds of
// them, sends its request byte by byte, or does not read the answers must not stop the scrapes of Prometheus, nor fill the memory.
//
// The rule: everything that a client can hold has a bound, and over the bound a client takes from itself first.
//
//	what                           bound                               over it
//	connections                    256                                 the client with most of them loses the one that was idle longest
//	a request                      32 KiB of headers, 10 s to send it  the connection is closed
//	an answer                      60 s, and 64 KiB of it in 10 s      the connection is closed
//	a connection without requests  3 min                               the connection is closed
//	requests at once on HTTP/2     16 of one connection                the client waits
//	answers at once                32 pages, 4 long lists (web.go)     the client gets an error after 2 s
//	memory of a long list          one element, see Whole              the list is written while it is read
//
// Example: a host opens 500 connections and sends nothing. 255 of them stay open at most. A scrape of Prometheus is a new
// connection: it closes one of these 255. The connection of Prometheus is not closed for them, since Prometheus has only one.
//
// What is not bounded here is the number of hosts: 256 hosts with one connection each can close an idle connection of
// Prometheus, which then connects again.
package serve
