package external

import (
	"context"
	"crypto/x509"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
)

// NamespaceURI begins the URI in a client certificate that names a namespace for which its holder may ask; "*" names all.
const NamespaceURI = "lagscaler:namespace/"

// forwarded marks a question that another replica has allowed already.
const forwarded = "lagscaler-forwarded"

// allowed marks, in the context of a question, that another part of this program has allowed it.
type allowed struct{}

// allow decides whether a question about a namespace is answered. Anybody who reaches the port can write any namespace into a
// question, so only a client certificate says for which one it is asked.
//
//	client certificates   trigger               config.namespaces   answered
//	required              any                   any                 if the certificate names the namespace, or *
//	not required          names a KafkaScaler   any                 yes: the numbers are also on the pages and in the metrics
//	not required          its own settings      empty               yes: every namespace may name every group
//	not required          its own settings      has rules           no: the namespace would not be authenticated
func (s *Server) allow(ctx context.Context, namespace string, own bool) error {
	if ctx.Value(allowed{}) != nil {
		return nil
	}
	if s.certs == nil || s.certs.files.ClientCA == "" {
		if own && s.opts.Restricted() {
			return status.Error(codes.PermissionDenied, "the configuration says which namespace may name which group, and without "+
				"externalScaler.tls.clientCAFile nothing says for which namespace this trigger asks: name a KafkaScaler instead")
		}
		return nil
	}
	leaf := clientOf(ctx)
	switch {
	case leaf == nil:
	case s.certs.isOwn(leaf.Raw) && isForwarded(ctx):
		return nil
	case names(leaf, namespace):
		return nil
	}
	return status.Errorf(codes.PermissionDenied, "the client certificate does not name namespace %q: it needs the URI %s%s", namespace, NamespaceURI, namespace)
}

// names reports whether a certificate names a namespace.
func names(leaf *x509.Certificate, namespace string) bool {
	for _, uri := range leaf.URIs {
		if one, is := strings.CutPrefix(uri.String(), NamespaceURI); is && (one == namespace || one == "*") {
			return true
		}
	}
	return false
}

// clientOf is the client certificate of a question; nil: it has none.
func clientOf(ctx context.Context) *x509.Certificate {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return nil
	}
	info, ok := p.AuthInfo.(credentials.TLSInfo)
	if !ok || len(info.State.PeerCertificates) == 0 {
		return nil
	}
	return info.State.PeerCertificates[0]
}

func isForwarded(ctx context.Context) bool {
	md, _ := metadata.FromIncomingContext(ctx)
	return slices.Contains(md.Get(forwarded), "true")
}
