package plot

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"
)

var t0 = time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)

func at(minutes int) time.Time { return t0.Add(time.Duration(minutes) * time.Minute) }

func picture() *Picture {
	limit := 30.
	return &Picture{
		Title: "Scaler <shop>", Subtitle: `"a" & b`, From: t0, To: at(60),
		Panels: []Panel{
			{Title: "kept", Cells: []Cell{{From: at(-30), To: at(30), Style: Good, Text: "<b>"}, {From: at(30), To: at(90), Style: Bad}, {From: at(90), To: at(150), Style: Bad}}},
			{
				Title: "replicas", Format: func(v float64) string { return fmt.Sprint(v) }, Limit: &limit,
				Lines: []Line{
					{Name: "running", Style: Main, Step: true, Gap: 20 * time.Minute, Points: []Point{{at(-5), 4}, {at(10), 8}, {at(20), 2}, {at(50), 6}, {at(55), 6}}},
					{Name: "decided", Style: Info, Points: []Point{{at(0), 1}, {at(60), 40}, {at(61), 1000}}},
				},
				Marks: []Mark{{At: at(10), Value: 8, Style: Good, Text: "ScaleUp 4 → 8"}, {At: at(70), Value: 2000}},
			},
			{Title: "rebalances", Marks: []Mark{{At: at(11), Style: Info, Text: "one"}}},
		},
	}
}

// wellFormed is the error of an image that is no XML.
func wellFormed(svg string) error {
	for d := xml.NewDecoder(strings.NewReader(svg)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// A picture alone and in a page: well-formed, complete in itself, names are text, and nothing outside of its time is drawn.
func TestPicture(t *testing.T) {
	for _, alone := range []bool{true, false} {
		for _, small := range []bool{true, false} {
			p := picture()
			p.Alone, p.Narrow = alone, small
			svg := p.SVG()
			if err := wellFormed(svg); err != nil {
				t.Fatalf("%v in %s", err, svg)
			}
			if m := regexp.MustCompile(`<script|<shop>| style="|href|url\(|NaN|Inf`).FindString(svg); m != "" {
				t.Errorf("the picture has %q", m)
			}
			if n := strings.Count(svg, "<circle"); n != 1 {
				t.Errorf("%d marks of decisions, want the one in its time", n)
			}
			if n := strings.Count(svg, `fill" x=`); n != 3 { // two cells, a rebalance
				t.Errorf("%d cells and ticks, want 3", n)
			}
			if !strings.Contains(svg, "up to 40") || strings.Contains(svg, "up to 2000") {
				t.Error("the greatest value is not that of its time")
			}
			if strings.Contains(svg, `fill="#fff"`) != alone {
				t.Errorf("alone %v, and the background is there: %v", alone, !alone)
			}
		}
	}
}

// Where nothing is known, nothing is drawn: the line breaks, and a step that began before the axis holds from its beginning.
func TestLinesBreakAtGaps(t *testing.T) {
	p := picture()
	svg := p.SVG()
	path := regexp.MustCompile(`<path class="main" d="([^"]+)"`).FindStringSubmatch(svg)
	if path == nil {
		t.Fatal(svg)
	}
	if n := strings.Count(path[1], "M"); n != 2 || !strings.HasPrefix(path[1], "M6.0 ") || strings.Count(path[1], "H") != 3 {
		t.Errorf("path %s: want two parts, the first from the beginning", path[1])
	}
	for _, points := range [][]Point{nil, {{at(5), 1}}, {{at(-9), 1}, {at(70), 2}}} {
		one := Picture{From: t0, To: at(60), Panels: []Panel{{Lines: []Line{{Points: points}}}}}
		if svg := one.SVG(); strings.Contains(svg, "<path") {
			t.Errorf("%v: a line of less than two points: %s", points, svg)
		}
	}
}

// A line of many points is drawn with few, and looks the same: no gap is closed and none is made, and every peak stays.
func TestManyPoints(t *testing.T) {
	hold, wave := Line{Style: Main, Step: true, Gap: time.Minute}, Line{Style: Info, Gap: time.Minute}
	for second := 0; second < 3600; second++ {
		if second/600 == 3 {
			continue // ten minutes are unknown
		}
		at := t0.Add(time.Duration(second) * time.Second)
		peak := 0.
		if second == 1234 {
			peak = 50
		}
		hold.Points, wave.Points = append(hold.Points, Point{at, 5}), append(wave.Points, Point{at, peak + float64(second%7)})
	}
	p := Picture{From: t0, To: at(60), Panels: []Panel{{Lines: []Line{hold, wave}, Format: func(v float64) string { return fmt.Sprint(v) }}}}
	svg := p.SVG()
	for _, m := range regexp.MustCompile(`<path class="\w+" d="([^"]+)"`).FindAllStringSubmatch(svg, -1) {
		if n := strings.Count(m[1], "M"); n != 2 {
			t.Errorf("%d parts, want 2: %.200s", n, m[1])
		}
	}
	if len(svg) > 25_000 || !strings.Contains(svg, "up to 52") || !strings.Contains(svg, " 28.0") {
		t.Errorf("%d bytes, or the peak is gone: %s", len(svg), svg)
	}
}

func TestTicks(t *testing.T) {
	for span, want := range map[time.Duration]string{
		10 * time.Minute: "1m0s 15:04", time.Hour: "5m0s 15:04", 24 * time.Hour: "2h0m0s 15:04", 48 * time.Hour: "6h0m0s 02 Jan 15:04", 7 * 24 * time.Hour: "24h0m0s Mon 02 Jan",
		60 * 24 * time.Hour: "192h0m0s Mon 02 Jan",
	} {
		every, format := tickEvery(span, wide)
		if got := every.String() + " " + format; got != want {
			t.Errorf("%v: %s, want %s", span, got, want)
		}
	}
}

// Names of curves do not lie over each other, and an objective out of reach is an empty circle.
func TestPrices(t *testing.T) {
	p := Prices{Title: "x", Columns: []string{"99", "99.9"}, Own: 1, Format: func(v float64) string { return fmt.Sprint(v) }}
	for i := range 6 {
		p.Rows = append(p.Rows, PriceRow{Name: fmt.Sprint(i, "<s"), Own: i == 2, Cells: []PriceCell{{Value: 10, Reachable: true, Text: "&"}, {Value: 12, Reachable: i > 3}}})
	}
	for _, p.Narrow = range []bool{true, false} {
		for _, p.Alone = range []bool{true, false} {
			svg := p.SVG()
			if err := wellFormed(svg); err != nil {
				t.Fatalf("%v in %s", err, svg)
			}
			if n := strings.Count(svg, "hollow"); n != 4 {
				t.Errorf("%d empty circles, want 4", n)
			}
		}
	}
	places := p.labels(func(v float64) float64 { return 100 - v })
	for i := range places {
		for k := range i {
			if d := places[i] - places[k]; d > -labelHigh && d < labelHigh {
				t.Errorf("names at %v", places)
			}
		}
	}
	empty := Prices{Format: p.Format, Own: -1}
	if err := wellFormed(empty.SVG()); err != nil {
		t.Error(err)
	}
}
