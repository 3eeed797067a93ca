package kube

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

// checkPages is what is wrong with the URL in the Lease of another shard; nil: it may be the pages of a pod of this release. The password
// of whoever reads the pages is sent there. own is the URL of this replica's pages, of which all pods of a release have the same kind:
//
//	own                       other                                allowed
//	https://10.0.0.7:9090     https://10.0.0.8:9090                yes: the certificate for that address is verified
//	https://10.0.0.7:9090     http://10.0.0.8:9090                 no: without TLS anybody on the path reads the password
//	http://10.0.0.7:9090      http://10.0.0.8:8080                 no: another port, perhaps of another program
//	http://10.0.0.7:9090      http://pages.example.com:9090        no: a name may lead out of the cluster
//	http://10.0.0.7:9090      http://169.254.169.254:9090          no: a metadata service
//	http://shard-0:9090       http://shard-1:9090                  yes: without a kubelet, somebody chose names
//	http://127.0.0.1:9090     http://127.0.0.1:9091                yes: processes of one host have a port each
func checkPages(own, other string) error {
	ours, err := url.Parse(own)
	if err != nil || ours.Host == "" {
		return errors.New("this replica runs without --advertise, so that it cannot tell which addresses are those of shards")
	}
	theirs, err := url.Parse(other)
	if err != nil || theirs.Host == "" {
		return fmt.Errorf("its Lease has no URL of its pages: %.100q", other)
	}
	ourIP, ourErr := netip.ParseAddr(ours.Hostname())
	theirIP, theirErr := netip.ParseAddr(theirs.Hostname())
	switch {
	case !isBare(theirs):
		return fmt.Errorf("its Lease has a URL that is not that of a shard: %.100q", other)
	case ourErr == nil && theirErr == nil && ourIP.IsLoopback() && theirIP.IsLoopback() && theirs.Scheme == ours.Scheme:
		return nil
	case theirs.Scheme != ours.Scheme || theirs.Port() != ours.Port():
		return fmt.Errorf("its Lease says that its pages are at %.100q; all shards have the scheme and the port of %s", other, own)
	case ourErr == nil && theirErr != nil, theirErr == nil && !mayBePod(theirIP):
		return fmt.Errorf("its Lease says that its pages are at %.100q, which is no address of a pod", other)
	}
	return nil
}

// isBare reports whether a URL has nothing but a scheme, a host and a port.
func isBare(u *url.URL) bool {
	return u.User == nil && u.RawQuery == "" && !u.ForceQuery && u.Fragment == "" && strings.Trim(u.Path, "/") == ""
}

// mayBePod reports whether a pod of another node may have the address.
func mayBePod(ip netip.Addr) bool {
	ip = ip.Unmap()
	return !ip.IsLinkLocalUnicast() && !ip.IsUnspecified() && !ip.IsMulticast() && !ip.IsLoopback()
}
