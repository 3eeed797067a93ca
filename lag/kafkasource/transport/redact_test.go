package transport

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// mark is part of every secret of these tests: no error may contain it.
const mark = "hunter2"

// echoes is a token endpoint that answers with everything that it was sent.
func echoes(t *testing.T, status int) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		user, password, _ := r.BasicAuth()
		w.WriteHeader(status)
		fmt.Fprintf(w, "%s %s %s %s %v", r.URL, body, user, password, r.Header)
	}))
	t.Cleanup(s.Close)
	return s
}

// Whatever goes wrong, and whatever servers and libraries print, an error has no secret, and says what failed.
func TestNoErrorPrintsASecret(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(mark+"-of-a-file"), 0o600); err != nil {
		t.Fatal(err)
	}
	withUser := func(url string) string {
		return strings.Replace(url, "://", "://user-"+mark+":"+mark+"@", 1) + "/token?key=" + mark + "%2F1"
	}
	broken, refuses, closed := echoes(t, http.StatusOK), echoes(t, http.StatusUnauthorized), echoes(t, http.StatusOK)
	closed.Close()
	oauth := func(url string) SASL {
		return SASL{Mechanism: "OAUTHBEARER", OAuth: &OAuth{TokenURL: withUser(url), ClientID: "reader", ClientSecret: mark + "/+ secret"}}
	}
	for _, tt := range []struct {
		name, says string
		sasl       SASL
		challenges []string
	}{
		{"a password that SCRAM cannot use", "SCRAM-SHA-256", SASL{Mechanism: "SCRAM-SHA-256", Username: "u", Password: mark + "\x00\u0221"}, []string{"e=" + mark + "\x00\u0221"}},
		{"a challenge with the user and the password of files", "SCRAM-SHA-512", SASL{Mechanism: "SCRAM-SHA-512", UsernameFile: file, PasswordFile: file}, []string{"e=" + mark + "-of-a-file"}},
		{"a broker that repeats the token", "refused the token", SASL{Mechanism: "OAUTHBEARER", TokenFile: file}, []string{"invalid_token " + mark + "-of-a-file"}},
		{"an endpoint that refuses", "401 Unauthorized", oauth(refuses.URL), nil},
		{"an endpoint that answers something else", "getting a token from http://127.0.0.1", oauth(broken.URL), nil},
		{"an endpoint that is not there", "connection refused", oauth(closed.URL), nil},
		{"an endpoint that is no URL", "getting a token", oauth("http://[" + mark), nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, err := newMechanism(tt.sasl)
			if err != nil {
				t.Fatal(err)
			}
			state, _, err := m.Start(context.Background())
			for _, challenge := range tt.challenges {
				if err == nil {
					_, _, err = state.Next(context.Background(), []byte(challenge))
				}
			}
			if err == nil {
				t.Fatal("no error")
			}
			for _, format := range []string{"%v", "%+v", "%q"} {
				if text := fmt.Sprintf(format, err); strings.Contains(text, mark) {
					t.Errorf("%s prints %s", format, text)
				}
			}
			if !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%q does not say %q", err, tt.says)
			}
		})
	}
}
