package web

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler/number"
)

//go:embed templates
var templates embed.FS

// frame is what the layout shows: the page's own value, and the header and problems around it.
type frame struct {
	Title    string
	Page     string
	Now      time.Time
	Version  string
	Report   *engine.Report // nil when there is none
	Problems []Problem
	Problem  string // why there is no page
	Body     any
}

// page parses a page's template inside the layout.
func page(name string, funcs template.FuncMap) (*template.Template, error) {
	return template.New("layout.html").Funcs(funcs).ParseFS(templates, "templates/layout.html", "templates/parts.html", "templates/"+name)
}

func (p *pages) render(w http.ResponseWriter, status int, name string, f frame) {
	t, err := page(name, p.funcs(f))
	var out bytes.Buffer
	if err == nil {
		err = t.Execute(&out, f)
	}
	if err != nil {
		p.Log.Error("rendering a page failed", "page", name, "err", err)
		http.Error(w, "this page could not be rendered; the log says why", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if _, err := w.Write(out.Bytes()); err != nil {
		p.Log.Debug("writing a page failed", "page", name, "err", err)
	}
}

// scene is the sentence of a demo; empty if this is none.
func (p *pages) scene() string {
	if p.Scene == nil {
		return ""
	}
	return p.Scene()
}

func (p *pages) funcs(f frame) template.FuncMap {
	return template.FuncMap{
		"count": countOr, "span": spanOr, "rate": rateOr, "text": textOr, "percent": percentOr,
		"visible":    visible,
		"scene":      p.scene,
		"offsets":    count,
		"n":          func(n int) string { return count(int64(n)) },
		"seconds":    span,
		"ratio":      percent,
		"since":      func(t time.Time) string { return ago(f.Now.Sub(t)) },
		"until":      func(t time.Time) string { return ago(t.Sub(f.Now)) },
		"iso":        func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"clock":      func(t time.Time) string { return t.UTC().Format("15:04:05") },
		"spark":      func(cluster, group string) string { return sparkline(p.Ring.Lags(cluster, group, 40)) },
		"groupURL":   groupURL,
		"historyURL": historyURL, "hasHistory": func() bool { return p.History != nil },
		"knownSince": func(g *GroupPage) *time.Time { return firstOf(g.Series) },
		"query":      groupQuery,
		"col":        columnOf,
		"pageURL":    pageURL,
		"whole":      func(n uint64) string { return count(int64(n)) },
		"age":        ageOr, "members": membersOr, "things": thingsOr, "change": changeOr,
		"desired": func(n *int32) string { return changeOr(n, nil) },
		"took":    func(seconds float64) string { return time.Duration(seconds * 1e9).Round(time.Millisecond).String() },
		"meaning": func(status string) string { return meanings[lag.Status(status)] },
		"used":    targetUsed,
		"dated":   func(t time.Time) string { return t.UTC().Format("2 Jan 15:04:05") },
		"sinceOr": sinceOr, "clockRange": clockRange, "onTime": onTime, "dash": dash,
		"deedWords":     deedWords,
		"atUnderscores": atUnderscores,
		"shortOwner":    shortOwner,
		"onTimeOf":      func(p float64) string { return onTime(&p) },
		"quantity":      func(v float64) string { return typeset.Replace(number.Quantity(v)) },
		"billRow": func(p *ScalerPage) billCells {
			return cellsOf(&BillPage{Currency: p.Currency}, BillRow{Scalers: 1, Day: p.Day, Week: p.Week})
		},
		"billURL": billURL, "billCells": cellsOf, "scalerURL": scalerURL,
		"over": func(r *Row) bool { return r.LateSeconds != nil && r.Target != nil && *r.LateSeconds > *r.Target },
	}
}

// atUnderscores lets a code such as GROUP_AUTHORIZATION_FAILED break between its words.
func atUnderscores(code any) template.HTML {
	return template.HTML(strings.ReplaceAll(template.HTMLEscaper(code), "_", "_<wbr>"))
}

// meanings say in a few words what a status means. StatusOK needs no words.
var meanings = map[lag.Status]string{
	lag.StatusUnknown:     "could not be read",
	lag.StatusRebalancing: "between two assignments",
	lag.StatusRewound:     "a committed offset went back",
	lag.StatusStopped:     "no members, but lag",
	lag.StatusStalled:     "a partition with lag does not move",
	lag.StatusWarning:     "above its threshold, or late and growing, or its commits stand",
	lag.StatusRest:        "unread records, or offsets of transactions: it is unknown which",
	lag.StatusOK:          "",
}

// targetUsed is a group's time lag in percent of its target, at most 100, for a bar of that width; empty when either is unknown.
func targetUsed(r *Row) string {
	if r.LateSeconds == nil || r.Target == nil || *r.Target <= 0 {
		return ""
	}
	return strconv.FormatFloat(100*min(1, *r.LateSeconds / *r.Target), 'f', 0, 64)
}

func groupURL(cluster, group string) string { return "/group?" + string(groupQuery(cluster, group)) }

// sinceOr is a time of the last week.
func sinceOr(t *time.Time) string {
	if t == nil {
		return "unknown"
	}
	return typeset.Replace(t.UTC().Format("Mon 2 Jan 15:04"))
}

func clockRange(from, to time.Time) string {
	const day = "Mon 2 Jan 2006 15:04"
	return from.UTC().Format(day) + " to " + to.UTC().Format(day)
}

func scalerURL(name string) string { return "/scaler?" + url.Values{"scaler": {name}}.Encode() }

// groupQuery is escaped.
func groupQuery(cluster, group string) template.URL {
	return template.URL(url.Values{"cluster": {cluster}, "group": {group}}.Encode())
}

// column is the heading of a column that a list can be sorted by.
type column struct {
	Name, Label, URL string
	Number           bool
	Sorted           string // ascending or descending, as aria-sort has it; empty: by another column
}

func columnOf(l List, name, label string) column {
	c := column{Name: name, Label: label, URL: sortURL(l, name), Number: name != "group" && name != "status"}
	if l.Sort == name {
		c.Sorted = "ascending"
		if l.Desc {
			c.Sorted = "descending"
		}
	}
	return c
}

// sortURL is the address of the list sorted by a column: numbers in descending order, and in the opposite order if the list is
// already sorted by this column.
func sortURL(l List, column string) string {
	desc := column != "group" && column != "cluster" && column != "status"
	if l.Sort == column {
		desc = !l.Desc
	}
	l.Sort, l.Desc, l.Page = column, desc, 1
	return pageURL(l, 1)
}

func pageURL(l List, page int) string {
	q := url.Values{"sort": {l.Sort}}
	if l.Query != "" {
		q.Set("q", l.Query)
	}
	if l.Desc {
		q.Set("desc", "1")
	}
	if l.by != "" {
		q.Set("by", l.by)
	}
	if page > 1 {
		q.Set("page", strconv.Itoa(page))
	}
	return "?" + q.Encode()
}
