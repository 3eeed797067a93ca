package engine

import (
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/say"
)

// promise fills in what is kept for the objective of a scaler, and what was played for its price.
func (s *scaling) promise(r *ScalerReport, m *scaler.Memory) {
	d := &r.Decision
	if n, ok := d.Need(); ok {
		r.Played = m.Play(n.Cluster, n.Group)
	}
	c := d.Promised()
	if c == nil {
		return
	}
	last, ok := s.reports[r.Name]
	if ok && last.Decision.At.Equal(d.At) { // usually a decision stands for several polls
		r.Promise, r.Cheaper = last.Promise, last.Cheaper
		return
	}
	r.Promise = say.Promise(c)
	if list, ok := r.Played.Price(c.Objective); ok {
		r.Cheaper = say.Cheaper(&list, d.Policy.TargetLag, c.Objective)
	}
}
