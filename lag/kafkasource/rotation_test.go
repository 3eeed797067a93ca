package kafkasource_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource"
	"github.com/lagscaler/lagscaler/lag/lagtest"
)

// provider plays an identity provider and the brokers that trust it: it knows which secrets are good now.
type provider struct {
	mu     sync.Mutex
	good   map[string]bool // secrets
	seen   map[string]int  // of the good ones: how often brokers saw each, or what was given for it
	broken map[string]int  // others
}

func (p *provider) accept(secrets ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.good = map[string]bool{}
	for _, s := range secrets {
		p.good[s] = true
	}
}

// check notes a secret and reports whether it is good.
func (p *provider) check(secret string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.good[secret] {
		p.seen[secret]++
		return true
	}
	p.broken[secret]++
	return false
}

// brokers are an embedded cluster whose SASL is the provider's: of is the secret in the first message of a client.
func (p *provider) brokers(t *testing.T, of func(message string) string) *kfake.Cluster {
	t.Helper()
	c := embedded(t)
	c.ControlKey(int16(kmsg.SASLHandshake), func(req kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		return req.ResponseKind(), nil, true
	})
	c.ControlKey(int16(kmsg.SASLAuthenticate), func(req kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		response := req.ResponseKind().(*kmsg.SASLAuthenticateResponse)
		if !p.check(of(string(req.(*kmsg.SASLAuthenticateRequest).SASLAuthBytes))) {
			response.ErrorCode = kerr.SaslAuthenticationFailed.Code
		}
		return response, nil, true
	})
	return c
}

// endpoint plays a token endpoint of OAuth 2.0: a token is t- and the secret that asked for it, which is in a field of the form.
func (p *provider) endpoint(t *testing.T, field string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		secret := r.FormValue(field)
		if _, password, ok := r.BasicAuth(); ok && field == "client_secret" {
			secret = password
		}
		w.Header().Set("Content-Type", "application/json")
		if !p.check(secret) {
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = fmt.Fprintf(w, `{"error": "invalid_client", "error_description": "%s is not known"}`, secret)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"access_token": "t-" + secret, "token_type": "bearer", "expires_in": 3600})
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// sts plays AWS STS: the access key is AK and the web identity that asked for it, and is good for a second.
func (p *provider) sts(t *testing.T) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		identity := r.FormValue("WebIdentityToken")
		if !p.check(identity) {
			w.WriteHeader(http.StatusForbidden)
			_, _ = fmt.Fprintf(w, `<ErrorResponse><Error><Code>InvalidIdentityToken</Code><Message>%s is not known</Message></Error></ErrorResponse>`, identity)
			return
		}
		_, _ = fmt.Fprintf(w, `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult><Credentials>
<AccessKeyId>AK%s</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>%s</Expiration>
</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`, identity, time.Now().Add(time.Second).UTC().Format("2006-01-02T15:04:05.000Z"))
	}))
	t.Cleanup(server.Close)
	t.Setenv("AWS_ENDPOINT_URL_STS", server.URL)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
}

// bearer is what a message of OAUTHBEARER has after these letters of its token.
func bearer(after string) func(string) string {
	return func(message string) string {
		_, token, _ := strings.Cut(message, "Bearer "+after)
		token, _, _ = strings.Cut(token, "\x01")
		return token
	}
}

// connections can be closed all at once, as brokers do when sessions end.
type connections struct {
	mu  sync.Mutex
	all []net.Conn
}

func (c *connections) dial(ctx context.Context, network, address string) (net.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, network, address)
	if err == nil {
		c.mu.Lock()
		c.all = append(c.all, conn)
		c.mu.Unlock()
	}
	return conn, err
}

func (c *connections) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range c.all {
		_ = conn.Close()
	}
	c.all = nil
}

// No poll is lost while the secret of a cluster is rotated again and again, and every connection is a new one: as an identity provider does it,
// the old secret is good until a moment after the file has the new one. What was refused is an error without the secret.
func TestRotationLosesNoPoll(t *testing.T) {
	const role = "arn:aws:iam::123456789012:role/kafka"
	for name, c := range map[string]struct {
		sasl func(t *testing.T, p *provider, file string) kafkasource.SASL
		of   func(message string) string
	}{
		"PLAIN": {
			func(_ *testing.T, _ *provider, file string) kafkasource.SASL {
				return kafkasource.SASL{Mechanism: "PLAIN", Username: "reader", PasswordFile: file}
			},
			func(message string) string { return message[strings.LastIndex(message, "\x00")+1:] },
		},
		"a token in a file": {
			func(_ *testing.T, _ *provider, file string) kafkasource.SASL {
				return kafkasource.SASL{Mechanism: "OAUTHBEARER", TokenFile: file}
			},
			bearer(""),
		},
		"a client secret": {
			func(t *testing.T, p *provider, file string) kafkasource.SASL {
				return kafkasource.SASL{Mechanism: "OAUTHBEARER", OAuth: &kafkasource.OAuth{TokenURL: p.endpoint(t, "client_secret"), ClientID: "c", ClientSecretFile: file}}
			},
			bearer("t-"),
		},
		"a client assertion": {
			func(t *testing.T, p *provider, file string) kafkasource.SASL {
				return kafkasource.SASL{Mechanism: "OAUTHBEARER", OAuth: &kafkasource.OAuth{TokenURL: p.endpoint(t, "client_assertion"), ClientID: "c", ClientAssertionFile: file}}
			},
			bearer("t-"),
		},
		"a web identity of AWS": {
			func(t *testing.T, p *provider, file string) kafkasource.SASL {
				p.sts(t)
				return kafkasource.SASL{Mechanism: "AWS_MSK_IAM", Region: "eu-central-1", AWS: kafkasource.AWS{RoleARN: role, WebIdentityTokenFile: file}}
			},
			func(message string) string {
				var signed map[string]string
				_ = json.Unmarshal([]byte(message), &signed) // a message that is none has no secret
				key, _, _ := strings.Cut(signed["x-amz-credential"], "/")
				return strings.TrimPrefix(key, "AK")
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(name, "AWS") { // whose SDK is told by the environment where to go
				t.Parallel() // most of it is waiting
			}
			rotate(t, c.sasl, c.of)
		})
	}
}

func rotate(t *testing.T, sasl func(t *testing.T, p *provider, file string) kafkasource.SASL, of func(string) string) {
	p := &provider{seen: map[string]int{}, broken: map[string]int{}}
	file := filepath.Join(t.TempDir(), "secret")
	put := func(secret string) {
		if err := os.WriteFile(file+".new", []byte(secret+"\n"), 0o600); err != nil {
			t.Error(err)
		}
		if err := os.Rename(file+".new", file); err != nil {
			t.Error(err)
		}
	}
	p.accept("hunter2-0")
	put("hunter2-0")
	c := p.brokers(t, of)
	lagtest.Kafka(t, nil, c.ListenAddrs()).Create("orders", 2)
	var open connections
	s := source(t, kafkasource.Config{Brokers: c.ListenAddrs(), SASL: new(sasl(t, p, file)), Dial: open.dial})
	for end := time.Now().Add(30 * time.Second); !lag.Complete(s.Observe(t.Context()).Errors); { // the first one looks for credentials, too
		if time.Now().After(end) {
			t.Fatal("it cannot be read at all")
		}
	}
	const rotations = 3
	grace := 300 * time.Millisecond
	if strings.Contains(t.Name(), "AWS") {
		grace = 1200 * time.Millisecond // longer than its credentials are good for
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for i := range rotations {
			old, next := fmt.Sprintf("hunter2-%d", i), fmt.Sprintf("hunter2-%d", i+1)
			p.accept(old, next)
			put(next)
			time.Sleep(grace)
			p.accept(next)
			time.Sleep(grace / 4)
		}
	}()
	polls := 0
	for done := false; !done; polls++ {
		select {
		case <-ended:
			done = true
		default:
		}
		if o := s.Observe(t.Context()); !lag.Complete(o.Errors) {
			t.Fatalf("poll %d: %v", polls, o.Errors)
		}
		open.close()
	}
	p.mu.Lock()
	for i := range rotations + 1 {
		if p.seen[fmt.Sprintf("hunter2-%d", i)] == 0 {
			t.Errorf("secret %d was never used: %v, in %d polls", i, p.seen, polls)
		}
	}
	if len(p.broken) > 0 {
		t.Errorf("refused %v", p.broken)
	}
	p.mu.Unlock()
	t.Logf("%d polls, %d rotations", polls, rotations)
	p.accept()
	put("hunter2-wrong")
	time.Sleep(grace)
	o := s.Observe(t.Context())
	if text := fmt.Sprint(o.Errors); len(o.Errors) == 0 || o.Errors[0].Code != lag.AuthenticationError || strings.Contains(text, "hunter2") {
		t.Errorf("a refused secret: %s", text)
	}
}
