// Package transport sends one request to one broker and returns the decoded response or an error with a code.
//
// The problem: a broker, or whatever listens on its port, may be down, slow, throttling, half restarted, of another
// version, or no broker at all. In each of these cases the time and the memory of a call must be bounded, and the error
// must say which case it is.
//
// The rule: (*[Client]).Do is the only function that sends. [Code] gives the code of every error it returns.
//
//	what happens                                      what Do does
//	no connection                                     [lag.Unreachable]
//	no response in time                               [lag.Slow] if the broker is up, see (*Client).slow; else [lag.Unreachable]
//	a connection that worked before breaks            tries again on up to three other connections, then [lag.Unreachable]
//	the TLS or SASL handshake is refused              [lag.AuthenticationError], at once
//	the broker does not support the API               [lag.UnsupportedVersion], and nothing is sent
//	the response asks for a throttle time of 300 ms   the next request to it waits 300 ms, or fails with [lag.Slow] if its deadline comes first; a minute at most
//	the response has THROTTLING_QUOTA_EXCEEDED        tries again once, after the throttle time, and a second at least
//	it closes a further connection at once            no more are opened for a minute; requests wait for those that are open
//	a wrong answer: too long, invalid, not requested  [lag.Garbled], and the connection is closed
//	the broker belongs to another cluster             [lag.ForeignCluster]; its address is not dialled again for 10 s
//
// For example, a web server on port 9092 answers "HTTP/1.1 400 …": its first four bytes claim a response of 1.2 GB. The
// connection is closed after these four bytes, with [lag.Garbled]. See guard.go and exchange.go for these checks.
//
// What one broker can take is bounded: the bytes of an answer (Config.Response), the memory for each of them
// ([wire.MostMemory]), the decoders that run at once (decode.go), the connections, which are as many as the requests in flight and
// one for the list of brokers, and the time of a handshake. A session of SASL that ends costs the connection (KIP-368): kafka-go
// authenticates a new one, within the time of a handshake again.
//
// The connections come from the transport of segmentio/kafka-go: it pools them, authenticates, and routes by broker id.
// This package uses only its function for raw requests. kafka-go's admin calls are not used, because they lose data
// silently and cost a request for each group.
//
// The package has many files, but one task: to send a request safely, whatever answers, and to say what became of it. Its guards, limits and credentials all belong to a
// connection, and what is known of the connection decides the code of an error.
//
//	client.go       Do, and what it tries again
//	limits.go       requests in flight and throttling, per broker
//	quota.go        requests a second; what answers say of quotas
//	connections.go  how many connections may be open
//	exchange.go     one request and its response on a connection
//	identity.go     which cluster may answer; identify.go: each connection is asked once
//	versions.go     the version of an API that both sides support
//	connection.go   dialling, TLS handshake, the deadline of the whole handshake
//	handshakes.go   what the connections wait for that are not ready yet
//	decode.go       a response that was read whole
//	guard.go        which responses kafka-go may decode
//	tls.go, sasl*.go   credentials, read again for every new connection
//	errors.go       the code of an error
package transport
