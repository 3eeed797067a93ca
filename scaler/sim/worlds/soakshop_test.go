package worlds

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/lag/lagtest"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// shop is a topic, a group and a Deployment with a scaler. Its names are its own: none comes again.
type shop struct {
	name    string
	kafka   *lagtest.Cluster
	cluster string
	until   int // the round in which it closes; 0: it stays

	policy  scaler.Policy
	sources []seen.SourceSpec
	write   seen.Write
	spec    int32
	pods    []seen.Pod
	made    int // pods so far
	ends    [shopPartitions]int64
	commits [shopPartitions]int64
}

const (
	shopPartitions = 4
	shopSpeed      = 50 // records/s that one consumer can do
)

func (s *soak) open(until int) {
	s.made++
	i := s.made % len(s.kafka)
	shop := &shop{name: fmt.Sprintf("shop-%d", s.made), kafka: s.kafka[i], cluster: []string{"east", "west"}[i], until: until, spec: 1}
	shop.sources = []seen.SourceSpec{{Cluster: shop.cluster, Group: shop.name, ProcessingTime: time.Second / shopSpeed}}
	var err error
	if shop.policy, err = (scaler.Spec{Sources: shop.sources}).Policy(); err != nil {
		s.t.Fatal(err)
	}
	shop.kafka.Create(shop.name, shopPartitions)
	s.shops = append(s.shops, shop)
}

// close removes all of it.
func (p *shop) close() {
	p.kafka.Remove(p.name)
	p.kafka.Delete(p.name)
}

// work is what happens in a poll's time: pods start and end, records come and are processed, and leaders move.
func (p *shop) work(rng *rand.Rand) {
	p.resize()
	if rng.IntN(700) == 0 && len(p.pods) > 0 { // a pod is replaced
		p.kafka.Leave(p.name, p.pods[0].Name)
		p.pods = slices.Delete(p.pods, 0, 1)
		p.resize()
	}
	switch rng.IntN(500) {
	case 0:
		p.kafka.Lead(p.name, rng.Int32N(shopPartitions), rng.Int32N(3))
	case 1:
		p.kafka.Coordinate(p.name, rng.Int32N(3))
	}
	day := 2 * math.Pi * time.Duration(time.Now().UnixNano()%int64(24*time.Hour)).Hours() / 24
	arriving := (60 + 50*math.Sin(day)) * poll.Seconds() / shopPartitions * (0.8 + 0.4*rng.Float64())
	able := int64(float64(len(p.pods)*shopSpeed) * poll.Seconds() / shopPartitions)
	for i := range p.ends {
		p.kafka.Append(p.name, int32(i), int64(arriving))
		p.ends[i] += int64(arriving)
		p.commits[i] = min(p.ends[i], p.commits[i]+able)
		p.kafka.Commit(p.name, p.name, int32(i), p.commits[i])
	}
}

// resize lets pods be as many as the Deployment asks for; each is one member.
func (p *shop) resize() {
	for int32(len(p.pods)) > p.spec {
		p.kafka.Leave(p.name, p.pods[len(p.pods)-1].Name)
		p.pods = p.pods[:len(p.pods)-1]
	}
	for int32(len(p.pods)) < p.spec {
		p.made++
		name := fmt.Sprintf("%s-%d", p.name, p.made)
		p.pods = append(p.pods, seen.Pod{Name: name, UID: name, IP: "127.0.0.1", Ready: true})
		p.kafka.Join(p.name, name, p.name)
	}
}

// Scalers are those of the shops that are open.
func (s *soak) Scalers(time.Time) []scaler.Scaler {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]scaler.Scaler, 0, len(s.shops))
	for _, p := range s.shops {
		out = append(out, scaler.Scaler{
			Name: namespace + "/" + p.name, Mode: scaler.Act, Policy: p.policy, Sources: p.sources,
			Workload: seen.Workload{
				Ref:   seen.Ref{APIVersion: "apps/v1", Kind: "Deployment", Namespace: namespace, Name: p.name},
				Found: true, HasScale: true, Spec: p.spec, Status: int32(len(p.pods)), Ready: int32(len(p.pods)),
				LastWrite: p.write, Pods: slices.Clone(p.pods),
			},
		})
	}
	slices.SortFunc(out, func(a, b scaler.Scaler) int { return cmpString(a.Name, b.Name) })
	return out
}

// Apply writes the size of a shop.
func (s *soak) Apply(_ context.Context, c scaler.Change) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.shops, func(p *shop) bool { return p.name == c.Target.Name })
	if i < 0 || s.shops[i].spec != c.From {
		return fmt.Errorf("%s: %w", c.Target.Name, scaler.ErrConflict)
	}
	s.shops[i].spec, s.shops[i].write = c.To, seen.Write{At: time.Now(), From: c.From, To: c.To}
	return nil
}
