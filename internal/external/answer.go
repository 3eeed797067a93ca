package external

import (
	"cmp"
	"context"
	"time"

	pb "github.com/kedacore/keda/v2/pkg/scalers/externalscaler"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/scaler"
)

// answer is the number of replicas for a ScaledObject, as this replica has it. The errors say what is not known, or not allowed:
//
//	no certificate for the namespace            PermissionDenied
//	the trigger is wrong                        InvalidArgument
//	too many triggers with their own settings   ResourceExhausted
//	no such KafkaScaler                         NotFound
//	it is refused, or its mode is observe       FailedPrecondition
//	not decided yet, not read, no recent poll   Unavailable
//	no poll since this replica leads            Unavailable: the number that the last leader gave is not loaded yet
func (s *Server) answer(ctx context.Context, q *pb.ScaledObjectRef) (replicas int32, err error) {
	name, own, err := s.asksFor(ctx, q)
	if err != nil {
		return 0, err
	}
	r := s.opts.Latest()
	if r == nil || !r.Leader {
		return 0, status.Error(codes.Unavailable, "no poll has ended since this replica leads")
	}
	one, ok := find(r, name)
	switch {
	case ok:
	case own:
		return 0, status.Errorf(codes.Unavailable, "the ScaledObject %s/%s is being read: its scaler is there at the next poll", q.GetNamespace(), q.GetName())
	default:
		return 0, status.Errorf(codes.NotFound, "there is no KafkaScaler %s", name)
	}
	s.note(name, r)
	return s.number(one, r)
}

// asksFor is the scaler that a question is about. own: the trigger carries its settings.
func (s *Server) asksFor(ctx context.Context, q *pb.ScaledObjectRef) (name string, own bool, err error) {
	if q.GetNamespace() == "" || q.GetName() == "" {
		return "", false, status.Errorf(codes.InvalidArgument, "the ScaledObject has no namespace or no name: %q, %q", q.GetNamespace(), q.GetName())
	}
	name, own, wrong := s.opts.Scalers.AskFor(q.GetNamespace(), q.GetName(), q.GetScalerMetadata())
	if err := s.allow(ctx, q.GetNamespace(), own); err != nil {
		return "", own, err
	}
	if wrong != nil {
		return "", own, status.Errorf(codes.InvalidArgument, "ScaledObject %s/%s: %v", q.GetNamespace(), q.GetName(), wrong)
	}
	if own {
		if err := s.opts.Scalers.Follow(q.GetNamespace(), q.GetName()); err != nil {
			return "", own, status.Error(codes.ResourceExhausted, err.Error())
		}
	}
	return name, own, nil
}

// stale is how many polls may fail to end before the last Report does not count any more.
const stale = 4

// number is what is given for a scaler of a Report.
func (s *Server) number(one *engine.ScalerReport, r *engine.Report) (replicas int32, err error) {
	age := time.Since(r.At)
	switch why := one.Decision.Unanswered(r.At, s.opts.Clock); {
	case age > stale*cmp.Or(r.Pace(), s.opts.Interval):
		return 0, status.Errorf(codes.Unavailable, "the last poll ended %v ago", age.Round(time.Second))
	case one.Refused():
		return 0, status.Errorf(refusalCode(one.Refusal), "%s: %s", one.Name, one.Refusal)
	case one.Mode == scaler.Observe:
		return 0, status.Errorf(codes.FailedPrecondition, "%s: mode observe makes no decisions", one.Name)
	case one.Failure != "" && one.Decision.At.IsZero():
		return 0, status.Errorf(codes.Unavailable, "%s: %s", one.Name, one.Failure)
	case why != "":
		return 0, status.Errorf(codes.Unavailable, "%s: %s", one.Name, why)
	}
	return one.Decision.Answer(&one.Workload, one.Given), nil
}

// refusalCode is NotReadYet or a refusal that somebody has to end.
func refusalCode(r scaler.Refusal) codes.Code {
	if r.Allowed {
		return codes.Unavailable // its target is not read, or not yet
	}
	return codes.FailedPrecondition
}
