package dashboards

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/grafana-tools/sdk"
)

// Grafana is a server to push dashboards to.
type Grafana struct {
	URL      string // with its path, if it has one
	Token    string // of a service account; or set User and Password
	User     string
	Password string
	Folder   string            // uid; if empty, a dashboard stays in its folder, and a new one goes to General
	Timeout  time.Duration     // of one request; 30 s if zero
	DryRun   bool              // read and compare, but write nothing
	Base     http.RoundTripper // sends the requests; http.DefaultTransport if nil
}

// Action is the result of pushing a dashboard, or with DryRun the result that a push would have.
type Action string

// The actions.
const (
	Created   Action = "created"
	Updated   Action = "updated"
	Unchanged Action = "unchanged"
	Refused   Action = "refused"
)

// Result is the result for one dashboard.
type Result struct {
	Dashboard Dashboard
	Action    Action
	Changes   []string // the parts that differ, if updated
	Err       error    // the reason, if refused
}

// Push creates or updates the dashboards in Grafana. It finds them by their uid. A second push changes nothing.
//
// A dashboard in Grafana that has one of our uids but not our tag belongs to somebody else: Push refuses to change it. If a
// dashboard is refused, Push continues with the others; the returned error joins all refusals.
func (g Grafana) Push(ctx context.Context, dashboards []Dashboard) ([]Result, error) {
	p, err := g.connect()
	if err != nil {
		return nil, err
	}
	if g.Folder != "" {
		if _, err := p.client.GetFolderByUID(ctx, g.Folder); err != nil {
			return nil, fmt.Errorf("looking for the folder %s: %w", g.Folder, unwrapHTTP(err))
		}
	}
	results := make([]Result, len(dashboards))
	var refusals []error
	for i, d := range dashboards {
		results[i] = p.push(ctx, d)
		if err := results[i].Err; err != nil {
			refusals = append(refusals, fmt.Errorf("pushing %s: %w", d.UID, err))
		}
	}
	return results, errors.Join(refusals...)
}

// pusher is a connection to a Grafana server.
type pusher struct {
	Grafana
	client    *sdk.Client
	transport *transport
}

func (g Grafana) connect() (*pusher, error) {
	u, err := url.Parse(g.URL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fmt.Errorf("the URL %q: must be http://HOST or https://HOST, with the path of Grafana if it has one", g.URL)
	}
	base := g.Base
	if base == nil {
		base = http.DefaultTransport
	}
	t := &transport{base: base}
	credential := g.Token
	if g.User != "" {
		credential = g.User + ":" + g.Password
	}
	client, err := sdk.NewClient(g.URL, credential, &http.Client{Transport: t, Timeout: cmp.Or(g.Timeout, 30*time.Second)})
	if err != nil {
		return nil, fmt.Errorf("creating a client for Grafana: %w", err)
	}
	return &pusher{Grafana: g, client: client, transport: t}, nil
}

func (p *pusher) push(ctx context.Context, d Dashboard) Result {
	r := Result{Dashboard: d}
	stored, properties, err := p.client.GetRawDashboardByUID(ctx, d.UID)
	var old map[string]any
	switch {
	case isStatus(err, http.StatusNotFound):
		r.Action = Created
	case err != nil:
		r.Action, r.Err = Refused, unwrapHTTP(err)
		return r
	default:
		r.Action, old = Updated, object(stored)
		if !isOurs(old) {
			r.Action, r.Err = Refused, fmt.Errorf("%q has this uid but not the tag %q: it is not a dashboard of lagscaler and was not changed", old["title"], tag)
			return r
		}
		r.Changes = p.differences(d, old, folderOf(properties))
		if len(r.Changes) == 0 {
			r.Action = Unchanged
		}
	}
	if p.DryRun || r.Action == Unchanged {
		return r
	}
	if err := p.save(ctx, d, old, folderOf(properties)); err != nil {
		r.Action, r.Err = Refused, unwrapHTTP(err)
	}
	return r
}

// save writes a dashboard without the flag overwrite. Grafana then refuses an update if the dashboard has changed since we
// read it, and never replaces another dashboard that has the same title.
func (p *pusher) save(ctx context.Context, d Dashboard, old map[string]any, folder string) error {
	ours := object(d.JSON)
	if version, ok := old["version"]; ok {
		ours["version"] = version
	}
	text, err := json.Marshal(ours)
	if err != nil {
		return fmt.Errorf("writing the dashboard: %w", err)
	}
	p.transport.folder = cmp.Or(p.Folder, folder)
	_, err = p.client.SetRawDashboardWithParam(ctx, sdk.RawBoardRequest{Dashboard: text})
	return err
}

// object decodes a JSON object. Numbers keep all digits.
func object(text []byte) map[string]any {
	o := map[string]any{}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(&o); err != nil {
		return map[string]any{}
	}
	return o
}

// isOurs reports whether a dashboard has our tag.
func isOurs(board map[string]any) bool {
	tags, _ := board["tags"].([]any)
	for _, t := range tags {
		if t == tag {
			return true
		}
	}
	return false
}

// folderOf is the uid of the folder of a dashboard, taken from the URL /dashboards/f/UID/slug. Empty means General.
func folderOf(p sdk.BoardProperties) string {
	_, rest, ok := strings.Cut(p.FolderURL, "/dashboards/f/")
	if !ok {
		return ""
	}
	uid, _, _ := strings.Cut(rest, "/")
	return uid
}

func (p *pusher) differences(d Dashboard, old map[string]any, folder string) []string {
	changes := diff(object(d.JSON), old)
	if p.Folder != "" && p.Folder != folder {
		changes = append(changes, "moved to the folder "+p.Folder)
	}
	return changes
}
