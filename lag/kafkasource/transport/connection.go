package transport

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// maxVersionsResponse bounds a broker's first response, the list of APIs it supports. Kafka 4.3 has 72 of them, 6 bytes each.
const maxVersionsResponse = 64 << 10

// peer is a broker at the other end of a connection, and the versions it supports.
// It is the connection's remote address, because a raw exchange is given nothing else that it could know the broker by.
type peer struct {
	net.Addr
	versions map[int16]versionRange
	trusted  bool // there is no authentication, or it succeeded: a raw exchange took place
}

// conn is a connection to a broker. It reads the first response before kafka-go does, which is always that of
// ApiVersions v0. The versions are then those of this connection and need no request of ours. Garbage from something
// that is not a broker is found before kafka-go allocates as much memory as it claims.
type conn struct {
	net.Conn
	peer  *peer
	first []byte // the part of the first response that kafka-go has not read yet
}

func (c *conn) RemoteAddr() net.Addr { return c.peer }

func (c *conn) Read(b []byte) (int, error) {
	if c.peer.versions == nil {
		if err := c.readVersions(); err != nil {
			return 0, err
		}
	}
	if len(c.first) > 0 {
		n := copy(b, c.first)
		c.first = c.first[n:]
		return n, nil
	}
	n, err := c.Conn.Read(b)
	if errors.Is(err, io.EOF) && !c.peer.trusted {
		err = authenticationError(fmt.Errorf("%s closed the connection during authentication", c.peer.Addr))
	}
	return n, err
}

func (c *conn) readVersions() error {
	head := make([]byte, 4)
	if _, err := io.ReadFull(c.Conn, head); err != nil {
		return err
	}
	size := binary.BigEndian.Uint32(head)
	if size < 4 || size > maxVersionsResponse {
		return Garbled("%s does not answer as a Kafka broker does", c.peer.Addr)
	}
	c.first = append(head, make([]byte, size)...)
	if _, err := io.ReadFull(c.Conn, c.first[4:]); err != nil {
		return err
	}
	var answer kmsg.ApiVersionsResponse
	if err := answer.ReadFrom(c.first[8:]); err != nil {
		return Garbled("versions of %s: %v", c.peer.Addr, err)
	}
	c.peer.versions = make(map[int16]versionRange, len(answer.ApiKeys))
	for _, k := range answer.ApiKeys {
		c.peer.versions[k.ApiKey] = versionRange{k.MinVersion, k.MaxVersion}
	}
	return nil
}

// dial connects to a broker, with TLS when configured. The TLS handshake is here and not in kafka-go's transport, so
// that renewed certificates are used for the next connection, and a refused handshake has another code than a lost one.
func (c *Client) dial(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.DialTimeout)
	defer cancel()
	raw, err := c.cfg.Dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	c.connections.Add(1)
	secured, err := c.secure(ctx, raw, address)
	if err != nil {
		_ = raw.Close() // the handshake's error says more
		return nil, err
	}
	return &conn{Conn: secured, peer: &peer{Addr: raw.RemoteAddr(), trusted: c.cfg.SASL == nil}}, nil
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
