package transport

import (
	"crypto/tls"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

// TLS before 1.2 is broken (RFC 8996), so that nobody on the path can make us speak it.
func TestOldTLSIsRefused(t *testing.T) {
	for version, want := range map[uint16]lag.ErrorCode{tls.VersionTLS11: lag.AuthenticationError, tls.VersionTLS12: lag.OK} {
		server := httptest.NewUnstartedServer(nil)
		server.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: version}
		server.StartTLS()
		defer server.Close()
		address := server.Listener.Addr().String()
		c, err := New(Config{Brokers: []string{address}, ClientID: "test", TLS: &TLS{InsecureSkipVerify: true}, DialTimeout: 5 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		conn, err := c.dial(t.Context(), "tcp", address)
		if Code(err) != want {
			t.Errorf("TLS %x: %v, want %s", version, err, want)
		}
		if err == nil {
			_ = conn.Close()
		}
	}
}
