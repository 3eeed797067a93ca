package web

import (
	"net/http"
	"strconv"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/scaler/learn"
)

// ComparePage is what a scaler decided, next to the replicas that its target had.
type ComparePage struct {
	Name        string   `json:"name"`
	Owner       string   `json:"owner"` // who set the replicas; empty: nobody else, or a person
	TargetLag   float64  `json:"targetLagSeconds"`
	Preset      string   `json:"preset"`
	MinReplicas int32    `json:"minReplicas"`
	MaxReplicas *int32   `json:"maxReplicas"` // null: the partitions
	PerConsumer *float64 `json:"perConsumer"` // records/s; null: not known yet
	Partitions  *int32   `json:"partitions"`
	Assignor    string   `json:"assignor"`
	Steps       []Step   `json:"steps"` // the oldest first
}

// Step is five minutes.
type Step struct {
	Time     time.Time `json:"time"`
	Rate     float64   `json:"rate"`        // mean arrivals, records/s
	Replicas float64   `json:"replicas"`    // mean, as they were
	Desired  float64   `json:"desired"`     // mean, as decided
	Late     *float64  `json:"lateSeconds"` // greatest time lag; null: unknown
}

func (p *pages) compare(r *engine.Report, req *http.Request) (any, error) {
	name := req.URL.Query().Get("scaler")
	for i := range r.Scalers {
		if r.Scalers[i].Name == name {
			return compareOf(&r.Scalers[i]), nil
		}
	}
	return nil, failure{http.StatusNotFound, "no scaler " + strconv.Quote(name)}
}

func compareOf(s *engine.ScalerReport) *ComparePage {
	out := &ComparePage{
		Name: s.Name, Owner: s.Workload.Owner.Kind, TargetLag: s.Policy.TargetLag.Seconds(), Preset: string(s.Policy.Preset),
		MinReplicas: s.Policy.MinReplicas, Steps: steps(s.Week),
	}
	if s.Policy.MaxReplicas > 0 {
		out.MaxReplicas = &s.Policy.MaxReplicas
	}
	if n, ok := s.Decision.Need(); ok {
		out.Assignor = n.Assignor
		if n.Capacity.Known() { // one that was only seen is a lower bound
			out.PerConsumer = &n.PerConsumer
		}
		if n.Partitions > 0 {
			out.Partitions = &n.Partitions
		}
	}
	return out
}

// steps joins the series of a week at the times that all of them know.
func steps(w learn.Week) []Step {
	at := func(s learn.Series) map[int64]float64 {
		values := map[int64]float64{}
		for _, p := range s.Points() {
			values[p.At.Unix()] = p.Value
		}
		return values
	}
	rate, actual, late := at(w.Rate), at(w.Actual), at(w.Late)
	out := []Step{}
	for _, p := range w.Desired.Points() {
		k := p.At.Unix()
		r, okRate := rate[k]
		a, okActual := actual[k]
		if okRate && okActual {
			step := Step{Time: p.At, Rate: r, Replicas: a, Desired: p.Value}
			if l, ok := late[k]; ok {
				step.Late = &l
			}
			out = append(out, step)
		}
	}
	return out
}
