package transport

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/lagscaler/lagscaler/lag"
)

// cloud plays the token endpoint of an identity provider: it takes exactly this form, and refuses any other as the provider does.
func cloud(t *testing.T, path string, want url.Values, refusal string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		err := r.ParseForm()
		if id, secret, ok := r.BasicAuth(); ok { // as RFC 6749, 2.3.1, prefers it
			r.PostForm.Set("client_id", id)
			r.PostForm.Set("client_secret", secret)
		}
		if err != nil || r.Method != http.MethodPost || r.URL.Path != path || r.PostForm.Encode() != want.Encode() {
			t.Logf("asked %s for %s", r.URL.Path, r.PostForm.Encode())
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = fmt.Fprint(w, strings.ReplaceAll(refusal, "SECRET", r.PostForm.Get("client_assertion")+r.PostForm.Get("client_secret")))
			return
		}
		_, _ = fmt.Fprint(w, `{"token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "access_token": "eyJ0.cloud.token"}`)
	}))
	t.Cleanup(server.Close)
	return server.URL + path
}

// TestIdentitiesOfClouds: the workload identity of Azure and the tokens of Google come through the client credentials grant, as docs/identity.md
// configures it. What the endpoint refuses names it and what it said, without the secret that was sent.
func TestIdentitiesOfClouds(t *testing.T) {
	const tenant = "/00000000-1111-2222-3333-444444444444/oauth2/v2.0/token"
	for name, c := range map[string]struct {
		path, refusal, said string
		want                url.Values
		of                  func(tokenURL, file string) OAuth
	}{
		"Azure workload identity": {
			path:    tenant,
			refusal: `{"error":"invalid_client","error_description":"AADSTS700213: No matching federated identity record found for presented assertion SECRET.","error_codes":[700213]}`,
			said:    "invalid_client: AADSTS700213",
			want: url.Values{
				"grant_type": {"client_credentials"}, "client_id": {"app-1"}, "client_assertion_type": {assertionType}, "client_assertion": {"hunter2-projected"},
				"scope": {"https://shop.servicebus.windows.net/.default"},
			},
			of: func(tokenURL, file string) OAuth {
				return OAuth{TokenURL: tokenURL, ClientID: "app-1", ClientAssertionFile: file, Scopes: []string{"https://shop.servicebus.windows.net/.default"}}
			},
		},
		"Google's local server of tokens": {
			path:    "/",
			refusal: `{"error":"invalid_request","error_description":"SECRET"}`,
			said:    "invalid_request",
			want:    url.Values{"grant_type": {"client_credentials"}, "client_id": {"unused"}, "client_secret": {"hunter2-projected"}},
			of: func(tokenURL, file string) OAuth {
				return OAuth{TokenURL: tokenURL, ClientID: "unused", ClientSecretFile: file}
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			file := write(t, "secret", "hunter2-projected\n")
			run := func(o OAuth) (string, error) {
				return firstMessage(t, SASL{Mechanism: "OAUTHBEARER", OAuth: &o})(t.Context())
			}
			o := c.of(cloud(t, c.path, c.want, c.refusal), file)
			if first, err := run(o); err != nil || first != "n,,\x01auth=Bearer eyJ0.cloud.token\x01\x01" {
				t.Errorf("%q, %v", first, err)
			}
			if err := os.WriteFile(file, []byte("hunter2-wrong"), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := run(o)
			if err == nil || Code(err) != lag.AuthenticationError {
				t.Fatalf("a refused secret: %v", err)
			}
			if text := err.Error(); !strings.Contains(text, o.TokenURL) || !strings.Contains(text, c.said) || strings.Contains(text, "hunter2") {
				t.Errorf("it does not name %s and %s, or has the secret: %s", o.TokenURL, c.said, text)
			}
		})
	}
}
