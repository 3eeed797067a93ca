package tryout

import (
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/brakes"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// Settings are a specification of a scaler, with its defaults filled in.
type Settings struct {
	Policy  scaler.Policy
	Sources []seen.SourceSpec
}

// SettingsOf fills in the defaults of a specification.
func SettingsOf(spec scaler.Spec) (Settings, error) {
	p, err := spec.Policy()
	return Settings{Policy: p, Sources: spec.Sources}, err
}

// Declare fills in what a consumer processes, in records/s, where the specification does not declare it: the simulator knows it, and
// nothing has to be learned before a decision can rest on it.
func (s *Settings) Declare(perConsumer float64) {
	s.Sources = slices.Clone(s.Sources)
	if len(s.Sources) == 0 {
		s.Sources = []seen.SourceSpec{{}}
	}
	if first := &s.Sources[0]; first.ProcessingTime == 0 && perConsumer > 0 {
		first.ProcessingTime = time.Duration(float64(max(1, first.Concurrency)) * float64(time.Second) / perConsumer)
	}
}

// Case is one way to play a history.
type Case struct {
	Name     string
	Scaler   string           // of which it is; empty: all of the recording
	Settings *Settings        // nil: those of the recording
	Brakes   *brakes.Settings // those of the configuration; nil: what a recording says that they did
	removes  func(in *scaler.Input)
}

// Tried is what is tried.
type Tried struct {
	Scaler   string // on which; empty: on all scalers of a recording
	Labels   map[string]string
	Present  Settings         // as simulated, or the last ones of a recording
	Recorded bool             // the present settings are those of each recorded poll
	Proposed *Settings        // nil: there are none, and the brakes are removed from the present ones
	Brakes   *brakes.Settings // of the configuration; nil: those of the recording
	Used     Used
}

// Cases are the present settings, the proposed ones, and the latter without each of their brakes.
func (t *Tried) Cases() []Case {
	present := Case{Name: "present", Scaler: t.Scaler, Settings: &t.Present, Brakes: t.Brakes}
	if t.Recorded {
		present.Settings = nil
	}
	all, base, policy := []Case{present}, present, &t.Present.Policy
	if t.Proposed != nil {
		base.Name, base.Settings = "proposed", t.Proposed
		all, policy = append(all, base), &t.Proposed.Policy
	}
	for _, b := range brakesOf(policy, t.Brakes, t.Used) {
		c := base
		c.Name, c.removes = base.Name+" without "+b.name, b.removes
		if b.settings != nil {
			without := b.settings(*t.Brakes)
			c.Brakes = &without
		}
		all = append(all, c)
	}
	return all
}

// prepare makes the input of a poll what it would have been in this case.
func (c *Case) prepare(p *Poll) {
	in := &p.In
	concerns := c.Scaler == "" || c.Scaler == p.Scaler
	if s := c.Settings; s != nil && concerns {
		mode := in.Policy.Mode // of the recording, or of the simulation
		in.Policy = s.Policy
		in.Policy.Mode = mode
		for i := range in.Sources {
			for _, spec := range s.Sources {
				if src := &in.Sources[i]; spec.Cluster == src.Cluster && spec.Group == src.Group {
					src.SourceSpec = spec
				}
			}
		}
	}
	if c.Brakes != nil {
		in.Brakes = nil
		own := in.Workload.Freeze
		if brakes.Configured(own) {
			own = nil
		}
		in.Workload.Freeze = c.Brakes.At(in.Now).Of(p.Scaler, p.Labels, own)
	}
	if c.removes != nil && concerns {
		c.removes(in)
	}
}
