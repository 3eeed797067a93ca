package scaler

import "time"

// onWall is what the wall clock shows at t, as a time of UTC, in which every day has 24 hours.
func onWall(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
}

// firstOf and lastOf choose between the two instants of a time that comes twice.
func firstOf(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func lastOf(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// instant is when the wall clock of a zone shows wall (see [onWall]). Of a time that comes twice it is what which chooses. A
// time that does not exist is when the gap ends. time.Date guarantees neither.
func instant(wall time.Time, zone *time.Location, which func(a, b time.Time) time.Time) time.Time {
	near := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), wall.Nanosecond(), zone)
	from, to := near.ZoneBounds()
	if shown := onWall(near); shown.After(wall) {
		return from
	} else if shown.Before(wall) {
		return to
	}
	at := near
	if !from.IsZero() {
		at = which(at, withOffset(wall, from.Add(-1), near))
	}
	if !to.IsZero() {
		at = which(at, withOffset(wall, to, near))
	}
	return at
}

// withOffset is the instant at which a clock with the offset of another time shows wall; otherwise if the zone's does not.
func withOffset(wall, of, otherwise time.Time) time.Time {
	_, offset := of.Zone()
	if at := wall.Add(-time.Duration(offset) * time.Second).In(of.Location()); onWall(at).Equal(wall) {
		return at
	}
	return otherwise
}

// setBack is by how much the wall clock has been set back just before t, while it shows times that it has shown already; else 0.
func setBack(t time.Time) time.Duration {
	from, _ := t.ZoneBounds()
	if from.IsZero() {
		return 0
	}
	_, then := from.Add(-1).Zone()
	_, now := t.Zone()
	if d := time.Duration(then-now) * time.Second; d > 0 && t.Sub(from) < d {
		return d
	}
	return 0
}
