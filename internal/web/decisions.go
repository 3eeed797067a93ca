package web

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/lagscaler/lagscaler/internal/api"
	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/internal/serve"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/say"
)

// DecisionsPage is the scalers, each with its last decision.
type DecisionsPage struct {
	List
	Mode     string         `json:"mode"` // the global one
	Leader   bool           `json:"leader"`
	Verdicts []VerdictCount `json:"verdicts"` // of all that match
	Scalers  []DecisionView `json:"scalers"`  // sorted by name
	Brakes   []BrakeView    `json:"brakes,omitempty"`
}

// BrakeView is a limit above single scalers and how much of it is used; null: it does not limit that.
type BrakeView struct {
	Name           string     `json:"name"`
	AddedPerMinute *BrakeUsed `json:"addedPerMinute"` // replicas added in the last minute
	Replicas       *BrakeUsed `json:"replicas"`       // in all
	SteppingDown   *BrakeUsed `json:"steppingDown"`   // scalers, within the last 5 minutes
}

// BrakeUsed is a limit and how much of it is used. Replicas in all may exceed it.
type BrakeUsed struct {
	Used  int `json:"used"`
	Limit int `json:"limit"`
}

// VerdictCount is how many scalers' last decision has a verdict.
type VerdictCount struct {
	Verdict string `json:"verdict"`
	Count   int    `json:"count"`
}

// DecisionView is a scaler's last decision, its derivation, and whether it was applied.
type DecisionView struct {
	Name        string           `json:"name"`
	Target      string           `json:"target"`
	Labels      api.Labels       `json:"labels,omitempty"` // whose the target is; absent if nobody says
	Mode        string           `json:"mode"`             // in force: the weaker of the scaler's own and the global one
	Refused     string           `json:"refused,omitempty"`
	At          *time.Time       `json:"at"` // null: nothing decided yet
	Line        string           `json:"line"`
	Verdict     string           `json:"verdict"`
	Doc         string           `json:"doc"`     // the verdict in words
	Current     *int32           `json:"current"` // null: the target does not exist, or its replicas are not known
	Desired     *int32           `json:"desired"` // null: no number of replicas is decided
	Disposition string           `json:"disposition"`
	Failure     string           `json:"failure,omitempty"`
	Overdue     bool             `json:"overdue"` // a hold is past its deadline
	Wait        *scaler.Wait     `json:"wait"`
	Frozen      string           `json:"frozen,omitempty"` // what a freeze stops, until when, and who set it; absent: nothing does
	Owner       *OwnerView       `json:"owner"`            // another controller of the target; null: nobody
	Steps       []scaler.Step    `json:"steps"`
	Rows        []say.Row        `json:"rows"` // the derivation
	Sources     []SourceView     `json:"sources"`
	Decision    *scaler.Decision `json:"decision"` // every number; null: nothing is decided
}

// OwnerView is who else sets the target's replicas, and what it wants.
type OwnerView struct {
	Kind    string `json:"kind"`
	Name    string `json:"name"`
	Desired *int32 `json:"desired"` // null: it has not computed it yet
	Paused  bool   `json:"paused"`
}

// SourceView is a group that a scaler reads, as of the last poll.
type SourceView struct {
	Cluster string `json:"cluster"`
	Group   string `json:"group"`
	Measured
	StandsBy bool `json:"standsBy,omitempty"` // a copy that the consumers do not use, see sources[].standbyFor
}

func (p *pages) decisions(r *engine.Report, req *http.Request) (any, error) {
	out, found := findDecisions(r, req)
	first, end := out.cut(len(found))
	for _, s := range found[first:end] {
		out.Scalers = append(out.Scalers, decisionOf(s))
	}
	return out, nil
}

func (p *pages) allDecisions(r *engine.Report, req *http.Request) (serve.Whole, error) {
	out, found := findDecisions(r, req)
	out.List.whole(len(found))
	return serve.WholeOf(out, serve.Mapped(slices.Values(found), decisionOf)), nil
}

// findDecisions are the scalers that match, and the page without them.
func findDecisions(r *engine.Report, req *http.Request) (*DecisionsPage, []*engine.ScalerReport) {
	out := &DecisionsPage{
		List: listOf(req.URL.Query(), "name"), Mode: string(r.Mode), Leader: r.Leader,
		Verdicts: []VerdictCount{}, Scalers: []DecisionView{}, Brakes: brakesOf(r),
	}
	words := out.words()
	var found []*engine.ScalerReport
	counts := map[scaler.Reason]int{}
	for i := range r.Scalers {
		if s := &r.Scalers[i]; decides(s, words) {
			found = append(found, s)
			counts[s.Decision.Verdict]++
		}
	}
	for _, known := range scaler.Reasons {
		if n := counts[known.Reason]; n > 0 {
			out.Verdicts = append(out.Verdicts, VerdictCount{string(known.Reason), n})
		}
	}
	return out, found
}

func brakesOf(r *engine.Report) (out []BrakeView) {
	used := func(limit, used int) *BrakeUsed {
		if limit == 0 {
			return nil
		}
		return &BrakeUsed{used, limit}
	}
	for _, u := range r.Brakes {
		v := BrakeView{
			Name: u.Limit.Name, AddedPerMinute: used(int(u.Limit.AddedPerMinute), int(u.AddedPerMinute)), Replicas: used(int(u.Limit.Replicas), int(u.Replicas)),
		}
		if u.Limit.SteppingDown > 0 {
			v.SteppingDown = used(u.MayStepDown, u.SteppingDown)
		}
		out = append(out, v)
	}
	return out
}

// decides reports whether a scaler's names and decision contain every word. Words are in lower case.
func decides(s *engine.ScalerReport, words []string) bool {
	if len(words) == 0 {
		return true
	}
	shown := []string{api.Labels(s.Owners).String(), s.Name, s.Workload.Ref.String(), string(s.Decision.Verdict), string(s.Disposition), s.Refusal.String()}
	for _, src := range s.Sources {
		shown = append(shown, src.Group)
	}
	text := strings.ToLower(strings.Join(shown, "\x00"))
	return !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(text, word) })
}

// DecisionsOf are the last decisions of all scalers of a report, sorted by name.
func DecisionsOf(r *engine.Report) []DecisionView {
	out := make([]DecisionView, 0, len(r.Scalers))
	for i := range r.Scalers {
		out = append(out, decisionOf(&r.Scalers[i]))
	}
	return out
}

func decisionOf(s *engine.ScalerReport) DecisionView {
	d := s.Decision
	v := DecisionView{
		Name: s.Name, Target: s.Workload.Ref.String(), Mode: string(s.Mode), Refused: s.Refusal.String(),
		Labels: s.Owners, Line: s.Line, Verdict: string(d.Verdict), Doc: d.Verdict.Doc(),
		Disposition: string(s.Disposition), Failure: s.Failure, Overdue: d.Overdue, Wait: d.Wait, Steps: d.Steps,
		Rows: []say.Row{}, Frozen: scaler.FreezeWords(s.Workload.Freeze),
	}
	if o := s.Workload.Owner; o.Kind != "" {
		v.Owner = &OwnerView{Kind: o.Kind, Name: o.Name, Paused: o.Paused}
		if wants, known := o.Wants(); known {
			v.Owner.Desired = &wants
		}
	}
	if !d.At.IsZero() {
		v.At, v.Rows, v.Decision = &d.At, say.Explain(d), &d
	}
	v.Current, v.Desired = replicas(s)
	for i, src := range s.Sources {
		one := SourceView{Cluster: src.Cluster, Group: src.Group}
		if i < len(s.Measured) {
			one.Measured = measuredOf(s.Measured[i])
		}
		one.StandsBy = i < len(d.Needs) && d.Needs[i].StandsBy
		v.Sources = append(v.Sources, one)
	}
	return v
}

// replicas are those that the target has and those that are decided; nil: unknown.
func replicas(s *engine.ScalerReport) (current, desired *int32) {
	if s.Workload.Sized() {
		current = &s.Workload.Spec
	}
	if s.Decision.Decides() {
		desired = &s.Decision.Desired
	}
	return current, desired
}
