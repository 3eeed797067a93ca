package reach

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes/fake"
	kubetesting "k8s.io/client-go/testing"
)

// What the API server answers is told from what the pages answer, with the same status.
func TestWhoAnswered(t *testing.T) {
	const refusal = `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403,"message":"services \"lagscaler:http\" is forbidden"}`
	for _, c := range []struct {
		name      string
		status    int
		kind      string // of the content
		challenge string
		body      string
		want      error  // exactly
		says      string // part of another error
	}{
		{name: "healthy", status: 200, kind: "text/plain", body: "ok"},
		{name: "the pages are not healthy", status: 503, kind: "text/plain", body: "no poll since 5m"},
		{name: "the pages do not know the path", status: 404, kind: "text/plain", body: "404 page not found"},
		{name: "JSON of the pages", status: 503, kind: "application/json", body: `{"error":"the first poll has not ended"}`},
		{name: "the API server refuses", status: 403, kind: "application/json", body: refusal, says: "is forbidden"},
		{name: "the API server does not know the caller", status: 401, kind: "application/json", body: strings.NewReplacer("Forbidden", "Unauthorized", "403", "401", "is forbidden", "Unauthorized").Replace(refusal), says: "Unauthorized"},
		{name: "the pages want a password", status: 401, kind: "text/plain; charset=utf-8", challenge: "Basic", body: "Unauthorized", want: errPassword},
		{name: "the pages want TLS", status: 400, kind: "", body: "Client sent an HTTP request to an HTTPS server.\n", want: errTLS},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/proxy/healthz" {
					t.Errorf("asked for %s", r.URL.Path)
				}
				if c.challenge != "" {
					w.Header().Set("WWW-Authenticate", c.challenge)
				}
				w.Header().Set("Content-Type", c.kind)
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body)) // the client reads it
			}))
			defer s.Close()
			base, err := url.Parse(s.URL + "/proxy/")
			if err != nil {
				t.Fatal(err)
			}
			err = ask(t.Context(), s.Client(), base)
			switch {
			case c.says != "":
				var status *apierrors.StatusError
				if !errors.As(err, &status) || !strings.Contains(err.Error(), c.says) {
					t.Errorf("%v, want an error of the API server with %q", err, c.says)
				}
			case !errors.Is(err, c.want):
				t.Errorf("%v, want %v", err, c.want)
			}
		})
	}
}

// Whoever answers in the place of the pages gets no token, and no password, for a host of its own.
func TestNoRedirectIsFollowed(t *testing.T) {
	var sent []string
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		sent = append(sent, r.Header.Get("Authorization"))
	}))
	defer elsewhere.Close()
	api := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL, http.StatusFound)
	}))
	defer api.Close()
	file := filepath.Join(t.TempDir(), "kubeconfig")
	text := fmt.Sprintf(`{apiVersion: v1, kind: Config, current-context: c, contexts: [{name: c, context: {cluster: c, user: u}}],
clusters: [{name: c, cluster: {server: %q, insecure-skip-tls-verify: true}}], users: [{name: u, user: {token: secret}}]}`, api.URL)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := Find(t.Context(), Options{Flags: &Flags{kubeconfig: file}, Service: "lagscaler/lagscaler"})
	if err != nil {
		t.Fatal(err)
	}
	resp, err := d.HTTP.Get(d.Address + "/api/v1/lag")
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusFound || len(sent) > 0 {
		t.Errorf("%s, and elsewhere got %q", resp.Status, sent)
	}
}

func service(namespace, name, label, port string) *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: map[string]string{"app.kubernetes.io/name": label}},
		Spec:       corev1.ServiceSpec{Ports: []corev1.ServicePort{{Name: port}}},
	}
}

// Which Service is asked.
func TestService(t *testing.T) {
	one := service("streams", "one", "lagscaler", "http")
	for _, c := range []struct {
		name     string
		objects  []runtime.Object
		named    string
		refused  bool // the user may not list Services
		want     string
		assumed  bool
		mistaken string // part of the error
	}{
		{name: "the only one", objects: []runtime.Object{one, service("a", "other", "kafka-ui", "http"), service("a", "metrics", "lagscaler", "metrics")}, want: "streams/one"},
		{name: "named", objects: []runtime.Object{one}, named: "a/b", want: "a/b"},
		{name: "named without a namespace", named: "b", mistaken: `"b": must be NAMESPACE/NAME`},
		{name: "named with too much", named: "a/b/c", mistaken: "must be NAMESPACE/NAME"},
		{name: "two", objects: []runtime.Object{one, service("a", "b", "lagscaler", "http")}, mistaken: "name one: a/b, streams/one"},
		{name: "none", mistaken: "no Service has the label"},
		{name: "not allowed to look", objects: []runtime.Object{one}, refused: true, want: "lagscaler/lagscaler", assumed: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			client := fake.NewClientset(c.objects...)
			client.PrependReactor("list", "services", func(kubetesting.Action) (bool, runtime.Object, error) {
				return c.refused, nil, apierrors.NewForbidden(corev1.Resource("services"), "", errors.New("no"))
			})
			at, assumed, err := (&caller{typed: client}).service(t.Context(), c.named)
			var mistake *ServiceError
			if c.mistaken != "" {
				if !errors.As(err, &mistake) || !strings.Contains(err.Error(), c.mistaken) {
					t.Errorf("%v, want %q", err, c.mistaken)
				}
				return
			}
			if err != nil || at.String() != c.want || assumed != c.assumed {
				t.Errorf("%s, assumed %v, %v; want %s, %v", at, assumed, err, c.want, c.assumed)
			}
		})
	}
}

// The port of the pages in a pod: a number, or the name of a port of any container.
func TestContainerPort(t *testing.T) {
	pod := corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{
		{Ports: []corev1.ContainerPort{{Name: "health", ContainerPort: 9091}}}, {Ports: []corev1.ContainerPort{{Name: "web", ContainerPort: 8080}}},
	}}}
	for _, c := range []struct {
		target intstr.IntOrString
		want   int32
	}{{intstr.FromInt32(9090), 9090}, {intstr.FromString("web"), 8080}, {intstr.FromString("absent"), 0}} {
		s := corev1.Service{Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Name: "other", TargetPort: intstr.FromInt32(1)}, {Name: portName, TargetPort: c.target}}}}
		if got := containerPort(s, pod); got != c.want {
			t.Errorf("%s: %d, want %d", c.target.String(), got, c.want)
		}
	}
}

// Whatever is answered means one of four things, and nothing of it is a panic. Only an object of the kind Status is the API server's word.
func FuzzVerdict(f *testing.F) {
	f.Add(200, "text/plain", "", []byte("ok"))
	f.Add(401, "text/plain", "Basic", []byte("Unauthorized"))
	f.Add(400, "", "", []byte("Client sent an HTTP request to an HTTPS server."))
	f.Add(403, "application/json", "", []byte(`{"kind":"Status","status":"Failure","code":403,"details":{"causes":[{}]}}`))
	f.Fuzz(func(t *testing.T, code int, kind, challenge string, body []byte) {
		resp := &http.Response{StatusCode: code, Header: http.Header{"Content-Type": {kind}, "Www-Authenticate": {challenge}}}
		err := verdict(resp, body)
		var status *apierrors.StatusError
		switch {
		case err == nil, errors.Is(err, errTLS) && code == http.StatusBadRequest, errors.Is(err, errPassword) && challenge != "":
		case errors.As(err, &status):
			_ = err.Error() // it may be printed
		default:
			t.Errorf("%d %q %q: %v", code, kind, body, err)
		}
	})
}
