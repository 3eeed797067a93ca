package scaler

import (
	"errors"
	"fmt"
	"time"

	"github.com/robfig/cron/v3"
)

// WindowSpec asks for at least MinReplicas between two cron times, such as 0 8 * * 1-5 and 0 18 * * 1-5.
type WindowSpec struct {
	Start       string // cron, five fields
	End         string
	TimeZone    string // IANA name; empty: UTC
	MinReplicas int32
}

// Window is a WindowSpec that has been parsed.
type Window struct {
	WindowSpec
	start, end cron.Schedule
	zone       *time.Location
}

// Open reports whether the window is open at t: its end comes before its next start.
func (w Window) Open(t time.Time) bool {
	t = t.In(w.zone)
	return w.end.Next(t).Before(w.start.Next(t))
}

// Parse is the window; the error holds everything that is wrong with it.
func (s WindowSpec) Parse() (Window, error) {
	w, errs := s.parse("window")
	return w, errors.Join(errs...)
}

// parse parses the window; field names it in errors.
func (s WindowSpec) parse(field string) (Window, []error) {
	w, errs := Window{WindowSpec: s}, []error(nil)
	var err error
	if w.start, err = parseCron(s.Start); err != nil {
		errs = append(errs, fmt.Errorf("%s.start: %q: %w", field, s.Start, err))
	}
	if w.end, err = parseCron(s.End); err != nil {
		errs = append(errs, fmt.Errorf("%s.end: %q: %w", field, s.End, err))
	}
	if w.zone, err = time.LoadLocation(s.TimeZone); err != nil {
		errs = append(errs, fmt.Errorf("%s.timeZone: %q: %w", field, s.TimeZone, err))
	}
	if s.MinReplicas < 1 {
		errs = append(errs, fmt.Errorf("%s.minReplicas: must be at least 1, not %d", field, s.MinReplicas))
	}
	if len(errs) > 0 {
		return Window{}, errs
	}
	return w, nil
}

func parseCron(s string) (cron.Schedule, error) {
	return cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor).Parse(s)
}
