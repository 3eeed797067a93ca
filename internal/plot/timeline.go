package plot

import (
	"fmt"
	"html"
	"math"
	"strings"
	"time"
)

// Picture is several panels on one time axis, as an SVG image: what happened to a scaler at a glance.
//
// Colors are attributes, so that the image alone can be opened, and attached to a ticket: it is dark on white. Inside a page, classes let
// its style sheet set other colors.
type Picture struct {
	Title    string
	Subtitle string
	Alone    bool // it is a file, not a part of a page: with a background and the title
	Narrow   bool // for a phone
	From, To time.Time
	Panels   []Panel
}

// Panel is one row of a picture: lines, or a strip of cells, with marks.
type Panel struct {
	Title  string
	Lines  []Line
	Limit  *float64                   // a horizontal line; nil: none
	Format func(value float64) string // of the value at the top
	Cells  []Cell                     // of a strip; it has no lines
	Marks  []Mark
}

// Line is a curve. Between two points that are farther apart than Gap nothing is known, and nothing is drawn.
type Line struct {
	Name   string
	Style  Style
	Step   bool // a value holds until the next one
	Gap    time.Duration
	Points []Point
}

// Point is a value at a time.
type Point struct {
	At    time.Time
	Value float64
}

// Cell is a part of a strip.
type Cell struct {
	From, To time.Time
	Style    Style
	Text     string // shown on hover
}

// Mark is something that happened: a dot at a value of a panel with lines, a tick of a strip.
type Mark struct {
	At    time.Time
	Value float64
	Style Style
	Text  string
}

// Style is how something is drawn: the name of a class, which has a color of its own.
type Style string

// The styles.
const (
	Main Style = "main"
	Dim  Style = "dim"
	Good Style = "good"
	Bad  Style = "bad"
	Info Style = "info"
)

var colors = map[Style]string{Main: "#0b6e6e", Dim: "#8a9693", Good: "#3d9161", Bad: "#b3261e", Info: "#2f64ad"}

// Sizes of a picture, in pixels.
const (
	wide, narrow   = 1000, 390
	left, right    = 6, 6
	panelTop       = 20 // for its title
	linesHeight    = 96
	stripHeight    = 16
	betweenPanels  = 12
	axisHeight     = 24
	headHeight     = 52
	charactersWide = 7.4 // of a letter
)

// drawing is an image that grows.
type drawing struct {
	strings.Builder
	picture *Picture
	width   float64
}

// SVG is the image. The same picture is the same text.
func (p *Picture) SVG() string {
	d := &drawing{picture: p, width: wide}
	if p.Narrow {
		d.width = narrow
	}
	y := 4.
	if p.Alone {
		y = headHeight
	}
	body := &drawing{picture: p, width: d.width}
	for i := range p.Panels {
		y = body.panel(&p.Panels[i], y) + betweenPanels
	}
	y = body.axis(y-betweenPanels, p.Alone)
	fmt.Fprintf(d, `<svg%s class="picture" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" font-family="system-ui, sans-serif" font-size="12" role="img" aria-label=%s>`,
		namespace(p.Alone), d.width, y, d.width, y, quoted(p.Title+". "+p.Subtitle))
	if p.Alone {
		fmt.Fprintf(d, `<rect width="%.0f" height="%.0f" fill="#fff"/>`, d.width, y)
		fmt.Fprintf(d, `<text x="%d" y="22" font-size="17" font-weight="600" fill="#17201f">%s</text>`, left, html.EscapeString(p.Title))
		fmt.Fprintf(d, `<text x="%d" y="41" fill="#55625f">%s</text>`, left, html.EscapeString(p.Subtitle))
	}
	d.WriteString(body.String())
	d.WriteString(`</svg>`)
	return d.String()
}

// namespace is the attribute that a file needs, and a page does not.
func namespace(alone bool) string {
	if alone {
		return ` xmlns="http://www.w3.org/2000/svg"`
	}
	return ""
}

// quoted is the value of an attribute.
func quoted(text string) string { return `"` + html.EscapeString(text) + `"` }

// x is where a time is; the ends of the axis for times before and after it.
func (d *drawing) x(at time.Time) float64 {
	p := d.picture
	share := at.Sub(p.From).Seconds() / max(1, p.To.Sub(p.From).Seconds())
	return left + min(1, max(0, share))*(d.width-left-right)
}

func (d *drawing) inside(at time.Time) bool {
	return !at.Before(d.picture.From) && !at.After(d.picture.To)
}

// panel draws a panel below y, and returns where it ends.
func (d *drawing) panel(p *Panel, y float64) float64 {
	d.title(p, y+12)
	y += panelTop
	height := float64(linesHeight)
	if p.Cells != nil || len(p.Lines) == 0 {
		height = stripHeight
	}
	fmt.Fprintf(d, `<rect class="ground" x="%d" y="%.1f" width="%.1f" height="%.0f" fill="#f4f6f6"/>`, left, y, d.width-left-right, height)
	for _, c := range p.Cells {
		if c.To.After(d.picture.From) && c.From.Before(d.picture.To) {
			from, to := d.x(c.From), d.x(c.To)
			size := to - from
			if size > 4 { // a line of the ground between two cells
				size -= 0.5
			}
			fmt.Fprintf(d, `<rect class="%s fill" x="%.1f" y="%.1f" width="%.1f" height="%.0f" fill="%s">%s</rect>`, c.Style, from, y, max(0.5, size), height, colors[c.Style], hover(c.Text))
		}
	}
	top := p.top(d)
	at := func(v float64) float64 { return y + height - min(1, v/top)*(height-4) }
	if p.Limit != nil {
		fmt.Fprintf(d, `<line class="bad" x1="%d" x2="%.1f" y1="%.1f" y2="%.1f" stroke="%s" stroke-dasharray="5 4"/>`, left, d.width-right, at(*p.Limit), at(*p.Limit), colors[Bad])
	}
	for _, l := range p.Lines {
		if path := d.path(&l, at); path != "" {
			fmt.Fprintf(d, `<path class="%s" d="%s" fill="none" stroke="%s" stroke-width="1.6"/>`, l.Style, path, colors[l.Style])
		}
	}
	for _, m := range p.Marks {
		switch {
		case !d.inside(m.At):
		case len(p.Lines) > 0:
			fmt.Fprintf(d, `<circle class="%s fill" cx="%.1f" cy="%.1f" r="3" fill="%s">%s</circle>`, m.Style, d.x(m.At), at(m.Value), colors[m.Style], hover(m.Text))
		default:
			fmt.Fprintf(d, `<rect class="%s fill" x="%.1f" y="%.1f" width="2" height="%.0f" fill="%s">%s</rect>`, m.Style, d.x(m.At)-1, y, height, colors[m.Style], hover(m.Text))
		}
	}
	return y + height
}

func hover(text string) string { return "<title>" + html.EscapeString(text) + "</title>" }

// title writes the title of a panel, a legend of its lines if there are several, and the value at the top.
func (d *drawing) title(p *Panel, y float64) {
	fmt.Fprintf(d, `<text class="dim" x="%d" y="%.1f" fill="#55625f">%s`, left, y, html.EscapeString(p.Title))
	if len(p.Lines) > 1 {
		for _, l := range p.Lines {
			fmt.Fprintf(d, `<tspan class="%s word" dx="10" fill="%s">%s</tspan>`, l.Style, colors[l.Style], html.EscapeString(l.Name))
		}
	}
	d.WriteString(`</text>`)
	if len(p.Lines) > 0 && p.Format != nil {
		fmt.Fprintf(d, `<text class="dim" x="%.1f" y="%.1f" text-anchor="end" fill="#55625f">%s</text>`, d.width-right, y, html.EscapeString("up to "+p.Format(p.top(d))))
	}
}

// top is the value at the top of a panel: the greatest that is drawn.
func (p *Panel) top(d *drawing) float64 {
	top := 0.
	if p.Limit != nil {
		top = *p.Limit
	}
	for _, l := range p.Lines {
		for _, v := range l.Points {
			if d.inside(v.At) {
				top = max(top, v.Value)
			}
		}
	}
	for _, m := range p.Marks {
		if len(p.Lines) > 0 && d.inside(m.At) {
			top = max(top, m.Value)
		}
	}
	if top <= 0 || math.IsInf(top, 0) || math.IsNaN(top) {
		return 1
	}
	return top
}

// path is a line; empty if fewer than two points are known.
func (d *drawing) path(l *Line, at func(float64) float64) string {
	var b strings.Builder
	drawn, last := 0, 0.
	for i, v := range d.drawable(l) {
		switch {
		case i == 0 || v.begins:
			fmt.Fprintf(&b, "M%.1f %.1f", d.x(v.At), at(v.Value))
			drawn--
		case l.Step && v.Value == last:
			fmt.Fprintf(&b, "H%.1f", d.x(v.At))
		case l.Step:
			fmt.Fprintf(&b, "H%.1fV%.1f", d.x(v.At), at(v.Value))
		default:
			fmt.Fprintf(&b, "L%.1f %.1f", d.x(v.At), at(v.Value))
		}
		drawn, last = drawn+1, v.Value
	}
	if drawn == 0 {
		return ""
	}
	return b.String()
}

// dot is a point that is drawn; begins: there is a gap before it.
type dot struct {
	Point
	begins bool
}

// drawable are the points of a line that make a difference: those on the axis, where a step that began before it holds from its beginning.
// Of steps, those at which the value changes, and those before and after a gap; of another line, the least and the greatest value within
// two pixels.
func (d *drawing) drawable(l *Line) []dot {
	var out []dot
	for i, v := range l.Points {
		begins := i == 0 || l.Gap > 0 && v.At.Sub(l.Points[i-1].At) > l.Gap
		switch {
		case v.At.After(d.picture.To):
		case !v.At.Before(d.picture.From):
			out = append(out, dot{v, begins})
		case l.Step:
			out = []dot{{Point{d.picture.From, v.Value}, true}}
		}
	}
	if l.Step {
		return steps(out)
	}
	return d.extremes(out)
}

// steps leaves out the steps in the middle of equal ones.
func steps(all []dot) []dot {
	out := all[:0:0]
	for i, v := range all {
		if i > 0 && i+1 < len(all) && !v.begins && !all[i+1].begins && all[i-1].Value == v.Value && all[i+1].Value == v.Value {
			continue
		}
		out = append(out, v)
	}
	return out
}

// extremes has at most two points of each two pixels: the least and the greatest, in their order.
func (d *drawing) extremes(all []dot) []dot {
	out := all[:0:0]
	for first := 0; first < len(all); {
		end, least, most := first, first, first
		for ; end < len(all) && d.x(all[end].At) < d.x(all[first].At)+2 && (end == first || !all[end].begins); end++ {
			if all[end].Value < all[least].Value {
				least = end
			}
			if all[end].Value > all[most].Value {
				most = end
			}
		}
		one := all[min(least, most)]
		one.begins = all[first].begins
		out = append(out, one)
		if least != most {
			out = append(out, all[max(least, most)])
		}
		first = end
	}
	return out
}

// axis draws the times below y, and returns where the image ends.
func (d *drawing) axis(y float64, dated bool) float64 {
	p := d.picture
	every, format := tickEvery(p.To.Sub(p.From), d.width)
	for at := p.From.UTC().Truncate(every); !at.After(p.To); at = at.Add(every) {
		if at.Before(p.From) {
			continue
		}
		label := at.Format(format)
		x := d.x(at)
		fmt.Fprintf(d, `<line class="grid" x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f" stroke="#c9d1cf"/>`, x, x, y, y+4)
		half := charactersWide * float64(len(label)) / 2
		if x-half < 0 || x+half > d.width {
			continue
		}
		fmt.Fprintf(d, `<text class="dim" x="%.1f" y="%.1f" text-anchor="middle" fill="#55625f">%s</text>`, x, y+17, label)
	}
	if dated {
		return y + axisHeight + 4
	}
	return y + axisHeight
}

// tickEvery is how far apart ticks are, and how they are written.
func tickEvery(span time.Duration, width float64) (every time.Duration, format string) {
	room := width / 80
	for _, every := range []time.Duration{
		time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour,
	} {
		if float64(span/every) <= room {
			if span > 24*time.Hour {
				return every, "02 Jan 15:04"
			}
			return every, "15:04"
		}
	}
	every = 24 * time.Hour
	for float64(span/every) > room {
		every *= 2
	}
	return every, "Mon 02 Jan"
}
