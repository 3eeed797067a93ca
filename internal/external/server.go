package external

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	pb "github.com/kedacore/keda/v2/pkg/scalers/externalscaler"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/internal/serve"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// Scalers finds the scaler that a trigger asks for.
type Scalers interface {
	// AskFor is the name of the scaler that a trigger of a ScaledObject asks for. own: the trigger carries its settings.
	AskFor(namespace, scaledObject string, metadata map[string]string) (scaler string, own bool, err error)
	// Follow makes a scaler of a trigger that carries its settings.
	Follow(namespace, scaledObject string) error
	// LeaderFor is the address of the leader that decides for the scaler of a trigger: of its shard, if there are several. Empty: it is
	// not known, or nobody leads.
	LeaderFor(namespace, scaledObject string, metadata map[string]string) string
	// LeadsFor reports whether this replica is that leader.
	LeadsFor(namespace, scaledObject string, metadata map[string]string) bool
}

// Options are fixed for a Server's life.
type Options struct {
	Scalers  Scalers
	Latest   func() *engine.Report
	Interval time.Duration // between two polls
	Clock    seen.Clock    // of decisions

	// Restricted reports whether the configuration says which namespaces may name which groups.
	Restricted func() bool

	Files Files // of certificates; empty: plain text
	Log   *slog.Logger
}

// Server answers KEDA.
type Server struct {
	pb.UnimplementedExternalScalerServer
	opts   Options
	certs  *certificates // nil: plain text
	leader leader
	counts counts

	mu      sync.Mutex
	asked   map[string]time.Time // scalers, by name: when KEDA last asked this replica while it led
	pruned  time.Time            // the Report whose scalers alone are in asked
	changed chan struct{}        // closed when there is a new Report
	ended   chan struct{}        // closed when the server ends
	streams atomic.Int64         // that are open
}

// The bounds of what a client can hold.
const (
	mostStreams  = 2 * 1024  // of a connection: KEDA asks for all its ScaledObjects over one
	mostOpen     = 4 * 1024  // streams of StreamIsActive, of all connections
	mostBytes    = 256 << 10 // of a question: a ScaledObject with its metadata
	handshake    = 10 * time.Second
	quiet        = 5 * time.Minute // a connection on which nothing happens is closed, and streams ping
	stopFor      = 5 * time.Second // for answers under way when the process ends
	leaderAnswer = 4 * time.Second // for the leader to answer another replica; KEDA waits longer
)

// New makes a server. The error names a certificate that cannot be read.
func New(o Options) (*Server, error) {
	s := &Server{opts: o, asked: map[string]time.Time{}, changed: make(chan struct{}), ended: make(chan struct{})}
	if o.Files != (Files{}) {
		s.certs = &certificates{files: o.Files}
		if _, err := s.certs.load(); err != nil {
			return nil, err
		}
	}
	s.leader.certs = s.certs
	return s, nil
}

// Run serves until ctx ends.
func (s *Server) Run(ctx context.Context, l net.Listener) error {
	options := []grpc.ServerOption{
		grpc.MaxConcurrentStreams(mostStreams), grpc.MaxRecvMsgSize(mostBytes), grpc.ConnectionTimeout(handshake),
		grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionIdle: quiet, Time: quiet}),
		grpc.UnaryInterceptor(s.counts.unary),
	}
	if s.certs != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(s.certs.server())))
	}
	g := grpc.NewServer(options...)
	pb.RegisterExternalScalerServer(g, s)
	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		close(s.ended) // streams end, so that GracefulStop need not wait for them
		timer := time.AfterFunc(stopFor, g.Stop)
		defer timer.Stop()
		g.GracefulStop()
	})
	err := g.Serve(serve.Listen(l, s.opts.Log))
	if !stop() {
		<-stopped
	}
	s.leader.close()
	if err != nil {
		return fmt.Errorf("serving the external scaler: %w", err)
	}
	return nil
}

// Published says that there is a new Report.
func (s *Server) Published() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.changed)
	s.changed = make(chan struct{})
}

// next is closed when the next Report is there.
func (s *Server) next() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// Asked is when a scaler was last asked for while this replica led; ok is false if it was not.
func (s *Server) Asked(scaler string) (at time.Time, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, ok = s.asked[scaler]
	return at, ok
}

// note notes that a scaler was asked for. Only scalers of the Report are noted, and those that are gone are dropped.
func (s *Server) note(scaler string, r *engine.Report) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.pruned.Equal(r.At) {
		maps.DeleteFunc(s.asked, func(name string, _ time.Time) bool { _, is := find(r, name); return !is })
		s.pruned = r.At
	}
	s.asked[scaler] = time.Now()
}

func find(r *engine.Report, name string) (*engine.ScalerReport, bool) {
	i, ok := slices.BinarySearchFunc(r.Scalers, name, func(one engine.ScalerReport, name string) int { return strings.Compare(one.Name, name) })
	if !ok {
		return nil, false
	}
	return &r.Scalers[i], true
}

// leads reports whether this replica decides for the scaler of a question.
func (s *Server) leads(q *pb.ScaledObjectRef) bool {
	return s.opts.Scalers.LeadsFor(q.GetNamespace(), q.GetName(), q.GetScalerMetadata())
}

// leaderAt is the address of the leader that does; empty: it is not known.
func (s *Server) leaderAt(q *pb.ScaledObjectRef) string {
	return s.opts.Scalers.LeaderFor(q.GetNamespace(), q.GetName(), q.GetScalerMetadata())
}

// metric is the one metric: how many replicas there should be. Its target is one a replica.
const metric = "replicas"

// GetMetricSpec is always answered: without it KEDA cannot make its HPA.
func (s *Server) GetMetricSpec(context.Context, *pb.ScaledObjectRef) (*pb.GetMetricSpecResponse, error) {
	return &pb.GetMetricSpecResponse{MetricSpecs: []*pb.MetricSpec{{MetricName: metric, TargetSize: 1, TargetSizeFloat: 1}}}, nil
}

// GetMetrics is the number of replicas.
func (s *Server) GetMetrics(ctx context.Context, q *pb.GetMetricsRequest) (*pb.GetMetricsResponse, error) {
	if q.GetMetricName() != metric {
		return nil, status.Errorf(codes.InvalidArgument, "metricName: there is only %s, not %q", metric, q.GetMetricName())
	}
	if s.leads(q.GetScaledObjectRef()) {
		n, err := s.answer(ctx, q.GetScaledObjectRef())
		if err != nil {
			return nil, err
		}
		return &pb.GetMetricsResponse{MetricValues: []*pb.MetricValue{{MetricName: metric, MetricValue: int64(n), MetricValueFloat: float64(n)}}}, nil
	}
	return askLeader(ctx, s, q.GetScaledObjectRef(), q, pb.ExternalScalerClient.GetMetrics)
}

// Replicas is the number for a KafkaScaler, for a caller that has allowed the question. Its errors have the texts of those of GetMetrics.
func (s *Server) Replicas(ctx context.Context, namespace, kafkaScaler string) (int32, error) {
	about := &pb.ScaledObjectRef{Namespace: namespace, Name: kafkaScaler, ScalerMetadata: map[string]string{"kafkaScaler": kafkaScaler}}
	answer, err := s.GetMetrics(context.WithValue(ctx, allowed{}, true), &pb.GetMetricsRequest{ScaledObjectRef: about, MetricName: metric})
	if err != nil {
		return 0, errors.New(status.Convert(err).Message())
	}
	return int32(answer.GetMetricValues()[0].GetMetricValue()), nil
}

// IsActive reports whether there should be at least one replica.
func (s *Server) IsActive(ctx context.Context, q *pb.ScaledObjectRef) (*pb.IsActiveResponse, error) {
	if s.leads(q) {
		n, err := s.answer(ctx, q)
		if err != nil {
			return nil, err
		}
		return &pb.IsActiveResponse{Result: n > 0}, nil
	}
	return askLeader(ctx, s, q, q, pb.ExternalScalerClient.IsActive)
}
