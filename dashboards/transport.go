package dashboards

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// transport stands between the SDK's client and Grafana: the client would panic on a refusal without a message, take a
// proxy's login page for an answer, and knows folders by number only.
type transport struct {
	base   http.RoundTripper
	folder string // uid of the folder the next dashboard is saved to; empty: General
}

// RoundTrip sends one request, and returns anything but Grafana's yes as an error.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("User-Agent", "lagscaler")
	if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/api/dashboards/db") {
		if err := t.intoFolder(r); err != nil {
			return nil, err
		}
	}
	answer, err := t.base.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode < 300 && isJSON(answer) || answer.StatusCode/100 == 3 {
		return answer, nil
	}
	text, err := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	if err = errors.Join(err, answer.Body.Close()); err != nil {
		return nil, fmt.Errorf("reading Grafana's refusal: %w", err)
	}
	return nil, refusal(answer, text)
}

func isJSON(r *http.Response) bool {
	return strings.HasPrefix(r.Header.Get("Content-Type"), "application/json")
}

// intoFolder says in which folder a dashboard is saved. Without a word, current Grafana moves it to General.
func (t *transport) intoFolder(r *http.Request) error {
	var body map[string]any
	err := json.NewDecoder(r.Body).Decode(&body)
	if err = errors.Join(err, r.Body.Close()); err != nil {
		return fmt.Errorf("reading what is sent: %w", err)
	}
	delete(body, "FolderID")
	body["folderUid"], body["message"] = t.folder, "lagscaler dashboards push"
	text, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("writing what is sent: %w", err)
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }
	return nil
}

// StatusError is a refusal by Grafana, or by what stands before it.
type StatusError struct {
	Code    int
	Message string // Grafana's own words; empty when it had none
	Page    bool   // the answer was a page for people: a proxy, a login, or not Grafana at all
}

func refusal(r *http.Response, text []byte) *StatusError {
	e := &StatusError{Code: r.StatusCode}
	var said struct {
		Message string `json:"message"`
		Status  string `json:"status"`
	}
	if err := json.Unmarshal(text, &said); err != nil {
		e.Page = strings.Contains(r.Header.Get("Content-Type"), "html") || strings.HasPrefix(strings.TrimSpace(string(text)), "<")
		return e
	}
	e.Message = said.Message
	if said.Status != "" && said.Status != said.Message {
		e.Message = strings.TrimSpace(e.Message + " [" + said.Status + "]")
	}
	return e
}

// Error says what was refused and what to do about it.
func (e *StatusError) Error() string {
	var why string
	switch {
	case e.Page:
		why = "the answer is a page for people, not Grafana's API: a proxy or a login stands before it, or the URL is not Grafana's"
	case e.Code == http.StatusUnauthorized:
		why = "Grafana does not know the token, or the user and password"
	case e.Code == http.StatusForbidden:
		why = "the token or user may not do that: it needs to read and write dashboards (and read the folder)"
	case e.Code == http.StatusNotFound:
		why = "there is no such thing: check the URL, with its path, and the folder's uid"
	case e.Code == http.StatusPreconditionFailed || e.Code == http.StatusConflict:
		why = "somebody else saved it meanwhile, or its name is taken in that folder: nothing was changed"
	default:
		why = "Grafana refused"
	}
	if e.Message != "" {
		why += ": " + e.Message
	}
	return fmt.Sprintf("%s (HTTP %d)", why, e.Code)
}

// isStatus reports whether an error is a refusal with that code.
func isStatus(err error, code int) bool {
	refused, ok := errors.AsType[*StatusError](err)
	return ok && refused.Code == code && refused.Message != "" // whoever else says 404 has never heard of dashboards
}

// plain takes off the wrapping of the HTTP client, which repeats the URL, from what already says enough.
func plain(err error) error {
	if refused, ok := errors.AsType[*StatusError](err); ok {
		return refused
	}
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		if wrapped.Timeout() {
			return errors.New("Grafana did not answer in time")
		}
		return wrapped.Err
	}
	return err
}
