package kafkasource

import (
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"

	"github.com/segmentio/kafka-go"

	"github.com/lagscaler/lagscaler/lag"
)

// failure is an error whose code is known where it happened.
type failure struct {
	code lag.ErrorCode
	err  error
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

func garbled(format string, args ...any) error {
	return &failure{lag.Garbled, fmt.Errorf(format, args...)}
}

func refused(err error) error { return &failure{lag.AuthenticationError, err} }

// answered is the error of an answer that carries a code for the whole request.
func answered(code int16) error {
	if code == 0 {
		return nil
	}
	c := lag.ErrorCode(code)
	return &failure{c, errors.New(c.String())}
}

// codeOf says in one code why a request failed.
func codeOf(err error) lag.ErrorCode {
	if err == nil {
		return lag.OK
	}
	var f *failure
	if errors.As(err, &f) {
		return f.code
	}
	if isRefusal(err) {
		return lag.AuthenticationError
	}
	return lag.Unreachable
}

// isRefusal reports whether TLS or SASL refused us: waiting does not help.
func isRefusal(err error) bool {
	var alert *net.OpError // how crypto/tls reports what the other end refused, such as a missing client certificate
	return errors.Is(err, kafka.SASLAuthenticationFailed) ||
		errors.Is(err, kafka.UnsupportedSASLMechanism) ||
		errors.Is(err, kafka.IllegalSASLState) ||
		errors.As(err, &alert) && alert.Op == "remote error"
}

// isLost reports whether a connection broke that had been fine: what every pooled connection does once
// after its broker restarted or its session ended. The request is repeated on another.
func isLost(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
