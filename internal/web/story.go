package web

import (
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lagscaler/lagscaler/internal/plot"
	"github.com/lagscaler/lagscaler/scaler/bill"
	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/number"
)

// imageMaker draws the image that a query asks for.
type imageMaker func(p *pages, page *ScalerPage) string

// images are the pictures of a scaler as files.
var images = map[string]imageMaker{
	"/scaler.svg": func(_ *pages, page *ScalerPage) string { return page.picture(true, false).SVG() },
	"/price.svg": func(_ *pages, page *ScalerPage) string {
		picture := page.Price.picture(true, false)
		return picture.SVG()
	},
}

func (p *pages) serveImage(draw imageMaker) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		text, failed := "", error(errBusy)
		if release, ok := p.answers.Take(req.Context()); ok {
			defer release()
			text, failed = p.image(draw, req)
		}
		if answered, missing := p.elsewhere(w, req, failed); answered {
			return
		} else if failed != nil {
			failed = notFound(failed, missing)
			http.Error(w, failed.Error(), statusOf(failed))
			return
		}
		w.Header().Set("Content-Type", "image/svg+xml")
		if _, err := w.Write([]byte(text)); err != nil {
			p.Log.Debug("writing an image failed", "err", err)
		}
	}
}

func (p *pages) image(draw imageMaker, req *http.Request) (string, error) {
	report, err := p.report()
	if err != nil {
		return "", err
	}
	page, err := p.scalerPage(report, req.URL.Query())
	if err != nil {
		return "", err
	}
	return draw(p, page), nil
}

// Story is the picture of the page, wide and for a phone.
func (s *ScalerPage) Story() template.HTML {
	return twice(s.picture(false, false).SVG(), s.picture(false, true).SVG())
}

// PricePicture is the picture of the price list, wide and for a phone.
func (s *ScalerPage) PricePicture() template.HTML {
	wide, narrow := s.Price.picture(false, false), s.Price.picture(false, true)
	return twice(wide.SVG(), narrow.SVG())
}

// twice is an image for each width; the style sheet shows one of them. Package plot escapes every text in them.
func twice(wide, narrow string) template.HTML {
	return template.HTML(`<div class="for-wide">` + wide + `</div><div class="for-narrow">` + narrow + `</div>`)
}

// picture is what happened, on one time axis.
func (s *ScalerPage) picture(alone, narrow bool) *plot.Picture {
	p := &plot.Picture{
		Title: "Scaler " + visible(s.Name), Subtitle: s.From.Format("Mon 2 Jan 2006 15:04") + " to " + s.To.Format("Mon 2 Jan 2006 15:04") + " UTC. " + s.Summary(),
		Alone: alone, Narrow: narrow, From: s.From, To: s.To,
	}
	gap := s.gap()
	line := func(name string, style plot.Style, step bool, of func(*StoryStep) *float64) plot.Line {
		l := plot.Line{Name: name, Style: style, Gap: gap, Step: step}
		for i := range s.Steps {
			if v := of(&s.Steps[i]); v != nil {
				l.Points = append(l.Points, plot.Point{At: s.Steps[i].Time, Value: *v})
			}
		}
		return l
	}
	if strip := s.promiseStrip(); len(strip.Cells) > 0 {
		p.Panels = append(p.Panels, strip)
	}
	replicas := plot.Panel{Title: "replicas; dots are decisions", Format: number.Quantity, Lines: []plot.Line{
		line("decided", plot.Info, true, func(st *StoryStep) *float64 { return st.Desired }),
		line("running", plot.Main, true, func(st *StoryStep) *float64 { return st.Replicas }),
	}}
	for _, d := range s.Decisions {
		style := plot.Good
		if d.To < d.From {
			style = plot.Info
		}
		replicas.Marks = append(replicas.Marks, plot.Mark{At: d.Time, Value: float64(d.To), Style: style, Text: d.Words()})
	}
	target := s.TargetLag
	p.Panels = append(p.Panels,
		plot.Panel{Title: "arrivals", Format: number.PerSecond, Lines: []plot.Line{line("arrivals", plot.Main, false, func(st *StoryStep) *float64 { return st.Rate })}},
		replicas,
		plot.Panel{Title: "time lag, with the target lag", Format: number.Seconds, Limit: &target, Lines: []plot.Line{line("time lag", plot.Main, false, func(st *StoryStep) *float64 { return st.Late })}},
	)
	rebalances := plot.Panel{Title: "rebalances"}
	for _, b := range s.Rebalances {
		rebalances.Marks = append(rebalances.Marks, plot.Mark{
			At: b.End, Style: plot.Info,
			Text: fmt.Sprintf("%s: rebalance of %s, %s, %s", b.End.Format("2 Jan 15:04:05"), visible(b.Group), b.Took(), b.Cause),
		})
	}
	p.Panels = append(p.Panels, rebalances)
	return p
}

// gap is how far two steps may be apart. Of a week that was saved, steps may be missing one by one, not three in a row.
func (s *ScalerPage) gap() time.Duration {
	if n := len(s.Steps); n > 1 && s.Steps[1].Time.Sub(s.Steps[0].Time) < time.Minute {
		return time.Minute
	}
	return 3 * learn.SeasonStep
}

// promiseStrip has a cell for each hour: whether the objective was kept; without one, whether records were late.
func (s *ScalerPage) promiseStrip() plot.Panel {
	p := plot.Panel{Title: "records within " + number.Seconds(s.TargetLag) + ", by hour"}
	if s.Objective != nil {
		p.Title = "objective " + number.Kept(*s.Objective/100) + " within " + number.Seconds(s.TargetLag) + ", by hour"
	}
	for _, h := range s.Hours {
		if h.Judged == nil || *h.Judged <= 0 {
			continue
		}
		c := plot.Cell{From: h.Time, To: h.Time.Truncate(time.Hour).Add(time.Hour), Style: plot.Good}
		if late := *h.Late > 0; h.Kept == nil && late || h.Kept != nil && !*h.Kept {
			c.Style = plot.Bad
		}
		c.Text = fmt.Sprintf("%s: %s of %s records late", h.Time.Format("2 Jan 15:04"), number.Quantity(*h.Late), number.Quantity(*h.Judged))
		p.Cells = append(p.Cells, c)
	}
	return p
}

// Summary says in a sentence how it went.
func (s *ScalerPage) Summary() string {
	text := s.counted(len(s.Decisions), "decision", s.Since.Decisions) + ", " + s.counted(len(s.Rebalances), "rebalance", s.Since.Rebalances) + "."
	judged, late := 0., 0.
	for _, h := range s.Hours {
		if h.Judged != nil {
			judged, late = judged+*h.Judged, late+*h.Late
		}
	}
	if judged <= 0 {
		return text
	}
	sum := bill.Sum{Judged: judged, Late: late}
	share, _ := sum.Kept()
	text += " " + number.Kept(share) + " of the records in time"
	if s.Objective != nil {
		verdict := "kept"
		if inPercent(share) < *s.Objective {
			verdict = "missed"
		}
		text += ", objective " + number.Kept(*s.Objective/100) + ": " + verdict
	}
	return text + "."
}

// counted is a number of things, with since when they are counted if that is later than what is shown.
func (s *ScalerPage) counted(n int, thing string, since *time.Time) string {
	text := number.Of(n, thing)
	if since != nil && since.Sub(s.From) > time.Minute {
		text += " since " + since.UTC().Format("Mon 2 Jan 15:04")
	}
	return text
}

// Took is the duration. It is measured from reading to reading, so that one between two of them has none.
func (r StoryRebalance) Took() string {
	if r.Duration <= 0 {
		return "too short to measure"
	}
	return "about " + typeset.Replace(number.Seconds(r.Duration))
}

// Words are the decision in a line.
func (d *StoryDecision) Words() string {
	text := fmt.Sprintf("%s: %s %d → %d", d.Time.Format("2 Jan 15:04:05"), d.Reason, d.From, d.To)
	if d.Advised {
		text += " (advised)"
	}
	return text
}

// picture is the price list as curves.
func (p *PricePage) picture(alone, narrow bool) *plot.Prices {
	out := &plot.Prices{
		Title: "What objectives cost " + visible(p.Name), Own: -1, Unit: "replicas on average", Alone: alone, Narrow: narrow, Format: number.Quantity,
	}
	for i, r := range p.Rows {
		row := plot.PriceRow{Name: number.Seconds(r.TargetLag), Own: r.TargetLag == p.TargetLag}
		for k, c := range r.Cells {
			kept := number.Kept(c.Objective / 100)
			if i == 0 {
				out.Columns = append(out.Columns, strconv.FormatFloat(c.Objective, 'f', -1, 64))
				if p.Objective != nil && *p.Objective == c.Objective {
					out.Own = k
				}
			}
			text := fmt.Sprintf("%s within %s: %s replicas on average, %s at most", kept, row.Name, number.Quantity(c.Replicas), number.Quantity(c.Most))
			if !c.Reachable {
				text += "; nothing would have kept it, this would have kept " + number.Kept(c.Kept/100)
			}
			row.Cells = append(row.Cells, plot.PriceCell{Value: c.Replicas, Reachable: c.Reachable, Text: text})
		}
		out.Rows = append(out.Rows, row)
	}
	return out
}

// Address is the address of the same scaler and, if at is set, of exactly this time, with another path.
func (s *ScalerPage) Address(path string, at bool) string {
	q := url.Values{"scaler": {s.Name}}
	if at || s.fixed {
		q.Set("from", s.From.Format(time.RFC3339))
		q.Set("to", s.To.Format(time.RFC3339))
	}
	return path + "?" + q.Encode()
}

// Last is the address of the same scaler and the last hours.
func (s *ScalerPage) Last(hours int) string {
	return "/scaler?" + url.Values{"scaler": {s.Name}, "last": {strconv.Itoa(hours) + "h"}}.Encode()
}

// Form is a time as the form of the page has it.
func (s *ScalerPage) Form(at time.Time) string { return at.Format("2006-01-02T15:04") }

// Now is the address of the same scaler, up to now.
func (s *ScalerPage) Now() string { return scalerURL(s.Name) }

// File is the name of a downloaded file.
func (s *ScalerPage) File() string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '.' {
			return r
		}
		return '-'
	}, s.Name) + "-" + s.From.Format("20060102T1504")
}

// Newest are the decisions, the newest first.
func (s *ScalerPage) Newest() []StoryDecision { return reversed(s.Decisions) }

// NewestRebalances are the rebalances, the newest first.
func (s *ScalerPage) NewestRebalances() []StoryRebalance { return reversed(s.Rebalances) }

func reversed[T any](list []T) []T {
	out := slices.Clone(list)
	slices.Reverse(out)
	return out
}

// Fixed reports whether the time was asked for, so that the page does not go on.
func (s *ScalerPage) Fixed() bool { return s.fixed }
