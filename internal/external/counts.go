package external

import (
	"cmp"
	"context"
	"path"
	"slices"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"
)

// Count is how many questions of one kind had one outcome, since the start of the process.
type Count struct {
	Call string // GetMetrics, IsActive or GetMetricSpec
	Code string // OK, or the code of the error: Unavailable, PermissionDenied, …
	N    uint64
}

// counts count the questions of this replica.
type counts struct {
	mu   sync.Mutex
	made map[Count]uint64 // by Call and Code
}

func (c *counts) unary(ctx context.Context, q any, info *grpc.UnaryServerInfo, answer grpc.UnaryHandler) (any, error) {
	a, err := answer(ctx, q)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.made == nil {
		c.made = map[Count]uint64{}
	}
	c.made[Count{Call: path.Base(info.FullMethod), Code: status.Code(err).String()}]++
	return a, err
}

// Counts are the questions so far, sorted.
func (s *Server) Counts() []Count {
	s.counts.mu.Lock()
	defer s.counts.mu.Unlock()
	var out []Count
	for c, n := range s.counts.made {
		c.N = n
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b Count) int { return cmp.Or(cmp.Compare(a.Call, b.Call), cmp.Compare(a.Code, b.Code)) })
	return out
}
