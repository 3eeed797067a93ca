package custommetrics

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/lagscaler/lagscaler/internal/testcert"
)

func client(t *testing.T, a *testcert.Authority, name string) *tls.Certificate {
	t.Helper()
	return a.Sign(t, x509.Certificate{Subject: pkix.Name{CommonName: name}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}).TLS
}

// serverFiles writes a certificate of a server.
func serverFiles(t *testing.T) (certificate, key string) {
	t.Helper()
	p, dir := testcert.NewAuthority(t).Sign(t, x509.Certificate{IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}), t.TempDir()
	certificate, key = filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	for name, text := range map[string][]byte{certificate: p.Cert, key: p.Key} {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certificate, key
}

func published(a *testcert.Authority) *corev1.ConfigMap {
	return &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: authenticationNamespace, Name: authenticationName},
		Data: map[string]string{
			"requestheader-client-ca-file": string(a.Cert), "requestheader-allowed-names": `["front-proxy-client"]`,
			"requestheader-username-headers": `["X-Remote-User"]`, "requestheader-group-headers": `["X-Remote-Group"]`,
			"requestheader-uid-headers": `["X-Remote-Uid"]`, "requestheader-extra-headers-prefix": `["X-Remote-Extra-"]`,
		},
	}
}

// fixture is a server whose API server publishes a front authority and allows the HPA alone.
type fixture struct {
	t       *testing.T
	url     string
	front   *testcert.Authority
	client  *fake.Clientset
	reviews int
}

func serveTo(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{t: t, front: testcert.NewAuthority(t)}
	f.client = fake.NewClientset(published(f.front))
	f.client.PrependReactor("create", "subjectaccessreviews", func(action clienttesting.Action) (bool, runtime.Object, error) {
		f.reviews++
		review := action.(clienttesting.CreateAction).GetObject().(*authorizationv1.SubjectAccessReview)
		of := review.Spec.ResourceAttributes
		if review.Spec.User == "nobody-knows" {
			return true, nil, errors.New("the API server is busy")
		}
		review.Status.Allowed = review.Spec.User == "hpa" && of.Namespace == "shop" && of.Verb == "get" && of.Group == Group && of.Resource == "kafkascalers.lagscaler.io"
		return true, review, nil
	})
	certificate, key := serverFiles(t)
	s, err := New(Options{
		Client: f.client, Certificate: certificate, Key: key, Log: slog.New(slog.DiscardHandler),
		Replicas: func(_ context.Context, namespace, name string) (int32, error) {
			if namespace != "shop" || name != "orders" {
				return 0, errors.New("not decided yet")
			}
			return 7, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(s)
	server.TLS = s.TLS()
	server.StartTLS()
	f.url = server.URL
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); s.Follow(ctx) }()
	t.Cleanup(func() { server.Close(); stop(); <-ended })
	return f
}

// get asks with a client certificate, for a user.
func (f *fixture) get(path string, certificate *tls.Certificate, user string) (code int, body string) {
	f.t.Helper()
	transport := &http.Transport{TLSClientConfig: &tls.Config{
		InsecureSkipVerify: true, //nolint:gosec // whom the API server trusts is not what is tested
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			if certificate == nil {
				return &tls.Certificate{}, nil
			}
			return certificate, nil
		},
	}}
	defer transport.CloseIdleConnections()
	r, err := http.NewRequestWithContext(f.t.Context(), http.MethodGet, f.url+path, nil)
	if err != nil {
		f.t.Fatal(err)
	}
	if user != "" {
		r.Header.Set("X-Remote-User", user)
		r.Header.Set("X-Remote-Group", "system:authenticated")
	}
	answer, err := transport.RoundTrip(r)
	if err != nil {
		f.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// known waits until the server knows how the API server identifies itself.
func (f *fixture) known(certificate *tls.Certificate) {
	f.t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if code, _ := f.get("/apis/"+Group, certificate, "hpa"); code == http.StatusOK {
			return
		}
	}
	f.t.Fatal("the API server is not known after 30 s")
}

const of = "/apis/custom.metrics.k8s.io/v1beta2/namespaces/shop/kafkascalers.lagscaler.io/"

// Only the API server is answered, only about what its user may read, and what is not known is an error.
func TestAnswers(t *testing.T) {
	f := serveTo(t)
	front, other := client(t, f.front, "front-proxy-client"), client(t, testcert.NewAuthority(t), "front-proxy-client")
	f.known(front)
	for _, c := range []struct {
		name, path  string
		certificate *tls.Certificate
		user        string
		code        int
		says        string
	}{
		{"the HPA", of + "orders/replicas", front, "hpa", 200, `"value":"7"`},
		{"no certificate", of + "orders/replicas", nil, "hpa", 401, "only the API server may ask"},
		{"a certificate of another authority", of + "orders/replicas", other, "hpa", 401, "only the API server may ask"},
		{"another name", of + "orders/replicas", client(t, f.front, "kubelet"), "hpa", 401, "only the API server may ask"},
		{"nobody", of + "orders/replicas", front, "", 401, "only the API server may ask"},
		{"another user", of + "orders/replicas", front, "anna", 403, `\"anna\" may not get it in namespace \"shop\"`},
		{"another namespace", strings.Replace(of, "shop", "bank", 1) + "orders/replicas", front, "hpa", 403, "may not get it"},
		{"it is not known whether the user may", of + "orders/replicas", front, "nobody-knows", 503, "the API server is busy"},
		{"nothing decided", of + "other/replicas", front, "hpa", 503, "not decided yet"},
		{"another metric", of + "orders/lag", front, "hpa", 404, "not found"},
		{"all of them", of + "*/replicas", front, "hpa", 400, "by its name"},
		{"by labels", of + "orders/replicas?labelSelector=a%3Db", front, "hpa", 400, "by its name"},
		{"another path", "/healthz", front, "hpa", 404, `\"/healthz\" not found`},
		{"the versions", "/apis/custom.metrics.k8s.io", front, "hpa", 200, `"preferredVersion":{"groupVersion":"custom.metrics.k8s.io/v1beta2"`},
		{"the metrics", "/apis/custom.metrics.k8s.io/v1beta2", front, "hpa", 200, `"name":"kafkascalers.lagscaler.io/replicas"`},
		{"the versions, for no certificate", "/apis/custom.metrics.k8s.io", nil, "hpa", 401, "only the API server may ask"},
	} {
		code, body := f.get(c.path, c.certificate, c.user)
		if code != c.code || !strings.Contains(body, c.says) || !json.Valid([]byte(body)) {
			t.Errorf("%s: %d, want %d with %q in\n%s", c.name, code, c.code, c.says, body)
		}
	}
}

// A permission is asked for once a minute, and a refusal each time.
func TestPermissionsAreRemembered(t *testing.T) {
	f := serveTo(t)
	front := client(t, f.front, "front-proxy-client")
	f.known(front)
	for _, c := range []struct {
		user string
		want int
	}{{"hpa", 1}, {"anna", 3}} {
		f.reviews = 0
		for range 3 {
			f.get(of+"orders/replicas", front, c.user)
		}
		if f.reviews != c.want {
			t.Errorf("%s: %d questions to the API server, want %d", c.user, f.reviews, c.want)
		}
	}
}

// When the API server changes its authority, the new one is known without a restart, and the old one is not any more.
func TestTheAuthorityChanges(t *testing.T) {
	f := serveTo(t)
	old := client(t, f.front, "front-proxy-client")
	f.known(old)
	next := testcert.NewAuthority(t)
	if _, err := f.client.CoreV1().ConfigMaps(authenticationNamespace).Update(t.Context(), published(next), metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	f.known(client(t, next, "front-proxy-client"))
	if code, _ := f.get(of+"orders/replicas", old, "hpa"); code != http.StatusUnauthorized {
		t.Errorf("the old authority: %d", code)
	}
}

// A certificate that cannot be read ends the start.
func TestNoCertificate(t *testing.T) {
	if _, err := New(Options{Client: fake.NewClientset(), Certificate: "gone.crt", Key: "gone.key"}); err == nil || !strings.Contains(err.Error(), "customMetrics: open gone.crt") {
		t.Error(err)
	}
}
