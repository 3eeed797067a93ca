// Package serve is the HTTP server of a port that anybody may connect to: browsers, scrapers, and programs that only hold
// connections.
//
// The problem: each connection costs memory while it is open, and each answer while it is written. A client that opens hundreds of
// connections, sends its request byte by byte, or does not read the answers must not stop the scrapes of Prometheus, nor fill the memory.
//
// The rule: everything that a client can hold has a bound. If a bound is exceeded, the client that holds most loses first.
//
//	what                           bound                               if it is exceeded
//	connections                    256                                 the client with most of them loses the one that was idle longest
//	a request                      32 KiB of headers, 10 s to send it  the connection is closed
//	an answer                      60 s, and 64 KiB of it in 10 s      the connection is closed
//	a connection without requests  3 min                               the connection is closed
//	concurrent HTTP/2 requests     16 of one connection                the client waits
//	concurrent answers             32 pages, 4 long lists (web.go)     the client gets an error after 2 s
//	a long list in an answer       one element in memory, see Whole    the list is written while it is read
//
// Example: a host opens 500 connections and sends nothing. At most 256 of them stay open. When Prometheus connects, one of
// these is closed, so 255 remain. A new connection of this host does not close that of Prometheus, since Prometheus has only one.
//
// What is not bounded here is the number of hosts: 256 hosts with one connection each can close an idle connection of
// Prometheus, which then connects again.
package serve
