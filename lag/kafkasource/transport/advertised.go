package transport

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"

	"github.com/lagscaler/lagscaler/lag"
)

// Brokers say in Metadata at which addresses they can be reached. Whoever can answer in the place of one broker so chooses where
// the program connects to, and, without TLS, who gets its password. Which of these addresses are dialled:
//
//	host of a bootstrap address       yes: the configuration names it
//	Config.Advertised is set          only the hosts that it allows
//	it is not set                     all, but no address that is link-local or a metadata service of a cloud
//
// An address is judged after its name was resolved.

// metadataServices are addresses of clouds' metadata services that are not link-local: of AWS (IPv6), Alibaba Cloud and Azure.
var metadataServices = []netip.Addr{
	netip.MustParseAddr("fd00:ec2::254"), netip.MustParseAddr("100.100.100.200"), netip.MustParseAddr("168.63.129.16"),
}

// OneAddress reports whether a host, with or without a port, is one for kafka-go: it takes one with a comma for several addresses, and panics.
func OneAddress(host string) bool { return !strings.Contains(host, ",") }

// addressRefused is the error of an address that a broker advertises and that is not dialled.
func addressRefused(address, why string) error {
	return WithCode(lag.AddressRefused, fmt.Errorf("a broker advertises %s, which %s", address, why))
}

// connect opens a connection to an address of the configuration or of a broker.
func (c *Client) connect(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	trusted := slices.ContainsFunc(c.cfg.Brokers, func(b string) bool {
		named, _, err := net.SplitHostPort(b)
		return err == nil && named == host
	})
	if !trusted && c.cfg.Advertised != nil {
		if !c.cfg.Advertised(host) {
			return nil, addressRefused(address, "the field advertised does not allow")
		}
		trusted = true
	}
	if trusted {
		return c.open(ctx, network, address, nil)
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		if err := refuseLocal(address, ip); err != nil {
			return nil, err
		}
	}
	return c.open(ctx, network, address, func(_, resolved string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(resolved)
		if err != nil {
			return err
		}
		return refuseLocal(address, to.Addr())
	})
}

// open dials. A Dial of the configuration may be a proxy that resolves names itself, so control sees no address then.
func (c *Client) open(ctx context.Context, network, address string, control func(network, address string, conn syscall.RawConn) error) (net.Conn, error) {
	if c.cfg.Dial != nil {
		return c.cfg.Dial(ctx, network, address)
	}
	d := net.Dialer{Control: control}
	return d.DialContext(ctx, network, address)
}

func refuseLocal(address string, ip netip.Addr) error {
	switch ip = ip.Unmap().WithZone(""); {
	case ip.IsLinkLocalUnicast():
		return addressRefused(address, fmt.Sprintf("is link-local (%s); the field advertised can allow it", ip))
	case slices.Contains(metadataServices, ip):
		return addressRefused(address, fmt.Sprintf("is a metadata service of a cloud (%s); the field advertised can allow it", ip))
	}
	return nil
}
