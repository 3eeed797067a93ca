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

// transport corrects three faults of the SDK's client. The client panics if an error response has no message, it treats the
// login page of a proxy as a response of Grafana, and it only supports numeric folder ids.
type transport struct {
	base   http.RoundTripper
	folder string // uid of the folder the next dashboard is saved to; empty: General
}

// RoundTrip sends one request. Every response that is not a success in JSON, or a redirect, becomes an error.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("User-Agent", "lagscaler")
	if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/api/dashboards/db") {
		if err := t.setFolder(r); err != nil {
			return nil, err
		}
	}
	response, err := t.base.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if response.StatusCode < 300 && isJSON(response) || response.StatusCode/100 == 3 {
		return response, nil
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	if err = errors.Join(err, response.Body.Close()); err != nil {
		return nil, fmt.Errorf("reading Grafana's error response: %w", err)
	}
	return nil, statusError(response, text)
}

func isJSON(r *http.Response) bool {
	return strings.HasPrefix(r.Header.Get("Content-Type"), "application/json")
}

// setFolder adds the folder to a request that saves a dashboard. Without it, current Grafana moves the dashboard to General.
func (t *transport) setFolder(r *http.Request) error {
	var body map[string]any
	err := json.NewDecoder(r.Body).Decode(&body)
	if err = errors.Join(err, r.Body.Close()); err != nil {
		return fmt.Errorf("reading the request: %w", err)
	}
	delete(body, "FolderID")
	body["folderUid"], body["message"] = t.folder, "lagscaler dashboards push"
	text, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("writing the request: %w", err)
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }
	return nil
}

// StatusError is an error response of Grafana, or of a proxy in front of it.
type StatusError struct {
	Code    int
	Message string // of Grafana; may be empty
	Page    bool   // the response is an HTML page: from a proxy, a login page, or another program
}

func statusError(r *http.Response, text []byte) *StatusError {
	e := &StatusError{Code: r.StatusCode}
	var body struct {
		Message string `json:"message"`
		Status  string `json:"status"`
	}
	if err := json.Unmarshal(text, &body); err != nil {
		e.Page = strings.Contains(r.Header.Get("Content-Type"), "html") || strings.HasPrefix(strings.TrimSpace(string(text)), "<")
		return e
	}
	e.Message = body.Message
	if body.Status != "" && body.Status != body.Message {
		e.Message = strings.TrimSpace(e.Message + " [" + body.Status + "]")
	}
	return e
}

// Error says why the request failed, what to check, and Grafana's message.
func (e *StatusError) Error() string {
	var why string
	switch {
	case e.Page:
		why = "the response is an HTML page, not Grafana's API: check the URL, and whether a proxy or a login is in front of Grafana"
	case e.Code == http.StatusUnauthorized:
		why = "Grafana does not accept the token, or the user and password"
	case e.Code == http.StatusForbidden:
		why = "the token or user has no permission: it must be able to read and write dashboards, and to read the folder"
	case e.Code == http.StatusNotFound:
		why = "not found: check the URL with its path, and the uid of the folder"
	case e.Code == http.StatusPreconditionFailed || e.Code == http.StatusConflict:
		why = "nothing was changed: somebody else changed the dashboard at the same time, or another one in the folder has its title"
	default:
		why = "Grafana refused the request"
	}
	if e.Message != "" {
		why += ": " + e.Message
	}
	return fmt.Sprintf("%s (HTTP %d)", why, e.Code)
}

// isStatus reports whether an error is a response of Grafana with this code. Other programs send no message in JSON.
func isStatus(err error, code int) bool {
	status, ok := errors.AsType[*StatusError](err)
	return ok && status.Code == code && status.Message != ""
}

// unwrapHTTP removes the prefix of the HTTP client, which repeats the method and the URL.
func unwrapHTTP(err error) error {
	if status, ok := errors.AsType[*StatusError](err); ok {
		return status
	}
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		if wrapped.Timeout() {
			return errors.New("Grafana did not respond before the timeout")
		}
		return wrapped.Err
	}
	return err
}
