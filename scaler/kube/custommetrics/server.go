package custommetrics

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes"
	metrics "k8s.io/metrics/pkg/apis/custom_metrics/v1beta2"

	"github.com/lagscaler/lagscaler/scaler/kube/v1alpha1"
)

// Metric is the one metric: how many replicas there should be.
const Metric = "replicas"

// What is registered with the API server.
const (
	Group   = "custom.metrics.k8s.io"
	Version = "v1beta2"
)

// kafkaScalers are the objects that the metric describes.
var kafkaScalers = v1alpha1.Resource.GroupResource().String()

// Options are fixed for a Server's life.
type Options struct {
	// Replicas is the number for a KafkaScaler. An error says why there is none.
	Replicas func(ctx context.Context, namespace, name string) (int32, error)

	Client           kubernetes.Interface
	Certificate, Key string // files, PEM; they are read again for every connection
	Log              *slog.Logger
}

// Server answers the API server.
type Server struct {
	opts      Options
	apiServer *apiServer
	handler   http.Handler
}

// answerFor is how long one answer may take; the API server waits longer.
const answerFor = 8 * time.Second

// New makes a server. The error names a certificate that cannot be read.
func New(o Options) (*Server, error) {
	if _, err := tls.LoadX509KeyPair(o.Certificate, o.Key); err != nil {
		return nil, fmt.Errorf("customMetrics: %w", err)
	}
	a, err := newAPIServer(o.Client)
	if err != nil {
		return nil, err
	}
	s := &Server{opts: o, apiServer: a}
	s.handler = s.routes()
	return s, nil
}

// Follow follows how the API server identifies itself, until ctx ends. Before, nobody is answered.
func (s *Server) Follow(ctx context.Context) { s.apiServer.follow(ctx) }

// TLS is the configuration of the port. Clients are asked for a certificate, which is verified for each question.
func (s *Server) TLS() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		ClientAuth: tls.RequestClientCert,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			pair, err := tls.LoadX509KeyPair(s.opts.Certificate, s.opts.Key)
			return &pair, err
		},
	}
}

// ServeHTTP answers one question.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

func (s *Server) routes() http.Handler {
	const root = "/apis/" + Group
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+root, s.asked(func(*http.Request) (any, error) { return versions(), nil }))
	mux.HandleFunc("GET "+root+"/"+Version, s.asked(func(*http.Request) (any, error) { return resources(), nil }))
	mux.HandleFunc("GET "+root+"/"+Version+"/namespaces/{namespace}/"+kafkaScalers+"/{name}/{metric}", s.asked(s.value))
	mux.HandleFunc("/", s.asked(func(r *http.Request) (any, error) {
		return nil, apierrors.NewNotFound(schema.GroupResource{Group: Group}, r.URL.Path)
	}))
	return mux
}

// asked answers the API server, and nobody else.
func (s *Server) asked(answer func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), answerFor)
		defer cancel()
		u := s.apiServer.who(r)
		if u == nil {
			write(w, nil, apierrors.NewUnauthorized("only the API server may ask, with the certificate that it shows to extensions"))
			return
		}
		body, err := answer(r.WithContext(withUser(ctx, u)))
		write(w, body, err)
	}
}

// value is the metric of one KafkaScaler.
func (s *Server) value(r *http.Request) (any, error) {
	namespace, name, metric := r.PathValue("namespace"), r.PathValue("name"), r.PathValue("metric")
	of := schema.GroupResource{Group: Group, Resource: kafkaScalers + "/" + metric}
	may, err := s.apiServer.may(r.Context(), userOf(r.Context()), namespace, name, metric)
	switch {
	case err != nil:
		s.opts.Log.Warn("asking the API server for a permission failed", "err", err)
		return nil, apierrors.NewServiceUnavailable("the API server does not say whether the user may read the metric: " + err.Error())
	case !may:
		return nil, apierrors.NewForbidden(of, name, fmt.Errorf("user %q may not get it in namespace %q", userOf(r.Context()).GetName(), namespace))
	case metric != Metric:
		return nil, apierrors.NewNotFound(of, name)
	case name == metrics.AllObjects || r.URL.Query().Has("labelSelector"):
		return nil, apierrors.NewBadRequest("one KafkaScaler is asked for, by its name")
	}
	n, err := s.opts.Replicas(r.Context(), namespace, name)
	if err != nil {
		return nil, apierrors.NewServiceUnavailable(err.Error())
	}
	return &metrics.MetricValueList{
		TypeMeta: metav1.TypeMeta{Kind: "MetricValueList", APIVersion: Group + "/" + Version},
		Items: []metrics.MetricValue{{
			DescribedObject: corev1.ObjectReference{Kind: v1alpha1.Kind, APIVersion: v1alpha1.GroupVersion.String(), Namespace: namespace, Name: name},
			Metric:          metrics.MetricIdentifier{Name: Metric},
			Timestamp:       metav1.Now(),
			Value:           *resource.NewQuantity(int64(n), resource.DecimalSI),
		}},
	}, nil
}

func versions() *metav1.APIGroup {
	only := metav1.GroupVersionForDiscovery{GroupVersion: Group + "/" + Version, Version: Version}
	return &metav1.APIGroup{
		TypeMeta: metav1.TypeMeta{Kind: "APIGroup", APIVersion: "v1"},
		Name:     Group, Versions: []metav1.GroupVersionForDiscovery{only}, PreferredVersion: only,
	}
}

func resources() *metav1.APIResourceList {
	return &metav1.APIResourceList{
		TypeMeta:     metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"},
		GroupVersion: Group + "/" + Version,
		APIResources: []metav1.APIResource{{Name: kafkaScalers + "/" + Metric, Namespaced: true, Kind: "MetricValueList", Verbs: metav1.Verbs{"get"}}},
	}
}

// write sends an answer, or an error as the API server sends them.
func write(w http.ResponseWriter, body any, err error) {
	code := http.StatusOK
	if err != nil {
		status := apierrors.NewInternalError(err).Status()
		if known, ok := err.(apierrors.APIStatus); ok {
			status = known.Status()
		}
		status.TypeMeta = metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}
		body, code = &status, int(status.Code)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body) // the reader has gone
}
