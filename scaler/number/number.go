// Package number formats numbers as people read them. Decision lines, derivations and pages all use it, so that a number in
// a line is the same number on the page.
//
//	Whole      9400        9 400
//	Quantity   0.873, 12.4 0.87, 12; 0.0004 is 0.0004, not 0
//	PerSecond  1540        1 540/s
//	Percent    0.92        92 %
//	Kept       0.99943     99.943 %
//	Of         1, 12       1 consumer, 12 consumers
//	Seconds    90, 600     90 s, 10 min
//	Clock                  14:05, or 14:05:30
package number

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Whole is a number of things, in groups of three digits: 9 400.
func Whole[T int | int32 | int64](n T) string {
	return grouped(strconv.FormatInt(int64(n), 10))
}

// grouped are digits, which may have a sign, in groups of three.
func grouped(s string) string {
	sign := ""
	if s[0] == '-' {
		sign, s = "-", s[1:]
	}
	var b strings.Builder
	for i, digit := range s {
		if i > 0 && (len(s)-i)%3 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(digit)
	}
	return sign + b.String()
}

// Quantity is a measured quantity: whole from 10 on, with one decimal below, and two below 1. What is not 0 does not read as 0.
func Quantity(v float64) string {
	switch a := math.Abs(v); {
	case a == 0 || a >= 9.95:
		return Whole(int64(math.Round(v)))
	case a >= 0.995:
		return strings.TrimSuffix(strconv.FormatFloat(v, 'f', 1, 64), ".0")
	}
	digits := 2
	if a := math.Abs(v); a < 0.005 { // it is not 0
		digits = int(math.Ceil(-math.Log10(a)))
	}
	return strings.TrimRight(strings.TrimRight(strconv.FormatFloat(v, 'f', digits, 64), "0"), ".")
}

// Fixed is a quantity with a given number of decimals: 1 540.0.
func Fixed(v float64, decimals int) string {
	whole, after, found := strings.Cut(strconv.FormatFloat(v, 'f', decimals, 64), ".")
	if found {
		after = "." + after
	}
	return grouped(whole) + after
}

// PerSecond is a rate: 0.4/s, 120/s, 1 540/s.
func PerSecond(v float64) string { return Quantity(v) + "/s" }

// Percent is a share: 92 %.
func Percent(share float64) string { return Quantity(100*share) + " %" }

// Kept is a share of records near 1, never rounded up: 99.7 %, 99.943 %. Only all of them are 100 %.
func Kept(share float64) string {
	thousandths := math.Floor(share*1e5 + 1e-6)
	return strconv.FormatFloat(thousandths/1e3, 'f', -1, 64) + " %"
}

// Of is a number of things with their name: 1 consumer, 12 consumers.
func Of[T int | int32 | int64](n T, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return Whole(n) + " " + thing + "s"
}

// Seconds is a duration in seconds below five minutes, then in minutes, in hours, and from two days on in days.
func Seconds(s float64) string {
	switch {
	case s < 300:
		return Quantity(s) + " s"
	case s < 2*3600:
		return Quantity(s/60) + " min"
	case s < 48*3600:
		return Quantity(s/3600) + " h"
	}
	return Quantity(s/86400) + " d"
}

// Duration is a duration as Seconds prints it.
func Duration(d time.Duration) string { return Seconds(d.Seconds()) }

// Clock is a time of the day, with seconds when it has some.
func Clock(t time.Time) string {
	if t.Second() == 0 {
		return t.Format("15:04")
	}
	return t.Format("15:04:05")
}
