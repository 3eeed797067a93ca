package web

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/lagscaler/lagscaler/scaler/number"
)

// A number is not broken over two lines, and its sign is a minus, not a hyphen.
var typeset = strings.NewReplacer(" ", "\u00a0", "-", "−")

func count(n int64) string { return typeset.Replace(number.Whole(n)) }

func span(seconds float64) string { return typeset.Replace(number.Seconds(seconds)) }

func perSecond(r float64) string { return typeset.Replace(number.PerSecond(r)) }

func ago(d time.Duration) string { return span(d.Seconds()) }

func percent(ratio float64) string {
	return typeset.Replace(strconv.FormatFloat(ratio*100, 'f', 0, 64) + " %")
}

// visible is a name, or a text that contains names. Characters that do not print are escaped, so that no name can hide a part of
// itself or look like another name.
//
//	"orders"           orders
//	"new\nline"        new\nline
//	"\u202etxt"        \u202etxt, and not its letters from right to left
//	""                 (empty)
func visible(text string) string {
	if text == "" {
		return "(empty)"
	}
	var b strings.Builder
	for _, r := range text {
		if strconv.IsPrint(r) {
			b.WriteRune(r)
			continue
		}
		b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
	}
	return b.String()
}

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

func ageOr(s *float64) string {
	if s == nil {
		return "never read"
	}
	return span(*s) + " old"
}

func membersOr(n *int) string {
	if n == nil {
		return unknownMark
	}
	return count(int64(*n))
}

// thingsOr is a number of things with their name: 1 partition, 12 partitions.
func thingsOr(n *int, thing string) string {
	if n == nil {
		return unknownMark + " " + thing + "s"
	}
	return typeset.Replace(number.Of(*n, thing))
}

// changeOr is a number of replicas, and the one that is decided if it is another: 4, or 4 → 12.
func changeOr(current, desired *int32) string {
	switch {
	case current == nil && desired == nil:
		return unknownMark
	case current == nil:
		return unknownMark + " → " + count(int64(*desired))
	case desired == nil || *current == *desired:
		return count(int64(*current))
	}
	return count(int64(*current)) + " → " + count(int64(*desired))
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
