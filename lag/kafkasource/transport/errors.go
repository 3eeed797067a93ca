package transport

import (
	"context"
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

// WithCode gives an error its code.
func WithCode(code lag.ErrorCode, err error) error { return &failure{code, err} }

// Garbled is the error of a response that cannot be right.
func Garbled(format string, args ...any) error {
	return WithCode(lag.Garbled, fmt.Errorf(format, args...))
}

func authenticationError(err error) error { return WithCode(lag.AuthenticationError, err) }

// ErrorOf is the error that a protocol error code stands for; nil for 0.
func ErrorOf(code int16) error {
	if code == 0 {
		return nil
	}
	c := lag.ErrorCode(code)
	return WithCode(c, errors.New(c.String()))
}

// Code is the code of an error: why a request failed.
func Code(err error) lag.ErrorCode {
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

// isRefusal reports whether TLS or SASL refused us. Trying again does not help.
func isRefusal(err error) bool {
	var alert *net.OpError // crypto/tls reports a refusal by the other end so, for example of a missing client certificate
	return errors.Is(err, kafka.SASLAuthenticationFailed) ||
		errors.Is(err, kafka.UnsupportedSASLMechanism) ||
		errors.Is(err, kafka.IllegalSASLState) ||
		errors.As(err, &alert) && alert.Op == "remote error"
}

// timedOut reports whether a request ended because no answer came in time. The deadline of the connection may be noticed just
// before that of the context.
func timedOut(ctx context.Context, err error) bool {
	var read *net.OpError
	return errors.Is(ctx.Err(), context.DeadlineExceeded) ||
		ctx.Err() == nil && errors.As(err, &read) && read.Op == "read" && read.Timeout()
}

// IsLost reports whether a connection broke that had been fine. Every pooled connection does once after its broker
// restarted or its session ended. The request is then repeated on another connection.
func IsLost(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
