package transport

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"

	"github.com/lagscaler/lagscaler/lag"
)

var errDialled = errors.New("dialled")

// dialTo reports the code of a connection to an address that a broker advertises. Nothing is dialled.
func dialTo(address string, advertised func(string) bool) lag.ErrorCode {
	c := &Client{cfg: Config{
		Brokers: []string{"kafka-0:9092", "169.254.7.7:9092"}, Advertised: advertised,
		Dial: func(context.Context, string, string) (net.Conn, error) { return nil, errDialled },
	}}
	_, err := c.connect(context.Background(), "tcp", address)
	if errors.Is(err, errDialled) {
		return lag.OK
	}
	return Code(err)
}

func TestWhichAdvertisedAddressesAreDialled(t *testing.T) {
	only := func(allowed string) func(string) bool { return func(host string) bool { return host == allowed } }
	for _, tt := range []struct {
		name, address string
		advertised    func(string) bool
		want          lag.ErrorCode
	}{
		{"any host", "kafka-1:9092", nil, lag.OK},
		{"loopback: a tunnel", "127.0.0.1:9092", nil, lag.OK},
		{"link-local", "169.254.169.254:80", nil, lag.AddressRefused},
		{"link-local, IPv6", "[fe80::1%eth0]:9092", nil, lag.AddressRefused},
		{"link-local, mapped", "[::ffff:169.254.169.254]:80", nil, lag.AddressRefused},
		{"a metadata service, IPv6", "[fd00:ec2::254]:80", nil, lag.AddressRefused},
		{"a metadata service", "100.100.100.200:80", nil, lag.AddressRefused},
		{"link-local, in the configuration", "169.254.7.7:9093", nil, lag.OK},
		{"link-local, allowed", "169.254.8.8:9092", only("169.254.8.8"), lag.OK},
		{"allowed", "kafka-1:9092", only("kafka-1"), lag.OK},
		{"not allowed", "evil:9092", only("kafka-1"), lag.AddressRefused},
		{"a bootstrap host is always allowed", "kafka-0:9093", only("kafka-1"), lag.OK},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := dialTo(tt.address, tt.advertised); got != tt.want {
				t.Errorf("%s: %s, want %s", tt.address, got, tt.want)
			}
		})
	}
}

// A name is judged by what it resolves to, before anything is sent there.
func TestANameIsJudgedByItsAddress(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	usual := metadataServices
	t.Cleanup(func() { metadataServices = usual })
	metadataServices = []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("::1")} // what localhost resolves to
	c := &Client{cfg: Config{Brokers: []string{"kafka-0:9092"}}}
	if _, err := c.connect(t.Context(), "tcp", "localhost:"+port); Code(err) != lag.AddressRefused {
		t.Errorf("%v", err)
	}
	c.cfg.Brokers = []string{"localhost:9092"} // named by the configuration
	conn, err := c.connect(t.Context(), "tcp", "localhost:"+port)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
}
