package transport

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/segmentio/kafka-go/sasl"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// bearer authenticates with an OAuth 2.0 bearer token (RFC 7628, KIP-255).
func (s SASL) bearer() authenticator {
	token := func() (string, error) { return secret("", s.TokenFile) }
	if s.OAuth != nil {
		token = (&grant{OAuth: *s.OAuth}).token
	}
	return func(context.Context) (sasl.StateMachine, []byte, error) {
		t, err := token()
		if err != nil {
			return nil, nil, err
		}
		return bearerState{}, []byte("n,,\x01auth=Bearer " + t + "\x01\x01"), nil
	}
}

// bearerState ends the authentication: an empty challenge accepts the token, any other is the reason of a refusal.
type bearerState struct{}

func (bearerState) Next(_ context.Context, challenge []byte) (bool, []byte, error) {
	if len(challenge) > 0 {
		return false, nil, fmt.Errorf("broker refused the token: %s", challenge)
	}
	return true, nil, nil
}

// tokenTimeout bounds a request to the token endpoint.
const tokenTimeout = 10 * time.Second

// grant gets tokens with client credentials. A token is used until shortly before it expires, or until the secret changes.
type grant struct {
	OAuth
	mu     sync.Mutex
	secret string
	source oauth2.TokenSource
}

func (g *grant) token() (string, error) {
	now, err := secret(g.ClientSecret, g.ClientSecretFile)
	if err != nil {
		return "", err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.source == nil || g.secret != now {
		g.secret = now
		config := clientcredentials.Config{ClientID: g.ClientID, ClientSecret: now, TokenURL: g.TokenURL, Scopes: g.Scopes}
		// The context lives as long as the source: it only carries the HTTP client.
		g.source = config.TokenSource(context.WithValue(context.Background(), oauth2.HTTPClient, &http.Client{Timeout: tokenTimeout}))
	}
	t, err := g.source.Token()
	if err != nil {
		return "", fmt.Errorf("getting a token from %s: %w", g.TokenURL, err)
	}
	return t.AccessToken, nil
}
