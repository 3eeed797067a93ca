package web

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/lagscaler/lagscaler/alerts"
	"github.com/lagscaler/lagscaler/dashboards"
	"github.com/lagscaler/lagscaler/e2e/servers/prom"
)

// grafana_panels.js is a JavaScript expression: what a person sees of the panels of a dashboard, as JSON.
//
//go:embed grafana_panels.js
var panelsScript string

// shown is a panel as it is on the screen.
type shown struct {
	Title   string `json:"title"`
	Error   string `json:"error"`   // the text of its error, or of the mark of one
	Empty   string `json:"empty"`   // the text that it shows instead of data
	Cut     bool   `json:"cut"`     // the title does not fit
	Loading bool   `json:"loading"` // it waits for an answer
}

func shownPanels(b *tab) []shown {
	b.t.Helper()
	var panels []shown
	if err := json.Unmarshal([]byte(eval[string](b, panelsScript)), &panels); err != nil {
		b.t.Fatal(err)
	}
	return panels
}

// wrong says what is wrong with the panels of a dashboard: one that is missing, that has an error, that has "No data" without an explanation, or
// whose title is cut.
func wrong(titles []string, panels []shown) []string {
	var problems []string
	for _, title := range titles {
		if !slices.ContainsFunc(panels, func(p shown) bool { return p.Title == title }) {
			problems = append(problems, fmt.Sprintf("%q is not on the screen", title))
		}
	}
	for _, p := range panels {
		switch {
		case p.Error != "":
			problems = append(problems, fmt.Sprintf("%q has the error %s", p.Title, p.Error))
		case strings.EqualFold(p.Empty, "no data"):
			problems = append(problems, fmt.Sprintf("%q has no data", p.Title))
		case p.Loading:
			problems = append(problems, fmt.Sprintf("%q still loads", p.Title))
		}
		if p.Cut {
			problems = append(problems, fmt.Sprintf("the title %q is cut", p.Title))
		}
	}
	return problems
}

// The script finds what is wrong in a page with the marks of Grafana 9 and of Grafana 12, which are in its package @grafana/e2e-selectors.
func TestPanelsOfGrafanaAreJudged(t *testing.T) {
	b := open(t, "data:")
	const panel = `<section class="panel-container" style="width:300px" data-testid="data-testid Panel header %[1]s"><h2 title="%[1]s" style="width:%[2]dpx;overflow:hidden;white-space:nowrap">%[1]s</h2>%[3]s</section>`
	page := ""
	for _, p := range []struct {
		title string
		width int
		body  string
	}{
		{"Good", 280, `<div>149 K</div>`},
		{"Explained", 280, `<div>not shrinking</div>`},
		{"Empty", 280, `<div><span>No data</span></div>`},
		{"Failed now", 280, `<button data-testid="data-testid Panel status error"></button>`},
		{"Failed in 9", 280, `<div aria-label="Panel header error"></div>`},
		{"Loads", 280, `<div aria-label="Panel loading bar"></div>`},
		{"A title that is too long for its panel", 60, `<div>1</div>`},
	} {
		page += fmt.Sprintf(panel, p.title, p.width, p.body)
	}
	b.do(chromedp.Navigate("data:text/html," + url.PathEscape(page)))
	got := wrong([]string{"Good", "Explained", "Absent"}, shownPanels(b))
	want := []string{
		`"Absent" is not on the screen`, `"Empty" has no data`, `"Failed now" has the error Panel status error`,
		`"Failed in 9" has the error Panel header error`, `"Loads" still loads`, `the title "A title that is too long for its panel" is cut`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// grafana is a running Grafana that the test may change. It is on this machine, because it reads the Prometheus of the test.
type grafana struct {
	t          *testing.T
	url, token string
}

func (g grafana) request(method, path string, body any) (int, string) {
	g.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		g.t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(context.WithoutCancel(g.t.Context()), method, g.url+path, bytes.NewReader(text)) // also at the end of the test
	if err != nil {
		g.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+g.token)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		g.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		g.t.Fatal(err)
	}
	return response.StatusCode, string(answer)
}

// source is the data source of the test.
const source = "lagscaler-test"

// readFrom makes a data source of a Prometheus until the test ends.
func (g grafana) readFrom(address string) {
	g.t.Helper()
	remove := func() { g.request(http.MethodDelete, "/api/datasources/uid/"+source, nil) }
	remove() // of a test that was killed
	code, answer := g.request(http.MethodPost, "/api/datasources", map[string]any{
		"uid": source, "name": "lagscaler test", "type": "prometheus", "access": "proxy", "url": "http://" + address,
	})
	if code != http.StatusOK {
		g.t.Fatalf("making a data source: HTTP %d: %s", code, answer)
	}
	g.t.Cleanup(remove)
}

// scrapes is for how long the demo runs before the pictures, so that the graphs have something to show.
const scrapes = 3 * time.Minute

// TestGrafana pushes the dashboards to a real Grafana, renders each of them for the data of a demo, and looks at every panel: make grafana.
// LAGSCALER_GRAFANA_PICTURES is the folder for the pictures.
func TestGrafana(t *testing.T) {
	g := grafana{t: t, url: strings.TrimRight(os.Getenv("LAGSCALER_GRAFANA_URL"), "/"), token: os.Getenv("LAGSCALER_GRAFANA_TOKEN")}
	if g.url == "" {
		t.Skip("needs a Grafana: set LAGSCALER_GRAFANA_URL, and LAGSCALER_GRAFANA_TOKEN to the token of a service account (role Admin)")
	}
	browser(t)
	server := demoPrometheus(t)
	g.readFrom(server.Address)
	push := exec.CommandContext(t.Context(), binary(t), "dashboards", "push", "--url="+g.url)
	if out, err := push.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	server.AwaitVector(t, `count_over_time(lagscaler_build_info[`+scrapes.String()+`]) > `+fmt.Sprint((scrapes-10*time.Second).Seconds()), prom.NotEmpty)
	all, err := dashboards.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range all {
		t.Run(d.UID, func(t *testing.T) { g.look(t, d) })
	}
}

// demoPrometheus is a Prometheus that scrapes a demo every second, with our rules.
func demoPrometheus(t *testing.T) *prom.Server {
	t.Helper()
	rules := filepath.Join(t.TempDir(), "rules.yaml")
	file, err := os.Create(rules)
	if err != nil {
		t.Fatal(err)
	}
	if err := alerts.Export(file, alerts.Options{}); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	address := strings.TrimPrefix(demo(t, "burst"), "http://")
	server := prom.Start(t, prom.Config{RuleFiles: []string{rules}, Targets: []prom.Target{{Job: "lagscaler", Address: address}}})
	server.AwaitScraped(t)
	return server
}

// look renders a dashboard at 1440 pixels, as high as all its panels, and fails for what is wrong with a panel. A panel may be
// empty if it says what this means.
func (g grafana) look(t *testing.T, d dashboards.Dashboard) {
	var board struct {
		Panels []struct {
			Type, Title string
			GridPos     struct{ Y, H int }
		}
	}
	if err := json.Unmarshal(d.JSON, &board); err != nil {
		t.Fatal(err)
	}
	var titles []string
	height := 0
	for _, p := range board.Panels {
		height = max(height, p.GridPos.Y+p.GridPos.H)
		if p.Type != "row" {
			titles = append(titles, p.Title)
		}
	}
	b := open(t, g.url)
	if _, err := chromedp.Call(b.ctx, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{
		Headers: network.Headers{"Authorization": "Bearer " + g.token},
	}); err != nil {
		t.Fatal(err)
	}
	b.do(chromedp.EmulateViewport(1440, int64(38*height+200))) // Grafana loads only panels that are on the screen
	b.do(chromedp.Navigate(g.url + "/d/" + d.UID + "?kiosk&refresh=&from=now-15m&to=now&var-datasource=" + source))
	deadline := time.Now().Add(time.Minute)
	problems := []string{"nothing was looked at"}
	for len(problems) > 0 && time.Now().Before(deadline) {
		time.Sleep(time.Second) // between two looks at a real browser
		problems = wrong(titles, shownPanels(b))
	}
	for _, p := range problems {
		t.Errorf("%s: %s", d.Title, p)
	}
	if folder := os.Getenv("LAGSCALER_GRAFANA_PICTURES"); folder != "" {
		picture, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, d.UID+".png"), picture, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b.forget("") // what Grafana itself writes to the console
}
