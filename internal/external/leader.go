package external

import (
	"context"
	"crypto/tls"
	"maps"
	"sync"

	pb "github.com/kedacore/keda/v2/pkg/scalers/externalscaler"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// leader are the connections to the leader: one for each certificate that is shown, so that a question that needs another one ends
// nobody's streams.
type leader struct {
	certs *certificates

	mu      sync.Mutex
	address string
	open    map[string]*grpc.ClientConn // by the certificate; "" without TLS
}

// connect returns a connection to the leader, on which a certificate of this replica is shown; nil: none.
func (l *leader) connect(address string, shown *tls.Certificate) (*grpc.ClientConn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.address != address {
		l.closeWhere(func(string) bool { return true }) // streams end, and KEDA opens them again
		l.address = address
	}
	creds, key := insecure.NewCredentials(), ""
	if shown != nil {
		creds, key = credentials.NewTLS(l.certs.replica(*shown)), string(shown.Certificate[0])
	}
	if open, is := l.open[key]; is {
		return open, nil
	}
	l.closeWhere(func(key string) bool { return key != "" && !l.certs.isOwn([]byte(key)) })
	fresh, err := grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(creds), grpc.WithNoProxy())
	if err != nil {
		return nil, err
	}
	if l.open == nil {
		l.open = map[string]*grpc.ClientConn{}
	}
	l.open[key] = fresh
	return fresh, nil
}

func (l *leader) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closeWhere(func(string) bool { return true })
}

func (l *leader) closeWhere(which func(key string) bool) {
	maps.DeleteFunc(l.open, func(key string, conn *grpc.ClientConn) bool {
		if !which(key) {
			return false
		}
		_ = conn.Close()
		return true
	})
}

// certificatesToShow are those of this replica, the present one first; one nil if there is no TLS.
func (l *leader) certificatesToShow() ([]*tls.Certificate, error) {
	if l.certs == nil {
		return []*tls.Certificate{nil}, nil
	}
	if _, err := l.certs.load(); err != nil {
		return nil, err
	}
	var out []*tls.Certificate
	for _, one := range l.certs.served() {
		out = append(out, &one)
	}
	return out, nil
}

// askLeader asks the leader what this replica was asked. This replica allows the question; the leader trusts it. A question that
// was passed on already is not passed on again.
func askLeader[Q, A any](
	ctx context.Context, s *Server, about *pb.ScaledObjectRef, q Q,
	call func(pb.ExternalScalerClient, context.Context, Q, ...grpc.CallOption) (A, error),
) (answer A, err error) {
	address, err := s.leaderFor(ctx, about)
	if err != nil {
		return answer, err
	}
	shown, err := s.leader.certificatesToShow()
	if err != nil {
		return answer, status.Error(codes.Unavailable, err.Error())
	}
	ctx, cancel := context.WithTimeout(metadata.AppendToOutgoingContext(ctx, forwarded, "true"), leaderAnswer)
	defer cancel()
	for _, certificate := range shown { // the leader may not have the newest yet
		conn, failed := s.leader.connect(address, certificate)
		if failed != nil {
			return answer, status.Errorf(codes.Unavailable, "asking the leader: %v", failed)
		}
		answer, err = call(pb.NewExternalScalerClient(conn), ctx, q)
		if status.Code(err) != codes.Unavailable {
			break
		}
	}
	return answer, err
}

// leaderFor is the address of the leader for a question that this replica allows.
func (s *Server) leaderFor(ctx context.Context, q *pb.ScaledObjectRef) (address string, err error) {
	if isForwarded(ctx) {
		return "", status.Error(codes.Unavailable, "this replica does not lead any more: ask again")
	}
	_, own, _ := s.opts.Scalers.AskFor(q.GetNamespace(), q.GetName(), q.GetScalerMetadata()) // the leader says what is wrong
	if err := s.allow(ctx, q.GetNamespace(), own); err != nil {
		return "", err
	}
	if address = s.leaderAt(q); address == "" {
		return "", status.Error(codes.Unavailable, "this replica does not lead, and the Lease does not say where the leader answers")
	}
	return address, nil
}
