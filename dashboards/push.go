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

// Grafana is where dashboards are pushed to.
type Grafana struct {
	URL      string // with its path, when it has one
	Token    string // of a service account; or User and Password
	User     string
	Password string
	Folder   string            // uid; empty: where a dashboard is, General for a new one
	Timeout  time.Duration     // of one request; 30 s when zero
	DryRun   bool              // read and compare, but write nothing
	Base     http.RoundTripper // how to connect; http.DefaultTransport when nil
}

// Action is what happens, or would happen, to a dashboard.
type Action string

// The actions.
const (
	Created   Action = "created"
	Updated   Action = "updated"
	Unchanged Action = "unchanged"
	Refused   Action = "refused"
)

// Result is what became of one dashboard.
type Result struct {
	Dashboard Dashboard
	Action    Action
	Changes   []string // what differs, when updated
	Err       error    // why, when refused
}

// Push brings Grafana's dashboards to what these are, each known by its uid alone. Pushing twice changes nothing. A
// dashboard with one of our uids that is not ours (it lacks our tag) is left alone. What is refused is in the results,
// and in the error, which joins them; the others are pushed all the same.
func (g Grafana) Push(ctx context.Context, dashboards []Dashboard) ([]Result, error) {
	p, err := g.connect()
	if err != nil {
		return nil, err
	}
	if g.Folder != "" {
		if _, err := p.client.GetFolderByUID(ctx, g.Folder); err != nil {
			return nil, fmt.Errorf("looking for the folder %s: %w", g.Folder, plain(err))
		}
	}
	results := make([]Result, len(dashboards))
	var refused []error
	for i, d := range dashboards {
		results[i] = p.push(ctx, d)
		if err := results[i].Err; err != nil {
			refused = append(refused, fmt.Errorf("pushing %s: %w", d.UID, err))
		}
	}
	return results, errors.Join(refused...)
}

// pusher is a connection to a Grafana.
type pusher struct {
	Grafana
	client    *sdk.Client
	transport *transport
}

func (g Grafana) connect() (*pusher, error) {
	u, err := url.Parse(g.URL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fmt.Errorf("the URL %q: want http://HOST or https://HOST, with Grafana's path", g.URL)
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
		return nil, fmt.Errorf("making a client of Grafana: %w", err)
	}
	return &pusher{Grafana: g, client: client, transport: t}, nil
}

func (p *pusher) push(ctx context.Context, d Dashboard) Result {
	r := Result{Dashboard: d}
	there, properties, err := p.client.GetRawDashboardByUID(ctx, d.UID)
	var old map[string]any
	switch {
	case isStatus(err, http.StatusNotFound):
		r.Action = Created
	case err != nil:
		r.Action, r.Err = Refused, plain(err)
		return r
	default:
		r.Action, old = Updated, object(there)
		if !isOurs(old) {
			r.Action, r.Err = Refused, fmt.Errorf("%q has this uid but not the tag %q: it is not ours, and was left alone", old["title"], tag)
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
		r.Action, r.Err = Refused, plain(err)
	}
	return r
}

// save writes without overwrite: Grafana then takes an update only when it is of the version we read, and never gives
// one dashboard the place of another one that has its title.
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

// object decodes a JSON object; numbers keep their digits.
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

// folderOf is the uid of the folder a dashboard is in, from its URL: /dashboards/f/UID/slug. Empty: General.
func folderOf(p sdk.BoardProperties) string {
	_, rest, ok := strings.Cut(p.FolderURL, "/dashboards/f/")
	if !ok {
		return ""
	}
	uid, _, _ := strings.Cut(rest, "/")
	return uid
}

func (p *pusher) differences(d Dashboard, old map[string]any, folder string) []string {
	changes := differ(object(d.JSON), old)
	if p.Folder != "" && p.Folder != folder {
		changes = append(changes, "moved to the folder "+p.Folder)
	}
	return changes
}
