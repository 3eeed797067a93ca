package transport

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/segmentio/kafka-go/sasl"

	"github.com/lagscaler/lagscaler/lag"
)

func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// firstMessage returns a function that begins an authentication, as every new connection does.
func firstMessage(t *testing.T, s SASL) func(context.Context) (string, error) {
	t.Helper()
	m, err := newMechanism(s)
	if err != nil {
		t.Fatal(err)
	}
	return func(ctx context.Context) (string, error) {
		_, first, err := m.Start(sasl.WithMetadata(ctx, &sasl.Metadata{Host: "broker.example.com", Port: 9098}))
		return string(first), err
	}
}

func TestOAuthBearer(t *testing.T) {
	file := write(t, "token", "abc\n")
	got, err := firstMessage(t, SASL{Mechanism: "OAUTHBEARER", TokenFile: file})(t.Context())
	if err != nil || got != "n,,\x01auth=Bearer abc\x01\x01" {
		t.Errorf("token file: %q, %v", got, err)
	}
	secret := write(t, "secret", "s1")
	var asked []string
	endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, password, _ := r.BasicAuth()
		asked = append(asked, password)
		if password != "s1" && password != "s2" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"access_token": "t-" + password, "token_type": "bearer", "expires_in": 3600})
	}))
	defer endpoint.Close()
	run := firstMessage(t, SASL{Mechanism: "OAUTHBEARER", OAuth: &OAuth{
		TokenURL: endpoint.URL, ClientID: "lagscaler", ClientSecretFile: secret, Scopes: []string{"kafka"},
	}})
	for _, step := range []struct{ secret, want string }{{"s1", "t-s1"}, {"s1", "t-s1"}, {"s2", "t-s2"}, {"wrong", ""}} {
		if err := os.WriteFile(secret, []byte(step.secret), 0o600); err != nil {
			t.Fatal(err)
		}
		first, err := run(t.Context())
		if step.want == "" {
			if err == nil || Code(err) != lag.AuthenticationError {
				t.Errorf("a refused secret: %v", err)
			}
			continue
		}
		if err != nil || first != "n,,\x01auth=Bearer "+step.want+"\x01\x01" {
			t.Errorf("secret %s: %q, %v", step.secret, first, err)
		}
	}
	if len(asked) < 3 || !slices.Equal(asked[:3], []string{"s1", "s2", "wrong"}) {
		t.Errorf("the endpoint was asked with %v: a token is kept while it is good", asked)
	}
}

// A token endpoint that hangs, or whose answer does not end, costs each connection the time of its handshake, and one request.
func TestATokenEndpointThatHangs(t *testing.T) {
	for name, answer := range map[string]func(http.ResponseWriter, <-chan struct{}){
		"hangs": func(_ http.ResponseWriter, done <-chan struct{}) { <-done },
		"endless": func(w http.ResponseWriter, done <-chan struct{}) {
			for {
				select {
				case <-done:
					return
				case <-time.After(time.Millisecond):
					_, _ = w.Write(make([]byte, 1<<10))
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			var asked atomic.Int32
			done := make(chan struct{})
			endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { asked.Add(1); answer(w, done) }))
			defer endpoint.Close()
			defer close(done)
			run := firstMessage(t, SASL{Mechanism: "OAUTHBEARER", OAuth: &OAuth{TokenURL: endpoint.URL, ClientID: "c", ClientSecret: "s"}})
			began := time.Now()
			var all sync.WaitGroup
			for range 20 {
				all.Go(func() {
					ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
					defer cancel()
					if _, err := run(ctx); err == nil || Code(err) != lag.AuthenticationError || !strings.Contains(err.Error(), "token from "+endpoint.URL) {
						t.Errorf("%v", err)
					}
				})
			}
			if all.Wait(); time.Since(began) > 5*time.Second || asked.Load() != 1 {
				t.Errorf("after %v, %d requests", time.Since(began), asked.Load())
			}
		})
	}
}

// A server that asks for so many iterations that the client hashes for hours is refused at once.
func TestSCRAMIterations(t *testing.T) {
	m, err := newMechanism(SASL{Mechanism: "SCRAM-SHA-512", Username: "reader", Password: "p"})
	if err != nil {
		t.Fatal(err)
	}
	for iterations, want := range map[string]string{"16384": "", "250001": "250001 iterations", "2147483647": "2147483647 iterations", "9223372036854775807": "iterations"} {
		state, first, err := m.Start(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, nonce, _ := strings.Cut(string(first), "r=")
		_, _, err = state.Next(t.Context(), []byte("r="+nonce+"x,s=c2FsdA==,i="+iterations))
		if want == "" && err != nil || want != "" && (err == nil || Code(err) != lag.AuthenticationError || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s iterations: %v", iterations, err)
		}
	}
}

func TestMSKIAM(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_SESSION_TOKEN", "session")
	got, err := firstMessage(t, SASL{Mechanism: "AWS_MSK_IAM", Region: "eu-west-1"})(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var signed map[string]string
	if err := json.Unmarshal([]byte(got), &signed); err != nil {
		t.Fatal(err)
	}
	if signed["host"] != "broker.example.com" || signed["action"] != "kafka-cluster:Connect" || signed["version"] != "2020_10_22" ||
		signed["x-amz-security-token"] != "session" || len(signed["x-amz-signature"]) != 64 ||
		!strings.HasPrefix(signed["x-amz-credential"], "AKIDEXAMPLE/") || !strings.HasSuffix(signed["x-amz-credential"], "/eu-west-1/kafka-cluster/aws4_request") {
		t.Errorf("signed %v", signed)
	}
}

// No format prints a secret, neither alone nor in another value.
func TestSASLHidesItsSecrets(t *testing.T) {
	s := SASL{
		Mechanism: "PLAIN", Username: "reader", Password: "hunter2",
		OAuth: &OAuth{TokenURL: "https://login", ClientID: "reader", ClientSecret: "hunter2"},
	}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		if got := fmt.Sprintf(format, []any{s, &s, *s.OAuth, struct{ Auth SASL }{s}}); strings.Contains(got, "hunter2") {
			t.Errorf("%s prints %s", format, got)
		}
	}
}
