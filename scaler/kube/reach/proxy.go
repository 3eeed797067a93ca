package reach

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	utilnet "k8s.io/apimachinery/pkg/util/net"
)

var (
	errPassword = errors.New("the pages ask for a password")
	errTLS      = errors.New("the pages want TLS")
)

// The schemes of the pages, as the API server's proxy names them in a path, in the order in which they are tried.
var schemes = []string{"", "https"}

// proxied is the way through the service proxy of the API server. The scheme is that of the pages, also with errPassword.
func (c *caller) proxied(ctx context.Context, at types.NamespacedName) (d *Daemon, scheme string, err error) {
	for _, scheme = range schemes {
		name := utilnet.JoinSchemeNamePort(scheme, at.Name, portName)
		base := c.typed.CoreV1().RESTClient().Get().Namespace(at.Namespace).Resource("services").Name(name).SubResource("proxy").URL()
		if err = ask(ctx, c.http, base); errors.Is(err, errTLS) {
			continue
		}
		switch {
		case apierrors.IsForbidden(err):
			err = fmt.Errorf("you may not read the pages of Service %s: that takes the verb get on services/proxy, for %q in namespace %s: %w", at, name, at.Namespace, err)
		case err != nil && !errors.Is(err, errPassword):
			err = fmt.Errorf("asking Service %s through the API server: %w", at, err)
		}
		return &Daemon{Address: base.String(), HTTP: c.http, Way: "through the API server's proxy of Service " + at.String()}, scheme, err
	}
	return nil, scheme, fmt.Errorf("asking Service %s through the API server: %w", at, err)
}

// ask asks the health check of the pages. Any answer of theirs means that they are reached, unless they want a password or TLS.
func ask(ctx context.Context, client *http.Client, base *url.URL) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base.JoinPath("healthz").String(), nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	const enough = 64 << 10 // bytes: an object of the kind Status has about 400
	body, err := io.ReadAll(io.LimitReader(resp.Body, enough))
	if err != nil {
		return err
	}
	return verdict(resp, body)
}

// verdict says who answered, and what that means.
//
//	an object of the kind Status                    the API server    its error: forbidden, no such Service, no endpoint
//	401 with a challenge                            the pages         errPassword
//	400 that says HTTPS                             the pages         errTLS
//	anything else                                   the pages         nil
func verdict(resp *http.Response, body []byte) error {
	var status metav1.Status
	isJSON := strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json")
	switch {
	case isJSON && json.Unmarshal(body, &status) == nil && status.Kind == "Status" && status.Status == metav1.StatusFailure:
		return &apierrors.StatusError{ErrStatus: status}
	case resp.StatusCode == http.StatusUnauthorized && resp.Header.Get("WWW-Authenticate") != "":
		return errPassword
	case resp.StatusCode == http.StatusBadRequest && strings.Contains(string(body), "HTTPS server"): // net/http's own words
		return errTLS
	}
	return nil
}
