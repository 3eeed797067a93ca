package plot

import (
	"fmt"
	"html"
	"slices"
)

// Prices are curves over the same columns: what each objective costs, for some target lags.
type Prices struct {
	Title   string
	Columns []string // the objectives
	Own     int      // the column of the scaler's own objective; -1: none
	Rows    []PriceRow
	Unit    string
	Alone   bool
	Narrow  bool
	Format  func(value float64) string
}

// PriceRow is one curve.
type PriceRow struct {
	Name  string
	Own   bool // the scaler's own target lag
	Cells []PriceCell
}

// PriceCell is one point of a curve.
type PriceCell struct {
	Value     float64
	Reachable bool // false: nothing would have kept the objective, and the value is of what would have kept most
	Text      string
}

const (
	priceHeight = 240.
	labelWide   = 66.
	labelHigh   = 14.
)

// SVG is the image.
func (p *Prices) SVG() string {
	width, top, y := 560., 0., 26.
	if p.Narrow {
		width = narrow
	}
	if p.Alone {
		y = headHeight
	}
	for _, r := range p.Rows {
		for _, c := range r.Cells {
			top = max(top, c.Value)
		}
	}
	top = max(top, 1e-9)
	d := &drawing{width: width}
	x := func(column int) float64 {
		return left + 14 + float64(column)*(width-left-28-labelWide)/float64(max(1, len(p.Columns)-1))
	}
	at := func(v float64) float64 { return y + priceHeight - v/top*(priceHeight-10) }
	total := y + priceHeight + axisHeight
	fmt.Fprintf(d, `<svg%s class="picture" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" font-family="system-ui, sans-serif" font-size="12" role="img" aria-label=%s>`,
		namespace(p.Alone), width, total, width, total, quoted(p.Title))
	if p.Alone {
		fmt.Fprintf(d, `<rect width="%.0f" height="%.0f" fill="#fff"/><text x="%d" y="22" font-size="15" font-weight="600" fill="#17201f">%s</text>`, width, total, left, html.EscapeString(p.Title))
	}
	fmt.Fprintf(d, `<text class="dim" x="%d" y="%.1f" fill="#55625f">%s, up to %s</text>`, left, y-10, html.EscapeString(p.Unit), html.EscapeString(p.Format(top)))
	fmt.Fprintf(d, `<rect class="ground" x="%d" y="%.1f" width="%.1f" height="%.0f" fill="#f4f6f6"/>`, left, y, width-left-labelWide, priceHeight)
	if p.Own >= 0 {
		fmt.Fprintf(d, `<line class="info" x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f" stroke="%s" stroke-dasharray="5 4"/>`, x(p.Own), x(p.Own), y, y+priceHeight, colors[Info])
	}
	for i, name := range p.Columns {
		fmt.Fprintf(d, `<text class="dim" x="%.1f" y="%.1f" text-anchor="middle" fill="#55625f">%s</text>`, x(i), y+priceHeight+16, html.EscapeString(name))
	}
	labels := p.labels(at)
	for i := range p.Rows {
		p.curve(d, &p.Rows[i], x, at)
		style := p.Rows[i].style()
		fmt.Fprintf(d, `<text class="%s word" x="%.1f" y="%.1f" fill="%s">%s</text>`, style, width-labelWide+4, labels[i]+4, colors[style], html.EscapeString(p.Rows[i].Name))
	}
	d.WriteString(`</svg>`)
	return d.String()
}

func (r *PriceRow) style() Style {
	if r.Own {
		return Main
	}
	return Dim
}

// curve draws a row: a circle that is empty is out of reach.
func (p *Prices) curve(d *drawing, r *PriceRow, x func(int) float64, at func(float64) float64) {
	style, stroke := r.style(), 1.2
	if r.Own {
		stroke = 2.4
	}
	for i, c := range r.Cells {
		if i > 0 {
			before := r.Cells[i-1]
			dash := ""
			if !c.Reachable {
				dash = ` stroke-dasharray="3 3"`
			}
			fmt.Fprintf(d, `<line class="%s" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s" stroke-width="%.1f"%s/>`, style, x(i-1), at(before.Value), x(i), at(c.Value), colors[style], stroke, dash)
		}
	}
	for i, c := range r.Cells {
		class, fill := string(style)+" fill", colors[style]
		if !c.Reachable {
			class, fill = string(style)+" hollow", "#fff"
		}
		fmt.Fprintf(d, `<circle class="%s" cx="%.1f" cy="%.1f" r="3.2" fill="%s" stroke="%s">%s</circle>`, class, x(i), at(c.Value), fill, colors[style], hover(c.Text))
	}
}

// labels are where the names of the curves are written: at their ends, none over another.
func (p *Prices) labels(at func(float64) float64) []float64 {
	places, order := make([]float64, len(p.Rows)), make([]int, len(p.Rows))
	for i, r := range p.Rows {
		order[i] = i
		if n := len(r.Cells); n > 0 {
			places[i] = at(r.Cells[n-1].Value)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return int(1000 * (places[b] - places[a])) }) // the lowest first
	for k := 1; k < len(order); k++ {
		below := places[order[k-1]]
		places[order[k]] = min(places[order[k]], below-labelHigh)
	}
	return places
}
