package web

import (
	"net/http"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/scaler"
)

// DecisionsPage is every scaler with its last decision.
type DecisionsPage struct {
	Mode    string         `json:"mode"` // the global one
	Leader  bool           `json:"leader"`
	Scalers []DecisionView `json:"scalers"` // sorted by name
}

// DecisionView is a scaler's last decision, how it came about, and what became of it.
type DecisionView struct {
	Name        string          `json:"name"`
	Target      string          `json:"target"`
	Mode        string          `json:"mode"` // in force: the weaker of the scaler's own and the global one
	Refused     string          `json:"refused,omitempty"`
	At          *time.Time      `json:"at"` // null: nothing decided yet
	Line        string          `json:"line"`
	Verdict     string          `json:"verdict"`
	Doc         string          `json:"doc"` // the verdict in words
	Current     int32           `json:"current"`
	Desired     int32           `json:"desired"`
	Disposition string          `json:"disposition"`
	Failure     string          `json:"failure,omitempty"`
	Overdue     bool            `json:"overdue"` // a hold is past its deadline
	Wait        *scaler.Wait    `json:"wait"`
	Owner       *OwnerView      `json:"owner"` // another controller of the target; null: nobody
	Steps       []scaler.Step   `json:"steps"`
	Rows        []scaler.Row    `json:"rows"` // the derivation
	Sources     []SourceView    `json:"sources"`
	Decision    scaler.Decision `json:"decision"` // every number
}

// OwnerView is who else sets the target's replicas, and what it wants.
type OwnerView struct {
	Kind    string `json:"kind"`
	Name    string `json:"name"`
	Desired int32  `json:"desired"`
	Paused  bool   `json:"paused"`
}

// SourceView names a group that a scaler reads.
type SourceView struct {
	Cluster string `json:"cluster"`
	Group   string `json:"group"`
}

func (p *pages) decisions(r *engine.Report, _ *http.Request) (any, error) {
	return &DecisionsPage{Mode: string(r.Mode), Leader: r.Leader, Scalers: DecisionsOf(r)}, nil
}

// DecisionsOf are the last decisions of all scalers of a report, sorted by name.
func DecisionsOf(r *engine.Report) []DecisionView {
	out := []DecisionView{}
	for i := range r.Scalers {
		v := decisionOf(&r.Scalers[i])
		v.Mode = string(scaler.Weaker(r.Mode, r.Scalers[i].Mode))
		out = append(out, v)
	}
	return out
}

func decisionOf(s *engine.ScalerReport) DecisionView {
	d := s.Decision
	v := DecisionView{
		Name: s.Name, Target: s.Workload.Ref.String(), Mode: string(s.Mode), Refused: s.Refused,
		Line: s.Line, Verdict: string(d.Verdict), Doc: d.Verdict.Doc(), Current: s.Workload.Spec, Desired: d.Desired,
		Disposition: string(s.Disposition), Failure: s.Failure, Overdue: d.Overdue, Wait: d.Wait, Steps: d.Steps, Decision: d,
		Rows: []scaler.Row{},
	}
	if o := s.Workload.Owner; o.Kind != "" {
		v.Owner = &OwnerView{Kind: o.Kind, Name: o.Name, Desired: o.Desired, Paused: o.Paused}
	}
	if !d.At.IsZero() {
		v.At, v.Rows = &d.At, scaler.Explain(d)
	}
	for _, src := range s.Sources {
		v.Sources = append(v.Sources, SourceView{src.Cluster, src.Group})
	}
	return v
}
