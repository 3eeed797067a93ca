package dashboards

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// grafana is a fake server that responds as Grafana 9 to 13 do: it assigns ids, counts versions, and sends recorded error
// responses.
type grafana struct {
	t      *testing.T
	boards map[string]*stored
	writes int
	fault  http.HandlerFunc // if set, handles all requests
}

type stored struct {
	dashboard map[string]any
	folder    string
	version   int
}

func newGrafana(t *testing.T) (*grafana, Grafana) {
	t.Helper()
	g := &grafana{t: t, boards: map[string]*stored{}}
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	return g, Grafana{URL: server.URL, Token: "glsa_secret"}
}

func say(w http.ResponseWriter, code int, body string) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(code)
	_, _ = io.WriteString(w, body)
}

func (g *grafana) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	user, password, basic := r.BasicAuth()
	switch known := r.Header.Get("Authorization") == "Bearer glsa_secret" || basic && user == "admin" && password == "pa:ss"; {
	case g.fault != nil:
		g.fault(w, r)
	case !known:
		say(w, 401, `{"extra":null,"message":"Invalid API key","messageId":"api-key.invalid","statusCode":401,"traceID":""}`)
	case r.Method == http.MethodGet && r.URL.Path == "/api/folders/kafka":
		say(w, 200, `{"id":7,"uid":"kafka","title":"Kafka","url":"/dashboards/f/kafka/kafka","created":"2026-01-01T00:00:00Z"}`)
	case r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, "/api/folders/"):
		say(w, 404, `{"message":"folder not found","status":"not-found"}`)
	case r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, "/api/dashboards/uid/"):
		g.get(w, strings.TrimPrefix(r.URL.Path, "/api/dashboards/uid/"))
	case r.Method == http.MethodPost && r.URL.Path == "/api/dashboards/db":
		g.save(w, r)
	default:
		say(w, 404, `{"message":"Not found"}`)
	}
}

func (g *grafana) get(w http.ResponseWriter, uid string) {
	s, ok := g.boards[uid]
	if !ok {
		say(w, 404, `{"message":"Dashboard not found"}`)
		return
	}
	s.dashboard["version"] = s.version
	meta := map[string]any{"type": "db", "version": s.version, "created": "2026-01-01T00:00:00Z", "updated": "2026-01-01T00:00:00Z", "folderUid": s.folder}
	if s.folder != "" {
		meta["folderUrl"] = "/dashboards/f/" + s.folder + "/a-folder"
	}
	text, err := json.Marshal(map[string]any{"meta": meta, "dashboard": s.dashboard})
	if err != nil {
		g.t.Error(err)
	}
	say(w, 200, string(text))
}

func (g *grafana) save(w http.ResponseWriter, r *http.Request) {
	var sent struct {
		Dashboard map[string]any `json:"dashboard"`
		FolderUID string         `json:"folderUid"`
		FolderID  int            `json:"folderId"`
		Overwrite bool           `json:"overwrite"`
	}
	if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
		say(w, 400, `{"message":"bad request data"}`)
		return
	}
	if id, ok := sent.Dashboard["id"].(float64); ok && id != 0 {
		g.t.Errorf("a dashboard is sent with the database id %g", id)
	}
	if sent.Overwrite {
		g.t.Error("a dashboard is sent with overwrite")
	}
	uid, _ := sent.Dashboard["uid"].(string)
	old, exists := g.boards[uid]
	for other, s := range g.boards {
		if other != uid && s.folder == sent.FolderUID && s.dashboard["title"] == sent.Dashboard["title"] {
			say(w, 412, `{"message":"A dashboard with the same name in the folder already exists","status":"name-exists"}`)
			return
		}
	}
	version, _ := sent.Dashboard["version"].(float64)
	if exists && int(version) != old.version {
		say(w, 412, `{"message":"The dashboard has been changed by someone else","status":"version-mismatch"}`)
		return
	}
	if !exists {
		old = &stored{}
		g.boards[uid] = old
	}
	g.writes++
	sent.Dashboard["id"] = 40 + len(g.boards)
	old.dashboard, old.folder, old.version = sent.Dashboard, sent.FolderUID, old.version+1
	say(w, 200, fmt.Sprintf(`{"id":%d,"slug":"x","status":"success","uid":%q,"url":"/d/x","version":%d}`, 40+len(g.boards), uid, old.version))
}

func push(t *testing.T, to Grafana) []Result {
	t.Helper()
	results, err := to.Push(t.Context(), all(t))
	if err != nil {
		t.Fatal(err)
	}
	return results
}

func actions(results []Result) []Action {
	var done []Action
	for _, r := range results {
		done = append(done, r.Action)
	}
	return done
}

func TestPushTwice(t *testing.T) {
	there, to := newGrafana(t)
	if got := actions(push(t, to)); !slices.Equal(got, []Action{Created, Created, Created, Created}) {
		t.Errorf("first: %v", got)
	}
	if got := actions(push(t, to)); !slices.Equal(got, []Action{Unchanged, Unchanged, Unchanged, Unchanged}) || there.writes != 4 {
		t.Errorf("second: %v, %d writes", got, there.writes)
	}
}

// Push ignores the keys that Grafana adds, and reverts the changes of somebody else.
func TestPushRevertsChanges(t *testing.T) {
	there, to := newGrafana(t)
	push(t, to)
	b := there.boards["lagscaler-overview"].dashboard
	b["schemaVersion"], b["preload"] = 42, false
	panels := list(b["panels"])
	panels[0]["pluginVersion"] = "13.2.2"
	if got := push(t, to)[0]; got.Action != Unchanged {
		t.Errorf("after a migration: %s %v", got.Action, got.Changes)
	}
	panels[1]["title"] = "Mine"
	list(panels[2]["targets"])[0]["expr"] = "up"
	b["refresh"] = "5s"
	want := []string{`new panel "Unknown groups"`, `panel "Above threshold"`, `removed panel "Mine"`, "refresh"}
	to.DryRun = true
	if got := push(t, to)[0]; got.Action != Updated || !slices.Equal(got.Changes, want) || there.writes != 4 {
		t.Errorf("dry run: %s %q, %d writes", got.Action, got.Changes, there.writes)
	}
	to.DryRun = false
	if got := push(t, to)[0]; got.Action != Updated || there.writes != 5 {
		t.Errorf("got %s, %d writes", got.Action, there.writes)
	}
	if got := push(t, to)[0]; got.Action != Unchanged {
		t.Errorf("afterwards: %s %v", got.Action, got.Changes)
	}
}

func TestPushToAFolder(t *testing.T) {
	there, to := newGrafana(t)
	to.Folder = "kafka"
	push(t, to)
	if got := there.boards["lagscaler-group"].folder; got != "kafka" {
		t.Errorf("in the folder %q", got)
	}
	to.Folder = "" // without a folder a dashboard stays in its folder, even if it is updated
	there.boards["lagscaler-group"].dashboard["refresh"] = "5s"
	push(t, to)
	if got := there.boards["lagscaler-group"]; got.folder != "kafka" || got.version != 2 {
		t.Errorf("in the folder %q, version %d", got.folder, got.version)
	}
	there.boards["lagscaler-group"].folder = "elsewhere"
	to.Folder = "kafka"
	if got := push(t, to)[1]; !slices.Equal(got.Changes, []string{"moved to the folder kafka"}) {
		t.Errorf("got %q", got.Changes)
	}
	to.Folder = "nowhere"
	if _, err := to.Push(t.Context(), all(t)); err == nil || !strings.Contains(err.Error(), "looking for the folder nowhere: not found: check the URL") {
		t.Errorf("got %v", err)
	}
}

// Push never changes a dashboard of somebody else, even if it has our uid or our title.
func TestPushRefusesOtherDashboards(t *testing.T) {
	there, to := newGrafana(t)
	there.boards["lagscaler-overview"] = &stored{version: 3, dashboard: map[string]any{"uid": "lagscaler-overview", "title": "Sales", "tags": []any{"sales"}}}
	there.boards["xyz"] = &stored{version: 1, dashboard: map[string]any{"uid": "xyz", "title": "lagscaler / Group", "tags": []any{}}}
	results, err := to.Push(t.Context(), all(t))
	if got := actions(results); !slices.Equal(got, []Action{Refused, Refused, Created, Created}) {
		t.Errorf("got %v", got)
	}
	for _, want := range []string{
		`pushing lagscaler-overview: "Sales" has this uid but not the tag "lagscaler": it is not a dashboard of lagscaler and was not changed`,
		"pushing lagscaler-group: nothing was changed: somebody else changed the dashboard at the same time, or another one in the folder has its title: A dashboard with the same name in the folder already exists [name-exists] (HTTP 412)",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if there.boards["xyz"].version != 1 || there.boards["lagscaler-overview"].version != 3 {
		t.Error("a dashboard of somebody else was changed")
	}
}

func TestCredentials(t *testing.T) {
	_, to := newGrafana(t)
	for _, c := range []struct {
		token, user, password string
		ok                    bool
	}{
		{"glsa_secret", "", "", true},
		{"", "admin", "pa:ss", true},
		{"glsa_other", "", "", false},
		{"", "admin", "wrong", false},
		{"", "", "", false},
	} {
		to.Token, to.User, to.Password = c.token, c.user, c.password
		_, err := to.Push(t.Context(), all(t)[:1])
		if (err == nil) != c.ok {
			t.Errorf("%+v: %v", c, err)
		}
		if err != nil && (!strings.Contains(err.Error(), "Grafana does not accept the token, or the user and password: Invalid API key (HTTP 401)") || strings.Contains(err.Error(), "wrong")) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// Every error response of Grafana, or of a proxy in front of it, becomes a clear error. The SDK's client never panics.
func TestFaults(t *testing.T) {
	respond := func(code int, contentType, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			w.WriteHeader(code)
			_, _ = io.WriteString(w, body)
		}
	}
	hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	onSave := func(then http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				say(w, 404, `{"message":"Dashboard not found"}`)
				return
			}
			_, _ = io.Copy(io.Discard, r.Body)
			then(w, r)
		}
	}
	const asJSON, asHTML = "application/json", "text/html; charset=utf-8"
	for name, c := range map[string]struct {
		fault http.HandlerFunc
		want  string
	}{
		"403":               {respond(403, asJSON, `{"accessErrorId":"ACE1","message":"You'll need additional permissions. Permissions needed: dashboards:read","title":"Access denied"}`), "the token or user has no permission: it must be able to read and write dashboards, and to read the folder: You'll need additional permissions. Permissions needed: dashboards:read (HTTP 403)"},
		"no message":        {onSave(respond(500, asJSON, `{}`)), "Grafana refused the request (HTTP 500)"},
		"message is null":   {onSave(respond(403, asJSON, `{"message":null}`)), "(HTTP 403)"},
		"empty body":        {onSave(respond(502, asJSON, ``)), "Grafana refused the request (HTTP 502)"},
		"page of a proxy":   {respond(502, asHTML, "<html>Bad gateway</html>"), "the response is an HTML page, not Grafana's API: check the URL, and whether a proxy or a login is in front of Grafana (HTTP 502)"},
		"login page":        {respond(200, asHTML, "<!DOCTYPE html>"), "the response is an HTML page, not Grafana's API: check the URL, and whether a proxy or a login is in front of Grafana (HTTP 200)"},
		"not Grafana":       {respond(404, "text/plain", "404 page not found"), "not found: check the URL with its path, and the uid of the folder (HTTP 404)"},
		"changed meanwhile": {onSave(respond(412, asJSON, `{"message":"The dashboard has been changed by someone else","status":"version-mismatch"}`)), "nothing was changed: somebody else changed the dashboard at the same time, or another one in the folder has its title: The dashboard has been changed by someone else [version-mismatch] (HTTP 412)"},
		"Grafana 13":        {onSave(respond(409, asJSON, `{"message":"Dashboard already exists. Use overwrite flag to update."}`)), "nothing was changed: somebody else changed the dashboard at the same time, or another one in the folder has its title: Dashboard already exists. Use overwrite flag to update. (HTTP 409)"},
		"provisioned":       {onSave(respond(400, asJSON, `{"message":"Cannot save provisioned dashboard"}`)), "Grafana refused the request: Cannot save provisioned dashboard (HTTP 400)"},
		"timeout":           {hang, "Grafana did not respond before the timeout"},
		"timeout on save":   {onSave(hang), "Grafana did not respond before the timeout"},
		"empty success":     {respond(200, asJSON, ``), "EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			there, to := newGrafana(t)
			if there.fault = c.fault; strings.HasSuffix(c.want, "timeout") { // the others must not see one on a busy machine
				to.Timeout = 200 * time.Millisecond
			}
			_, err := to.Push(t.Context(), all(t)[:1])
			if err == nil || !strings.HasSuffix(err.Error(), c.want) {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestWrongURL(t *testing.T) {
	for _, u := range []string{"", "grafana:3000", "ftp://grafana", "http://", "http://[::1"} {
		if _, err := (Grafana{URL: u}).Push(t.Context(), all(t)); err == nil || !strings.HasPrefix(err.Error(), "the URL ") {
			t.Errorf("%q: %v", u, err)
		}
	}
	_, err := Grafana{URL: "http://127.0.0.1:1", Token: "x"}.Push(t.Context(), all(t)[:1])
	if err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("got %v", err)
	}
}

// A test with a real Grafana. Set LAGSCALER_GRAFANA_URL and LAGSCALER_GRAFANA_TOKEN.
func TestRealGrafana(t *testing.T) {
	address := os.Getenv("LAGSCALER_GRAFANA_URL")
	if address == "" {
		t.Skip("LAGSCALER_GRAFANA_URL is not set: there is no real Grafana to test")
	}
	to := Grafana{URL: address, Token: os.Getenv("LAGSCALER_GRAFANA_TOKEN")}
	push(t, to)
	for _, r := range push(t, to) {
		if r.Action != Unchanged {
			t.Errorf("%s is %s when pushed again: %q", r.Dashboard.UID, r.Action, r.Changes)
		}
	}
}

// The links of rows lead to lagscaler's own pages at the given address, and a wrong one is named.
func TestLinksToOwnPages(t *testing.T) {
	for _, d := range all(t) {
		linked, err := d.Linked("https://lagscaler.example/path/")
		if err != nil {
			t.Fatal(err)
		}
		variables := list(object(linked.JSON)["templating"].(map[string]any)["list"])
		page := variables[len(variables)-1]
		if page["name"] != "lagscaler_page" || page["query"] != "https://lagscaler.example/path" || !covers(page["current"], map[string]any{"value": "https://lagscaler.example/path"}) {
			t.Errorf("%s: %v", d.UID, page)
		}
		if strings.Contains(string(linked.JSON), DefaultPage) || !strings.Contains(string(d.JSON), DefaultPage) {
			t.Errorf("%s has the default address", d.UID)
		}
		for _, wrong := range []string{"", "lagscaler.example", "ftp://a", "https://", "https://a?b=c", "https://a#b"} {
			if _, err := d.Linked(wrong); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("page %q: want the address", wrong)) {
				t.Errorf("%q: %v", wrong, err)
			}
		}
	}
}
