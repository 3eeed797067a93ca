package external

import (
	"context"
	"time"

	pb "github.com/kedacore/keda/v2/pkg/scalers/externalscaler"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// lookAgain is how often a stream looks whether this replica still leads.
const lookAgain = time.Second

// StreamIsActive says true each time there should be a replica and there was none before, at once. It never says false: KEDA takes
// what one trigger pushes as the word of all of them, and asks IsActive each pollingInterval.
//
// What is not known is not told, and the stream stays open. It ends without an error when the leader changes: KEDA then opens it
// again after 2 s, and after an error later each time.
func (s *Server) StreamIsActive(q *pb.ScaledObjectRef, out grpc.ServerStreamingServer[pb.IsActiveResponse]) error {
	defer s.streams.Add(-1)
	if s.streams.Add(1) > mostOpen {
		return status.Errorf(codes.ResourceExhausted, "%d streams are open already", mostOpen)
	}
	if s.leads(q) {
		return s.streamOwn(q, out)
	}
	address, err := s.leaderFor(out.Context(), q)
	if err != nil {
		return err
	}
	return s.streamLeaders(address, q, out)
}

// streamOwn tells what this replica decides, while it leads.
func (s *Server) streamOwn(q *pb.ScaledObjectRef, out grpc.ServerStreamingServer[pb.IsActiveResponse]) error {
	ticker := time.NewTicker(lookAgain)
	defer ticker.Stop()
	active := false
	for s.leads(q) {
		next := s.next() // before the Report is read, so that none is missed
		n, err := s.answer(out.Context(), q)
		switch status.Code(err) {
		case codes.OK:
			if n > 0 && !active {
				if err := out.Send(&pb.IsActiveResponse{Result: true}); err != nil {
					return err
				}
			}
			active = n > 0
		case codes.PermissionDenied, codes.InvalidArgument, codes.ResourceExhausted:
			return err // it does not end by itself
		}
		for changed := false; !changed && s.leads(q); {
			select {
			case <-out.Context().Done():
				return nil
			case <-s.ended:
				return nil
			case <-next:
				changed = true
			case <-ticker.C:
			}
		}
	}
	return nil
}

// streamLeaders passes on what the leader tells, as long as it is the leader.
func (s *Server) streamLeaders(address string, q *pb.ScaledObjectRef, out grpc.ServerStreamingServer[pb.IsActiveResponse]) error {
	shown, err := s.leader.certificatesToShow()
	if err != nil {
		return status.Error(codes.Unavailable, err.Error())
	}
	conn, err := s.leader.connect(address, shown[0])
	if err != nil {
		return status.Errorf(codes.Unavailable, "asking the leader: %v", err)
	}
	ctx, cancel := context.WithCancel(metadata.AppendToOutgoingContext(out.Context(), forwarded, "true"))
	defer cancel()
	go func() {
		ticker := time.NewTicker(lookAgain)
		defer ticker.Stop()
		for ctx.Err() == nil && !s.leads(q) && s.leaderAt(q) == address {
			select {
			case <-ctx.Done():
			case <-s.ended:
				cancel()
			case <-ticker.C:
			}
		}
		cancel()
	}()
	from, err := pb.NewExternalScalerClient(conn).StreamIsActive(ctx, q)
	for err == nil {
		var told *pb.IsActiveResponse
		if told, err = from.Recv(); err == nil {
			err = out.Send(told)
		}
	}
	switch status.Code(err) {
	case codes.PermissionDenied, codes.InvalidArgument, codes.ResourceExhausted:
		return err
	}
	return nil
}
