package transport

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/segmentio/kafka-go/sasl"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
	"golang.org/x/sync/singleflight"
)

// bearer authenticates with an OAuth 2.0 bearer token (RFC 7628, KIP-255).
func (s SASL) bearer() authenticator {
	token := func(context.Context) (string, error) { return secret("", s.TokenFile) }
	if s.OAuth != nil {
		token = (&grant{OAuth: *s.OAuth}).token
	}
	var extensions strings.Builder // RFC 7628, 3.1
	for _, key := range slices.Sorted(maps.Keys(s.Extensions)) {
		extensions.WriteString(key + "=" + s.Extensions[key] + "\x01")
	}
	return func(ctx context.Context) (sasl.StateMachine, []byte, error) {
		t, err := token(ctx)
		if err != nil {
			return nil, nil, err
		}
		return bearerState{t}, []byte("n,,\x01auth=Bearer " + t + "\x01" + extensions.String() + "\x01"), nil
	}
}

// bearerState ends the authentication: an empty challenge accepts the token, any other is the reason of a refusal.
type bearerState struct{ token string }

func (b bearerState) Next(_ context.Context, challenge []byte) (bool, []byte, error) {
	if len(challenge) > 0 {
		return false, nil, redact(fmt.Errorf("broker refused the token: %s", challenge), b.token)
	}
	return true, nil, nil
}

// tokenTimeout bounds a request to the token endpoint.
const tokenTimeout = 10 * time.Second

// grant gets tokens with client credentials. A token is used until shortly before it expires, or until the secret or the assertion changes.
// All connections that need one at the same time wait for the same request, each as long as its own handshake may take.
type grant struct {
	OAuth
	request singleflight.Group
	secret  string
	source  oauth2.TokenSource
}

func (g *grant) token(ctx context.Context) (string, error) {
	select {
	case r := <-g.request.DoChan("", func() (any, error) { return g.get() }):
		token, _ := r.Val.(string)
		return token, r.Err
	case <-ctx.Done():
		return "", fmt.Errorf("getting a token from %s: %w", endpoint(g.TokenURL), ctx.Err())
	}
}

// assertionType is the kind of a client assertion (RFC 7523, 2.2).
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// get is called once at a time.
func (g *grant) get() (string, error) {
	now, err := secret(g.ClientSecret, cmp.Or(g.ClientAssertionFile, g.ClientSecretFile))
	if err != nil {
		return "", err
	}
	if g.source == nil || g.secret != now {
		g.secret = now
		config := clientcredentials.Config{ClientID: g.ClientID, ClientSecret: now, TokenURL: g.TokenURL, Scopes: g.Scopes, EndpointParams: url.Values{}}
		if g.Audience != "" {
			config.EndpointParams.Set("audience", g.Audience)
		}
		if g.ClientAssertionFile != "" {
			config.ClientSecret, config.AuthStyle = "", oauth2.AuthStyleInParams
			config.EndpointParams.Set("client_assertion_type", assertionType)
			config.EndpointParams.Set("client_assertion", now)
		}
		// The context lives as long as the source: it only carries the HTTP client.
		g.source = config.TokenSource(context.WithValue(context.Background(), oauth2.HTTPClient, &http.Client{Timeout: tokenTimeout}))
	}
	t, err := g.source.Token()
	if err != nil {
		return "", fmt.Errorf("getting a token from %s: %w", endpoint(g.TokenURL), tokenError(err))
	}
	return t.AccessToken, nil
}
