// Package client reads JSON from servers: a running daemon, or a Prometheus.
package client

import (
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

// Get reads a JSON document from a server. The address may contain a user and a password.
func Get(ctx context.Context, server, path string, query url.Values, into any) error {
	base, err := url.Parse(server)
	if err != nil || base.Host == "" {
		return &AddressError{server, "must be an address such as http://localhost:9090"}
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
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("asking the server: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	return answer(resp, target.Redacted(), into)
}

// answer decodes the response. Its error says what the server sent instead of JSON.
func answer(resp *http.Response, from string, into any) error {
	body := io.LimitReader(resp.Body, maxAnswer)
	switch {
	case resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden:
		return fmt.Errorf("%s: %s: put user and password into the address, https://USER:PASSWORD@HOST", from, resp.Status)
	case resp.StatusCode != http.StatusOK:
		text, _ := io.ReadAll(io.LimitReader(body, 200)) // the status says enough when this fails
		return fmt.Errorf("%s: %s: %s", from, resp.Status, strings.TrimSpace(string(text)))
	case !strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json"):
		return fmt.Errorf("%s answers %q instead of JSON: is that lagscaler?", from, resp.Header.Get("Content-Type"))
	}
	if err := json.NewDecoder(body).Decode(into); err != nil {
		return fmt.Errorf("%s: reading the answer: %w", from, err)
	}
	return nil
}
