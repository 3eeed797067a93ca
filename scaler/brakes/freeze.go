package brakes

import (
	"strings"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// Window freezes the scalers that it selects while it is open.
type Window struct {
	Name string
	Selector
	Stops seen.Stops
	Why   string
	Times scaler.Window
}

// Switch freezes the scalers that it selects until a time, so that a forgotten one ends.
type Switch struct {
	Selector
	Stops seen.Stops
	Why   string
	Until time.Time
}

// Settings are the brakes of the configuration.
type Settings struct {
	Limits  []Limit
	Windows []Window
	Switch  *Switch // nil: none
}

// Open are the freezes of the configuration that are in force at one time.
type Open []open

type open struct {
	Selector
	seen.Freeze
}

// Who set a freeze of the configuration, as people read it.
const (
	byWindow = "window "
	bySwitch = "brakes.freeze of the configuration"
)

// Configured reports whether a freeze is one of the configuration, and not of an annotation.
func Configured(f *seen.Freeze) bool {
	return f != nil && (f.By == bySwitch || strings.HasPrefix(f.By, byWindow))
}

// At are the freezes that are in force.
func (s *Settings) At(now time.Time) (all Open) {
	for i := range s.Windows {
		w := &s.Windows[i]
		if w.Times.Open(now) {
			until, _ := w.Times.Closes(now)
			all = append(all, open{w.Selector, seen.Freeze{Stops: w.Stops, By: byWindow + w.Name, Why: w.Why, Until: until}})
		}
	}
	if s.Switch != nil && now.Before(s.Switch.Until) {
		all = append(all, open{s.Switch.Selector, seen.Freeze{Stops: s.Switch.Stops, By: bySwitch, Why: s.Switch.Why, Until: s.Switch.Until}})
	}
	return all
}

// Of is the freeze that is in force for a scaler, by its name and labels; also is that of its annotations. Nil: there is none.
func (o Open) Of(name string, labels map[string]string, also *seen.Freeze) *seen.Freeze {
	var all []seen.Freeze
	if also != nil {
		all = append(all, *also)
	}
	for i := range o {
		if o[i].Selects(name, labels) {
			all = append(all, o[i].Freeze)
		}
	}
	return seen.InForce(all)
}
