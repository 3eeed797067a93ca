package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/brakes"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// Brakes is what limits all scalers together, and freezes them. docs/safety.md explains it.
type Brakes struct {
	// Limits of several scalers together. Every limit that selects a scaler applies to it. Default: none.
	Limits []BrakeLimit `yaml:"limits"`

	// Windows in which replicas are not scaled down, or not changed at all. Default: none.
	Freezes []FreezeWindow `yaml:"freezes"`

	// A switch that freezes scalers until a time. Default: none. The annotation `lagscaler.io/freeze` of a namespace, a KafkaScaler or
	// its target does the same without a change of the configuration.
	Freeze *FreezeSwitch `yaml:"freeze"`
}

// BrakeLimit is a limit of the scalers that it selects, all together. At least one of addedPerMinute, steppingDown and replicas must
// be set.
type BrakeLimit struct {
	// The name of the limit, for decisions, pages and metrics.
	Name string `yaml:"name"`

	// Patterns of the namespaces whose scalers it limits. Default: all.
	Namespaces []Regexp `yaml:"namespaces"`

	// Labels that the KafkaScaler must have, each as KEY=VALUE. Default: any. Scalers of this file have none.
	Labels []Label `yaml:"labels"`

	// How many replicas may be added in any minute. Default: no limit.
	AddedPerMinute int32 `yaml:"addedPerMinute"`

	// Which share of the scalers may be scaled down within 5 minutes, above 0 and at most 1. Scalers in mode act count, and those
	// whose number KEDA or an HPA follows. One scaler is always allowed. Default: no limit.
	SteppingDown float64 `yaml:"steppingDown"`

	// The total of the replicas, for example the size of a node pool. If more replicas run than the limit allows, none is removed.
	// Default: no limit.
	Replicas int32 `yaml:"replicas"`
}

// FreezeWindow is a time, by cron expressions, in which the scalers that it selects are frozen.
type FreezeWindow struct {
	// The name of the window, for decisions and pages.
	Name string `yaml:"name"`

	// Patterns of the namespaces whose scalers it freezes. Default: all.
	Namespaces []Regexp `yaml:"namespaces"`

	// Labels that the KafkaScaler must have, each as KEY=VALUE. Default: any. Scalers of this file have none.
	Labels []Label `yaml:"labels"`

	// `down` (no scale down) or `all` (the replicas are not changed at all).
	Stops seen.Stops `yaml:"stops"`

	// Why, for people who read a decision.
	Why string `yaml:"why"`

	// The start, as a cron expression with five fields. If the clock skips it, the window opens when the clock goes on; if it
	// comes twice, the first counts.
	Start string `yaml:"start"`

	// The end, as a cron expression with five fields. If the clock skips it, the window closes when the clock goes on; if it
	// comes twice, the last counts.
	End string `yaml:"end"`

	// An IANA time zone. Default UTC.
	TimeZone string `yaml:"timeZone"`
}

// FreezeSwitch is a switch that freezes the scalers that it selects until a time.
type FreezeSwitch struct {
	// Patterns of the namespaces whose scalers it freezes. Default: all.
	Namespaces []Regexp `yaml:"namespaces"`

	// Labels that the KafkaScaler must have, each as KEY=VALUE. Default: any. Scalers of this file have none.
	Labels []Label `yaml:"labels"`

	// `down` (no scale down) or `all` (the replicas are not changed at all).
	Stops seen.Stops `yaml:"stops"`

	// Why, for people who read a decision.
	Why string `yaml:"why"`

	// When it ends, as a time of RFC 3339 such as 2026-12-01T06:00:00Z. It is required, so that a forgotten switch ends. In the past,
	// the switch is off.
	Until Time `yaml:"until"`
}

// Scaler converts the brakes to the type of package brakes. The windows have been checked.
func (b *Brakes) Scaler() brakes.Settings {
	var s brakes.Settings
	for i, l := range b.Limits {
		s.Limits = append(s.Limits, brakes.Limit{
			Name: l.nameOf(i), Selector: selector(l.Namespaces, l.Labels), AddedPerMinute: l.AddedPerMinute, SteppingDown: l.SteppingDown, Replicas: l.Replicas,
		})
	}
	for i, f := range b.Freezes {
		times, err := f.window().Parse()
		if err != nil {
			continue // a configuration with it is refused
		}
		s.Windows = append(s.Windows, brakes.Window{
			Name: cmp.Or(f.Name, fmt.Sprintf("freezes[%d]", i)), Selector: selector(f.Namespaces, f.Labels), Stops: f.Stops, Why: f.Why, Times: times,
		})
	}
	if f := b.Freeze; f != nil {
		s.Switch = &brakes.Switch{Selector: selector(f.Namespaces, f.Labels), Stops: f.Stops, Why: f.Why, Until: time.Time(f.Until)}
	}
	return s
}

func (l *BrakeLimit) nameOf(i int) string { return cmp.Or(l.Name, fmt.Sprintf("limits[%d]", i)) }

// window is the window as a schedule has it, whose replicas say nothing here.
func (f *FreezeWindow) window() scaler.WindowSpec {
	return scaler.WindowSpec{Start: f.Start, End: f.End, TimeZone: f.TimeZone, MinReplicas: 1}
}

func selector(namespaces []Regexp, labels []Label) brakes.Selector {
	s := brakes.Selector{}
	for _, n := range namespaces {
		s.Namespaces = append(s.Namespaces, n.Regexp())
	}
	for _, l := range labels {
		if s.Labels == nil {
			s.Labels = map[string]string{}
		}
		s.Labels[l.Key] = l.Value
	}
	return s
}

// brakes checks the limits and freezes.
func (v *validator) brakes(b *Brakes) {
	var names []string
	for i := range b.Limits {
		at, l := fmt.Sprintf("brakes.limits[%d]", i), &b.Limits[i]
		if slices.Contains(names, l.nameOf(i)) {
			v.addProblem(at+".name", "is also the name of limits[%d]", slices.Index(names, l.nameOf(i)))
		}
		names = append(names, l.nameOf(i))
		v.require(at, l.AddedPerMinute == 0 && l.SteppingDown == 0 && l.Replicas == 0 &&
			!v.has(at+".addedPerMinute") && !v.has(at+".steppingDown") && !v.has(at+".replicas"), "one of addedPerMinute, steppingDown and replicas")
		requirePositive(v, at+".addedPerMinute", int64(l.AddedPerMinute))
		requirePositive(v, at+".replicas", int64(l.Replicas))
		if v.has(at+".steppingDown") && (l.SteppingDown <= 0 || l.SteppingDown > 1) {
			v.addProblem(at+".steppingDown", "must be above 0 and at most 1")
		}
	}
	for i := range b.Freezes {
		f := &b.Freezes[i]
		v.freezeWindow(fmt.Sprintf("brakes.freezes[%d]", i), f)
	}
	if f := b.Freeze; f != nil {
		v.stops("brakes.freeze.stops", f.Stops)
		v.require("brakes.freeze.until", time.Time(f.Until).IsZero(), "the time at which a forgotten switch ends")
	}
}

func (v *validator) freezeWindow(at string, f *FreezeWindow) {
	v.stops(at+".stops", f.Stops)
	v.require(at+".start", f.Start == "", "a cron expression such as 0 8 * * 1-5")
	v.require(at+".end", f.End == "", "a cron expression such as 0 18 * * 1-5")
	if f.Start == "" || f.End == "" {
		return
	}
	_, err := f.window().Parse()
	for _, e := range split(err) {
		field, message, _ := strings.Cut(e.Error(), ": ")
		_, message, _ = strings.Cut(message, ": ") // the value, which the problem has
		v.addProblem(at+strings.TrimPrefix(field, "window"), "%s", message)
	}
}

func (v *validator) stops(at string, s seen.Stops) {
	v.require(at, s == "", "down or all")
	if s != "" && s != seen.StopsDown && s != seen.StopsAll {
		v.addProblem(at, "must be down or all")
	}
}
