// Package client reads JSON from servers: a running daemon, or a Prometheus.
package client

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	timeout   = 30 * time.Second // for one answer
	maxAnswer = 1 << 30          // bytes: a million partitions in JSON are about 250 MB
)

// AddressError means that an address is not a valid URL of a server.
type AddressError struct {
	Address string
	Reason  string
}

// Error names the address, without what may be a user and a password.
func (e *AddressError) Error() string {
	address := e.Address
	if at := strings.LastIndexByte(address, '@'); at >= 0 {
		address = "***" + address[at:]
	}
	return fmt.Sprintf("%q: %s", address, e.Reason)
}

// Server is where a server is, and how it is reached.
type Server struct {
	Address string       // may contain a user and a password
	HTTP    *http.Client // nil: the usual one
}

// Get reads a JSON document from the server at an address, which may contain a user and a password.
func Get(ctx context.Context, address, path string, query url.Values, into any) error {
	return Server{Address: address}.Get(ctx, path, query, into)
}

// Get reads a JSON document from the server.
func (s Server) Get(ctx context.Context, path string, query url.Values, into any) error {
	base, err := url.Parse(s.Address)
	if err != nil || base.Host == "" {
		return &AddressError{s.Address, "must be an address such as http://localhost:9090"}
	}
	target := base.JoinPath(path)
	target.RawQuery = query.Encode()
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return &AddressError{base.Redacted(), err.Error()}
	}
	req.Header.Set("Accept", "application/json")
	resp, err := cmp.Or(s.HTTP, http.DefaultClient).Do(req)
	if err != nil {
		return fmt.Errorf("asking the server: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	return s.answer(resp, target.Redacted(), into)
}

// answer decodes the response. Its error says what the server sent instead of JSON.
func (s Server) answer(resp *http.Response, from string, into any) error {
	body := io.LimitReader(resp.Body, maxAnswer)
	switch {
	case s.HTTP == nil && (resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden):
		return fmt.Errorf("%s: %s: put user and password into the address, https://USER:PASSWORD@HOST", from, resp.Status)
	case resp.StatusCode != http.StatusOK:
		text, _ := io.ReadAll(io.LimitReader(body, 200)) // the status says enough when this fails
		return fmt.Errorf("%s: %s: %s", from, resp.Status, strings.TrimSpace(string(text)))
	case !strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json"):
		return fmt.Errorf("%s answers %q instead of JSON: is that the right address?", from, resp.Header.Get("Content-Type"))
	}
	if err := json.NewDecoder(body).Decode(into); err != nil {
		return fmt.Errorf("%s: reading the answer: %w", from, err)
	}
	return nil
}
