package transport

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

// securityTokens plays AWS STS: it answers the query API, and remembers what it was asked.
type securityTokens struct {
	mu     sync.Mutex
	asked  []url.Values
	signed []string // who signed each request; empty: nobody
	refuse string   // the message of a refusal
}

const roleCredentials = `<%sResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><%[1]sResult><Credentials>
<AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>role-secret</SecretAccessKey><SessionToken>role-token</SessionToken><Expiration>%s</Expiration>
</Credentials></%[1]sResult></%[1]sResponse>`

func (s *securityTokens) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := r.ParseForm(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	_, by, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	by, _, _ = strings.Cut(by, "/")
	s.asked, s.signed = append(s.asked, r.PostForm), append(s.signed, by)
	if s.refuse != "" {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, `<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>%s</Message></Error></ErrorResponse>`, s.refuse)
		return
	}
	fmt.Fprintf(w, roleCredentials, r.PostForm.Get("Action"), time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
}

// amazon makes an environment with a profile beside the default one, and a security token service.
func amazon(t *testing.T) *securityTokens {
	t.Helper()
	for _, name := range os.Environ() { // of the machine that runs the test
		if key, _, _ := strings.Cut(name, "="); strings.HasPrefix(key, "AWS_") {
			t.Setenv(key, "")
		}
	}
	s := &securityTokens{}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	t.Setenv("AWS_ENDPOINT_URL_STS", server.URL)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONFIG_FILE", write(t, "config", "[profile platform]\nregion = us-east-1\n"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", write(t, "credentials", "[default]\naws_access_key_id = AKIADEFAULT\naws_secret_access_key = default-secret\n"+
		"[platform]\naws_access_key_id = AKIAPLATFORM\naws_secret_access_key = platform-secret\n"))
	return s
}

// Each cluster has its own credentials: the environment's, a profile's, or those of a role that one of them, or a web identity token, assumes.
func TestAWSCredentials(t *testing.T) {
	const role = "arn:aws:iam::123456789012:role/kafka"
	token := write(t, "token", "web-identity")
	for _, c := range []struct {
		name   string
		from   AWS
		signs  string     // the access key that signs for the broker
		asked  url.Values // of the security token service; nil: it is not asked
		signed string     // who asks it
	}{
		{"the environment", AWS{}, "AKIADEFAULT", nil, ""},
		{"a profile", AWS{Profile: "platform"}, "AKIAPLATFORM", nil, ""},
		{"a role", AWS{RoleARN: role}, "ASIAROLE", url.Values{"Action": {"AssumeRole"}, "RoleArn": {role}, "RoleSessionName": {"lagscaler"}}, "AKIADEFAULT"},
		{
			"a role of another account",
			AWS{Profile: "platform", RoleARN: role, ExternalID: "ext-1", SessionName: "lag-eu"},
			"ASIAROLE",
			url.Values{"Action": {"AssumeRole"}, "RoleArn": {role}, "RoleSessionName": {"lag-eu"}, "ExternalId": {"ext-1"}},
			"AKIAPLATFORM",
		},
		{
			"a web identity",
			AWS{RoleARN: role, WebIdentityTokenFile: token},
			"ASIAROLE",
			url.Values{"Action": {"AssumeRoleWithWebIdentity"}, "RoleArn": {role}, "RoleSessionName": {"lagscaler"}, "WebIdentityToken": {"web-identity"}},
			"",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := amazon(t)
			run := firstMessage(t, SASL{Mechanism: "AWS_MSK_IAM", Region: "eu-central-1", AWS: c.from})
			for range 2 { // the second connection has the same credentials
				first, err := run(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				var message map[string]string
				if err := json.Unmarshal([]byte(first), &message); err != nil {
					t.Fatal(err)
				}
				by, rest, _ := strings.Cut(message["x-amz-credential"], "/")
				if by != c.signs || !strings.Contains(rest, "/eu-central-1/kafka-cluster/") {
					t.Errorf("signed by %s/%s", by, rest)
				}
			}
			if c.asked == nil {
				if len(s.asked) != 0 {
					t.Errorf("asked %v", s.asked)
				}
				return
			}
			if len(s.asked) != 1 || s.signed[0] != c.signed {
				t.Fatalf("asked %v, signed by %q", s.asked, s.signed)
			}
			for field, want := range c.asked {
				if got := s.asked[0][field]; len(got) != 1 || got[0] != want[0] {
					t.Errorf("%s is %q, want %q", field, got, want)
				}
			}
		})
	}
}

// A refusal names the role and what was said, and no secret. The next connection asks again.
func TestAWSRefusal(t *testing.T) {
	const role = "arn:aws:iam::123456789012:role/kafka"
	token := write(t, "token", "web-identity")
	for name, from := range map[string]AWS{
		"by credentials": {RoleARN: role, ExternalID: "ext-1"}, "by a web identity": {RoleARN: role, WebIdentityTokenFile: token},
	} {
		t.Run(name, func(t *testing.T) {
			s := amazon(t)
			s.refuse = "the token web-identity is not allowed"
			run := firstMessage(t, SASL{Mechanism: "AWS_MSK_IAM", Region: "eu-central-1", AWS: from})
			_, err := run(t.Context())
			if err == nil || Code(err) != lag.AuthenticationError || !strings.Contains(err.Error(), role) || !strings.Contains(err.Error(), "AccessDenied") {
				t.Fatalf("%v", err)
			}
			if text := err.Error(); from.WebIdentityTokenFile != "" && strings.Contains(text, "web-identity") || strings.Contains(text, "default-secret") {
				t.Errorf("it has a secret: %s", text)
			}
			s.mu.Lock()
			s.refuse = ""
			s.mu.Unlock()
			if _, err := run(t.Context()); err != nil {
				t.Errorf("after the refusal: %v", err)
			}
		})
	}
}

// An assertion takes the place of a secret, and is read for every token; the audience and the extensions of KIP-342 are sent.
func TestClientAssertion(t *testing.T) {
	file := write(t, "assertion", "jwt-1")
	var asked []url.Values
	endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil || r.Header.Get("Authorization") != "" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		asked = append(asked, r.PostForm)
		w.Header().Set("Content-Type", "application/json")
		if r.PostForm.Get("client_assertion") == "jwt-wrong" {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, `{"error": "invalid_client", "error_description": "jwt-wrong has expired"}`)
			return
		}
		fmt.Fprintf(w, `{"access_token": "t-%s", "token_type": "bearer", "expires_in": 3600}`, r.PostForm.Get("client_assertion"))
	}))
	defer endpoint.Close()
	run := firstMessage(t, SASL{
		Mechanism: "OAUTHBEARER", Extensions: map[string]string{"logicalCluster": "lkc-1", "identityPoolId": "pool-2"},
		OAuth: &OAuth{TokenURL: endpoint.URL, ClientID: "lagscaler", ClientAssertionFile: file, Scopes: []string{"a", "b"}, Audience: "kafka"},
	})
	for _, assertion := range []string{"jwt-1", "jwt-2"} {
		if err := os.WriteFile(file, []byte(assertion+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		first, err := run(t.Context())
		if want := "n,,\x01auth=Bearer t-" + assertion + "\x01identityPoolId=pool-2\x01logicalCluster=lkc-1\x01\x01"; err != nil || first != want {
			t.Errorf("%q, %v", first, err)
		}
		got := asked[len(asked)-1]
		for field, want := range map[string]string{
			"grant_type": "client_credentials", "client_id": "lagscaler", "client_assertion": assertion, "client_assertion_type": assertionType,
			"scope": "a b", "audience": "kafka", "client_secret": "",
		} {
			if got.Get(field) != want {
				t.Errorf("%s is %q, want %q", field, got.Get(field), want)
			}
		}
	}
	if err := os.WriteFile(file, []byte("jwt-wrong"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := run(t.Context()); err == nil || !strings.Contains(err.Error(), "invalid_client") || strings.Contains(err.Error(), "jwt-wrong") {
		t.Errorf("a refused assertion: %v", err)
	}
}
