package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

// peer is a broker at the other end of a connection, and the versions it supports.
// It is the connection's remote address, because a raw exchange is given nothing else that it could know the broker by.
type peer struct {
	net.Addr
	address  string // as it was dialled
	versions map[int16]versionRange
	trusted  bool  // there is no authentication, or it succeeded: a raw exchange took place
	raw      bool  // the next request is that of a raw exchange
	ours     bool  // it gave the cluster's id, or none
	opened   int64 // when it was connected, ns since the client was made
}

// conn is a connection to a broker. It follows requests and responses, so that kafka-go decodes only what guard.go has
// checked. It notes the versions in the first response, that of ApiVersions v0: they are those of this connection and
// need no request of ours. A broker has until the handshake's deadline to authenticate us: kafka-go sets no deadline
// for SASL.
type conn struct {
	net.Conn
	peer *peer

	identity *Identity // nil: any cluster will do
	greeted  func()    // is called when the broker has answered the first request

	sent   *sent // the request whose response is next; nil: none
	tokens bool  // SaslHandshake v0 was sent: what follows has no headers
	ready  []byte
	left   int // bytes of a raw exchange's response that did not arrive yet

	handshake time.Time  // until when the connection must be authenticated; zero: it is
	step      *handshake // what it waits for until then
	deadline  time.Time  // that kafka-go wants

	place *place // among the connections that may be open
	quota *quota // counts what kafka-go sends itself
}

func (c *conn) RemoteAddr() net.Addr { return c.peer }

// Write writes a request, or the rest of one that is longer than what kafka-go writes at once.
func (c *conn) Write(b []byte) (int, error) {
	if c.sent != nil {
		return c.Conn.Write(b)
	}
	s := sent{raw: true}
	if !c.peer.raw {
		var err error
		if s, err = sentIn(b, c.tokens); err != nil {
			return 0, err
		}
	}
	c.sent, c.peer.raw = &s, false
	c.tokens = c.tokens && s.token || s.key == saslHandshakeKey && s.version == 0
	if s.raw || s.key == metadataKey { // kafka-go authenticates before anything else
		if err := c.endHandshake(); err != nil {
			return 0, err
		}
	}
	if s.raw {
		c.step.ends()
	} else {
		c.step.asks(s)
		c.quota.spend()
	}
	n, err := c.Conn.Write(b)
	if IsLost(err) && c.peer.versions == nil {
		c.place.refused()
	}
	return n, err
}

// Close also ends the handshake of a connection that never became ready.
func (c *conn) Close() error {
	c.step.ends()
	err := c.Conn.Close()
	c.place.end()
	return err
}

func (c *conn) endHandshake() error {
	if c.handshake.IsZero() {
		return nil
	}
	c.handshake = time.Time{}
	return c.Conn.SetDeadline(c.deadline)
}

// SetDeadline sets the deadline, but not one after that of the handshake before it has ended.
func (c *conn) SetDeadline(t time.Time) error {
	c.deadline = t
	if !c.handshake.IsZero() && (t.IsZero() || t.After(c.handshake)) {
		t = c.handshake
	}
	return c.Conn.SetDeadline(t)
}

func (c *conn) Read(b []byte) (int, error) {
	if len(c.ready) == 0 && c.left == 0 {
		if err := c.begin(); err != nil {
			return 0, c.refused(err)
		}
	}
	if len(c.ready) > 0 {
		n := copy(b, c.ready)
		c.ready = c.ready[n:]
		return n, nil
	}
	n, err := c.Conn.Read(b[:min(len(b), c.left)])
	c.left -= n
	return n, c.refused(err)
}

// refused gives the end of a connection that is not authenticated yet its code: brokers so refuse credentials. It says what a
// broker did not do that is too late.
func (c *conn) refused(err error) error {
	if IsLost(err) && c.peer.versions == nil {
		c.place.refused()
	}
	if errors.Is(err, os.ErrDeadlineExceeded) && !c.handshake.IsZero() && c.step != nil {
		return c.step.late(err)
	}
	if errors.Is(err, io.EOF) && c.peer.versions != nil && !c.peer.trusted {
		return authenticationError(fmt.Errorf("%s closed the connection during authentication", c.peer.Addr))
	}
	return err
}

// dial connects to a broker, with TLS when configured. The TLS handshake is here and not in kafka-go's transport, so
// that renewed certificates are used for the next connection, and a refused handshake has another code than a lost one.
func (c *Client) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if err := c.cfg.Identity.avoid(address); err != nil {
		return nil, err
	}
	if len(c.addresses()) > 1 {
		if err := c.handshakes.avoid(address, c.cfg.DialTimeout); err != nil {
			return nil, err
		}
	}
	// The request for which it is opened may end before: then the next one uses the connection.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.cfg.DialTimeout)
	defer cancel()
	place, err := c.cfg.Connections.begin(ctx, address)
	if err != nil {
		return nil, err
	}
	conn, err := c.ready(ctx, network, address, place)
	if err != nil {
		place.end()
		return nil, err
	}
	return conn, nil
}

// ready opens a connection, which has its place, and secures it.
func (c *Client) ready(ctx context.Context, network, address string, at *place) (net.Conn, error) {
	step := c.handshakes.begin(address)
	raw, err := c.connect(ctx, network, address)
	if err != nil {
		return nil, step.fails(ctx, err)
	}
	c.connections.Add(1)
	step.reaches(stepTLS)
	secured, err := c.secure(ctx, raw, address)
	if err != nil {
		_ = raw.Close() // the handshake's error says more
		if IsLost(err) {
			at.refused()
		}
		return nil, step.fails(ctx, err)
	}
	deadline, _ := ctx.Deadline()
	return &conn{
		Conn: secured, identity: c.cfg.Identity, greeted: func() { c.greetings.note(address); at.answers() }, handshake: deadline, step: step,
		place: at, quota: c.quota,
		peer: &peer{Addr: raw.RemoteAddr(), address: address, trusted: c.cfg.SASL == nil, opened: int64(time.Since(c.began))},
	}, nil
}

func (c *Client) secure(ctx context.Context, raw net.Conn, address string) (net.Conn, error) {
	if c.cfg.TLS == nil {
		return raw, nil
	}
	config, err := c.cfg.TLS.config()
	if err != nil {
		return nil, authenticationError(err)
	}
	if config.ServerName == "" {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		config = config.Clone()
		config.ServerName = host
	}
	secured := tls.Client(raw, config)
	if err := secured.HandshakeContext(ctx); err != nil {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("TLS handshake with %s: %w", address, err)
		}
		return nil, authenticationError(fmt.Errorf("TLS handshake with %s: %w", address, err))
	}
	return secured, nil
}
