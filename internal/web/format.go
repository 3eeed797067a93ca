package web

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// count is a whole number with thin spaces: 1 234 567.
func count(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, s = "−", s[1:]
	}
	var b strings.Builder
	for i, d := range s {
		if i > 0 && (len(s)-i)%3 == 0 {
			b.WriteRune(' ')
		}
		b.WriteRune(d)
	}
	return sign + b.String()
}

// span is a duration in seconds as people say it: 0.4 s, 12 s, 3 min, 5 h, 2 d.
func span(seconds float64) string {
	switch s := math.Abs(seconds); {
	case s < 10:
		return strconv.FormatFloat(seconds, 'f', 1, 64) + " s"
	case s < 120:
		return strconv.FormatFloat(seconds, 'f', 0, 64) + " s"
	case s < 2*3600:
		return strconv.FormatFloat(seconds/60, 'f', 0, 64) + " min"
	case s < 48*3600:
		return strconv.FormatFloat(seconds/3600, 'f', 0, 64) + " h"
	}
	return strconv.FormatFloat(seconds/86400, 'f', 0, 64) + " d"
}

func ago(d time.Duration) string { return span(d.Seconds()) }

// perSecond is a rate: 0.4/s, 120/s, 1 540/s.
func perSecond(r float64) string {
	if math.Abs(r) < 10 {
		return strconv.FormatFloat(r, 'f', 1, 64) + "/s"
	}
	return count(int64(math.Round(r))) + "/s"
}

func percent(ratio float64) string { return strconv.FormatFloat(ratio*100, 'f', 0, 64) + " %" }

const unknownMark = "–"

// The functions below show a value that may be unknown.

func countOr(n *int64) string {
	if n == nil {
		return unknownMark
	}
	return count(*n)
}

func spanOr(s *float64) string {
	if s == nil {
		return unknownMark
	}
	return span(*s)
}

func rateOr(r *float64) string {
	if r == nil {
		return unknownMark
	}
	return perSecond(*r)
}

func textOr(s *string) string {
	if s == nil || *s == "" {
		return unknownMark
	}
	return *s
}

func percentOr(r *float64) string {
	if r == nil {
		return unknownMark
	}
	return percent(*r)
}

// sparkline is the points of an SVG polyline, 100 by 24, of the values; empty with fewer than two known ones.
func sparkline(values []float32) string {
	top, known := float32(0), 0
	for _, v := range values {
		if !math.IsNaN(float64(v)) {
			top = max(top, v)
			known++
		}
	}
	if known < 2 {
		return ""
	}
	if top == 0 {
		top = 1
	}
	var b strings.Builder
	for i, v := range values {
		if !math.IsNaN(float64(v)) {
			fmt.Fprintf(&b, "%.1f,%.1f ", 100*float32(i)/float32(len(values)-1), 23-22*v/top)
		}
	}
	return strings.TrimSpace(b.String())
}
