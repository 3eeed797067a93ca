package chaos

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/lagscaler/lagscaler/e2e/servers/kube"
	"github.com/lagscaler/lagscaler/internal/testcert"
)

// apiProxy is what the daemons reach instead of the apiserver.
type apiProxy struct {
	server *httptest.Server
	caFile string

	mu     sync.Mutex
	answer func(*http.Request) int // the status that the proxy itself answers with; 0: the apiserver answers
	held   chan struct{}           // writes of a scale wait until it is closed; nil: they do not
	came   chan struct{}           // gets a value when such a write waits
	writes []apiWrite
}

// apiWrite is a write of the Lease or of a scale that the apiserver took.
type apiWrite struct {
	By           string // the replica
	Lease        bool   // else: a scale
	Began, Ended time.Time
}

// url is where a replica reaches the apiserver: its name is in the path, so that its writes can be told from others'.
func (p *apiProxy) url(replica string) string { return p.server.URL + "/" + replica }

// wrote are the writes so far.
func (p *apiProxy) wrote() []apiWrite {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.writes)
}

func newAPIProxy(t *testing.T, c *kube.ControlPlane) *apiProxy {
	t.Helper()
	ca, err := os.ReadFile(c.CAFile())
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	to, err := url.Parse(c.URL())
	if err != nil {
		t.Fatal(err)
	}
	p := &apiProxy{caFile: filepath.Join(t.TempDir(), "ca.crt"), came: make(chan struct{}, 1)}
	pass := httputil.NewSingleHostReverseProxy(to)
	pass.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, MaxIdleConnsPerHost: 50}
	pass.FlushInterval = -1                    // watches
	pass.ErrorLog = log.New(io.Discard, "", 0) // a watch of an apiserver that is gone
	// An apiserver that is gone closes connections; it does not answer 502.
	pass.ErrorHandler = func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) }
	issuer := testcert.NewAuthority(t)
	p.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { p.serve(w, r, pass) }))
	p.server.TLS = &tls.Config{Certificates: []tls.Certificate{*serverOf(t, issuer).TLS}, MinVersion: tls.VersionTLS12}
	p.server.StartTLS()
	replaceFile(t, p.caFile, issuer.Cert)
	t.Cleanup(func() {
		p.server.CloseClientConnections()
		p.server.Close()
	})
	return p
}

// set changes what the proxy answers itself; nil: nothing.
func (p *apiProxy) set(answer func(*http.Request) int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = answer
}

// hold lets writes of a scale wait until release is called.
func (p *apiProxy) hold() (came <-chan struct{}, release func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	held := make(chan struct{})
	p.held, p.came = held, make(chan struct{}, 1)
	return p.came, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.held = nil
		close(held)
	}
}

func (p *apiProxy) serve(w http.ResponseWriter, r *http.Request, pass http.Handler) {
	by, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	r.URL.Path, r.URL.RawPath = "/"+path, ""
	p.mu.Lock()
	answer, held, came := p.answer, p.held, p.came
	p.mu.Unlock()
	if held != nil && writes(r) && strings.HasSuffix(r.URL.Path, "/scale") {
		select {
		case came <- struct{}{}:
		default:
		}
		select {
		case <-held:
		case <-r.Context().Done():
			return
		}
	}
	if answer != nil {
		if code := answer(r); code != 0 {
			refuse(w, code)
			return
		}
	}
	if !writes(r) {
		pass.ServeHTTP(w, r)
		return
	}
	_, resource, _ := strings.Cut(r.URL.Path, "/namespaces/")
	one := apiWrite{By: by, Lease: strings.Contains(resource, "/leases"), Began: time.Now()}
	status := &statusWriter{ResponseWriter: w, code: http.StatusOK}
	pass.ServeHTTP(status, r)
	if one.Ended = time.Now(); status.code < 300 && (one.Lease || strings.HasSuffix(resource, "/scale")) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.writes = append(p.writes, one)
	}
}

// statusWriter notes the status of an answer.
type statusWriter struct {
	http.ResponseWriter
	code int
}

func (w *statusWriter) WriteHeader(code int) {
	w.code = code
	w.ResponseWriter.WriteHeader(code)
}

func writes(r *http.Request) bool { return r.Method != http.MethodGet && r.Method != http.MethodHead }

// refuse answers as the apiserver does.
func refuse(w http.ResponseWriter, code int) {
	reasons := map[int]metav1.StatusReason{http.StatusTooManyRequests: metav1.StatusReasonTooManyRequests, http.StatusConflict: metav1.StatusReasonConflict}
	status := metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusFailure,
		Code: int32(code), Reason: reasons[code], Message: http.StatusText(code),
	}
	w.Header().Set("Content-Type", "application/json")
	if code == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "1")
	}
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(status) // a client that has gone needs no answer
}
