package scaler

import (
	"errors"
	"fmt"
	"strings"
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
	start, end times
}

// Open reports whether the window is open at t: of its starts and ends until t, a start came last on the wall clock. That is while the wall clock
// is in [start, end), also on the two days when clocks change. For Europe/Berlin in 2026:
//
//	                              29 March: 2:00 to 3:00 does not exist    25 October: 2:00 to 3:00 comes twice
//	2:30 to 3:30                  opens at 3:00: 30 min                    opens at the first 2:30: 2 h in one piece
//	1:30 to 2:30                  closes at 3:00: 30 min                   closes at the second 2:30: 2 h
//	2:10 to 2:40                  never: both are at 3:00                  from the first 2:10 to the second 2:40: 90 min
//	2:10 to 2:00 the next day     closed 2:00 to 3:00, which is no time    open: the second 2:00 ends the day before, and the first 2:10
//	                                                                       has begun the next one
//
// An end without a start before it changes nothing: 6:30 on weekdays to 22:10 every day is closed at the weekend.
func (w Window) Open(t time.Time) bool {
	start, started := w.start.last(t, firstOf)
	end, ended := w.end.last(t, lastOf)
	switch {
	case !started || !ended:
		return started
	case w.start.zone.String() != w.end.zone.String():
		return !start.at.Before(end.at)
	}
	return !start.wall.Before(end.wall) // of the same time, the end belongs to the window before
}

// Closes is when a window that is open at t closes; ok is false if that is not found.
func (w Window) Closes(t time.Time) (at time.Time, ok bool) {
	local := t.In(w.end.zone)
	wall := onWall(local).Add(-setBack(local) - time.Hour) // the end that counts may be behind what the clock shows, when it is set back
	for range 1000 {
		if wall = w.end.Next(wall); wall.IsZero() {
			return time.Time{}, false
		}
		if at := instant(wall, w.end.zone, lastOf); at.After(t) && !w.Open(at) {
			return at, true
		}
	}
	return time.Time{}, false
}

// Parse is the window; the error holds everything that is wrong with it.
func (s WindowSpec) Parse() (Window, error) {
	w, errs := s.parse("window")
	return w, errors.Join(errs...)
}

// parse parses the window; field names it in errors.
func (s WindowSpec) parse(field string) (Window, []error) {
	w, errs := Window{WindowSpec: s}, []error(nil)
	fail := func(name, value string, err error) {
		errs = append(errs, fmt.Errorf("%s.%s: %q: %w", field, name, value, err))
	}
	zone, zoneErr := time.LoadLocation(s.TimeZone)
	var startErr, endErr error
	if w.start, startErr = parseCron(s.Start, zone); startErr != nil {
		fail("start", s.Start, startErr)
	}
	if w.end, endErr = parseCron(s.End, zone); endErr != nil {
		fail("end", s.End, endErr)
	}
	if zoneErr != nil {
		fail("timeZone", s.TimeZone, zoneErr)
	}
	if s.MinReplicas < 1 {
		errs = append(errs, fmt.Errorf("%s.minReplicas: must be at least 1, not %d", field, s.MinReplicas))
	}
	if len(errs) > 0 {
		return Window{}, errs
	}
	if !w.closes() {
		fail("end", s.End, fmt.Errorf("comes only when the window starts anew (%q), so it never closes", s.Start))
		return Window{}, errs
	}
	return w, nil
}

// anyDay is where the search for the times of a schedule begins: whether it has any does not depend on it.
var anyDay = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)

// closes reports whether the window ever closes: whether any end comes at another time than the starts. The days of a year show every combination of month, day and weekday that the two may differ in.
func (w Window) closes() bool {
	if w.start.zone.String() != w.end.zone.String() || w.end.Minute&^w.start.Minute&^star != 0 || w.end.Hour&^w.start.Hour&^star != 0 {
		return true
	}
	t := anyDay
	for range 366 {
		if t = w.end.Next(t); t.IsZero() {
			return false
		}
		if !w.start.Next(t.Add(-time.Second)).Equal(t) {
			return true
		}
		t = time.Date(t.Year(), t.Month(), t.Day(), 23, 59, 59, 0, time.UTC)
	}
	return false
}

// star is the bit that marks a field that was written as *.
const star = 1 << 63

// times are the times of a cron expression on the wall clock of a zone. The schedule itself is in no zone: it counts as if
// every day had 24 hours.
type times struct {
	*cron.SpecSchedule
	zone *time.Location
}

// moment is a time on the wall clock, and the instant that counts for it.
type moment struct {
	wall, at time.Time
}

// lookBack are the spans in which the last of the times is searched: it comes in the first one for a schedule of every hour, and
// in the last one for 29 February.
var lookBack = []time.Duration{time.Hour, 24 * time.Hour, 8 * 24 * time.Hour, 32 * 24 * time.Hour, 367 * 24 * time.Hour, 5 * 366 * 24 * time.Hour}

// last is the last of the times until t; ok is false if there is none. In a night in which an hour comes twice, which says which
// of the two instants of a time counts.
func (s times) last(t time.Time, which func(a, b time.Time) time.Time) (last moment, ok bool) {
	t = t.In(s.zone)
	until := onWall(t).Add(setBack(t)) // the wall clock may have shown later times already
	for _, span := range lookBack {
		for wall := s.Next(until.Add(-span)); !wall.IsZero() && !wall.After(until); wall = s.Next(wall) {
			if at := instant(wall, s.zone, which); !at.After(t) {
				last, ok = moment{wall, at}, true
			}
		}
		if ok {
			return last, true
		}
	}
	return moment{}, false
}

// parseCron parses five fields, or a descriptor such as @daily.
func parseCron(s string, zone *time.Location) (times, error) {
	if strings.Contains(s, "TZ=") && !strings.Contains(s, " ") {
		return times{}, errors.New("has a time zone and no time")
	}
	parsed, err := cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor).Parse(s)
	if err != nil {
		return times{}, err
	}
	schedule, ok := parsed.(*cron.SpecSchedule)
	if !ok {
		return times{}, errors.New("must be a time of day: an interval begins anew at every start of the program")
	}
	if schedule.Location != time.Local {
		zone = schedule.Location // TZ=Europe/Berlin 0 8 * * *
		schedule.Location = time.Local
	}
	if schedule.Next(anyDay).IsZero() {
		return times{}, errors.New("never comes")
	}
	return times{schedule, zone}, nil
}
