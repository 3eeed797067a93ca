package kafkasource_test

import (
	"context"
	"io"
	"net"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource"
)

// TestNotABroker: what answers as something else is told from what does not answer, at once and without allocating what it asks for.
func TestNotABroker(t *testing.T) {
	for name, says := range map[string]string{
		"HTTP":       "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
		"SSH":        "SSH-2.0-OpenSSH_9.2\r\n",
		"short":      "\x00\x00\x00\x02\x00\x00",
		"bad arrays": "\x00\x00\x00\x0e\x00\x00\x00\x01\x00\x00\x7f\xff\xff\xff\x00\x00\x00\x00",
	} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			go answerAll(l, says)
			s, err := kafkasource.New(kafkasource.Config{Brokers: []string{l.Addr().String()}})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			o := s.Observe(ctx)
			if len(o.Errors) != 1 || o.Errors[0].Code != lag.Garbled || o.Errors[0].Stage != lag.StageMetadata {
				t.Errorf("errors: %+v", o.Errors)
			}
		})
	}
}

func answerAll(l net.Listener, says string) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		_, _ = io.ReadFull(c, make([]byte, 8)) // the test is about what comes back
		_, _ = io.WriteString(c, says)
		_ = c.Close()
	}
}
