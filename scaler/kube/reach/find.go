package reach

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

const (
	selector = "app.kubernetes.io/name=lagscaler" // of the chart's Service
	portName = "http"                             // of the pages, in the Service and in the pods
)

// usual is the Service of docs/install.md. It is assumed where the user may not list Services.
var usual = types.NamespacedName{Namespace: "lagscaler", Name: "lagscaler"}

// Options say which daemon is to be found.
type Options struct {
	Flags     *Flags
	Service   string // NAMESPACE/NAME; empty: the one Service with the label of the chart
	UserAgent string
	Login     func() (user, password string, err error) // asked when the pages want a password
}

// Daemon is a daemon that was reached.
type Daemon struct {
	Address string       // of its pages, without a password; /api/v1/… follows
	HTTP    *http.Client // the way there
	Way     string       // the same in words
}

// ServiceError means that a Service must be named, or named in another way.
type ServiceError struct{ problem string }

// Error says what is wrong with the name.
func (e *ServiceError) Error() string { return e.problem }

// caller is a user of the API server.
type caller struct {
	config *rest.Config
	typed  kubernetes.Interface
	http   *http.Client
}

// Find finds the Service of a daemon, and the first way that reaches it. A port-forward ends with the context.
func Find(ctx context.Context, o Options) (*Daemon, error) {
	c, err := newCaller(o)
	if err != nil {
		return nil, err
	}
	at, assumed, err := c.service(ctx, o.Service)
	if err != nil {
		return nil, err
	}
	d, scheme, err := c.proxied(ctx, at)
	if errors.Is(err, errPassword) {
		return c.forwarded(ctx, at, scheme, o.Login)
	}
	if err != nil && assumed {
		return nil, fmt.Errorf("%w (you may not list Services, so %s is assumed: --service names another one)", err, at)
	}
	return d, err
}

func newCaller(o Options) (*caller, error) {
	config, err := o.Flags.load()
	if err != nil {
		return nil, err
	}
	config.UserAgent = o.UserAgent
	c := &caller{config: config}
	if c.typed, err = kubernetes.NewForConfig(config); err != nil {
		return nil, fmt.Errorf("making a Kubernetes client: %w", err)
	}
	if c.http, err = rest.HTTPClientFor(config); err != nil {
		return nil, fmt.Errorf("making a client of the API server: %w", err)
	}
	c.http.CheckRedirect = stay
	return c, nil
}

// stay follows no redirect: the client adds the user's token, or the password, to each request, and whoever answers could send it to a
// host of its own.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// service is the Service that a flag names, or the one with the label of the chart. It is assumed if the user may not look.
func (c *caller) service(ctx context.Context, named string) (at types.NamespacedName, assumed bool, err error) {
	if named != "" {
		namespace, name, ok := strings.Cut(named, "/")
		if !ok || namespace == "" || name == "" || strings.Contains(name, "/") {
			return at, false, &ServiceError{fmt.Sprintf("%q: must be NAMESPACE/NAME of the Service of lagscaler", named)}
		}
		return types.NamespacedName{Namespace: namespace, Name: name}, false, nil
	}
	list, err := c.typed.CoreV1().Services(metav1.NamespaceAll).List(ctx, metav1.ListOptions{LabelSelector: selector})
	if apierrors.IsForbidden(err) {
		return usual, true, nil
	}
	if err != nil {
		return at, false, fmt.Errorf("looking for the Service of lagscaler: %w", err)
	}
	var found []string
	for _, s := range list.Items {
		if hasPages(s) {
			at = types.NamespacedName{Namespace: s.Namespace, Name: s.Name}
			found = append(found, at.String())
		}
	}
	switch len(found) {
	case 1:
		return at, false, nil
	case 0:
		return at, false, &ServiceError{fmt.Sprintf("no Service has the label %s and a port %s: name the one of lagscaler as NAMESPACE/NAME", selector, portName)}
	}
	slices.Sort(found)
	return at, false, &ServiceError{"there are several installations of lagscaler, name one: " + strings.Join(found, ", ")}
}

func hasPages(s corev1.Service) bool {
	return slices.ContainsFunc(s.Spec.Ports, func(p corev1.ServicePort) bool { return p.Name == portName })
}
