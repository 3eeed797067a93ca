// Package transport sends one request to one broker and returns the decoded response or an error with a code.
//
// The problem: a broker, or whatever listens on its port, may be down, slow, throttling, half restarted, of another
// version, or no broker at all. In each of these cases the time and the memory of a call must be bounded, and the error
// must say which case it is.
//
// The rule: (*[Client]).Do is the only function that sends. [Code] gives the code of every error it returns.
//
//	what happens                                      what Do does
//	no connection, or no response in time             [lag.Unreachable]
//	a connection that worked before breaks            tries again on up to three other connections, then [lag.Unreachable]
//	the TLS or SASL handshake is refused              [lag.AuthenticationError], at once
//	the broker does not support the API               [lag.UnsupportedVersion], and nothing is sent
//	the response asks for a throttle time of 300 ms   the next request to it waits 300 ms, or fails if its deadline comes first
//	a wrong answer: too long, invalid, not requested  [lag.Garbled], and the connection is closed
//
// For example, a web server on port 9092 answers "HTTP/1.1 400 …": its first four bytes claim a response of 1.2 GB. The
// connection is closed after these four bytes, with [lag.Garbled]. See guard.go and exchange.go for these checks.
//
// The connections come from the transport of segmentio/kafka-go: it pools them, authenticates, and routes by broker id.
// This package uses only its function for raw requests. kafka-go's admin calls are not used, because they lose data
// silently and cost a request for each group.
//
//	client.go       Do, and what it tries again
//	limits.go       requests in flight and throttling, per broker
//	exchange.go     one request and its response on a connection
//	versions.go     the version of an API that both sides support
//	connection.go   dialling, TLS handshake, the deadline of the whole handshake
//	guard.go        which responses kafka-go may decode
//	tls.go, sasl*.go   credentials, read again for every new connection
//	errors.go       the code of an error
package transport
