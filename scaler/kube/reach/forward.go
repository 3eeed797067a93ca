package reach

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
	"k8s.io/streaming/pkg/httpstream"
)

// forwarded is the way through a port-forward to a pod of the Service, with a user and a password.
func (c *caller) forwarded(ctx context.Context, at types.NamespacedName, scheme string, login func() (string, string, error)) (*Daemon, error) {
	pod, port, err := c.pod(ctx, at)
	if err != nil {
		return nil, fmt.Errorf("looking for a pod of Service %s: %w", at, err)
	}
	user, password, err := login()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errPassword, err)
	}
	local, err := c.forward(ctx, pod, port)
	if err != nil {
		return nil, fmt.Errorf("forwarding a port to pod %s/%s: %w", pod.Namespace, pod.Name, err)
	}
	address := url.URL{Scheme: "http", Host: fmt.Sprintf("127.0.0.1:%d", local)}
	if scheme != "" {
		address.Scheme = scheme
	}
	client := &http.Client{CheckRedirect: stay, Transport: withLogin{user, password, &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}, // the forward ends in the pod: see the package comment
	}}}
	if err := ask(ctx, client, &address); errors.Is(err, errPassword) {
		return nil, fmt.Errorf("the pages refuse user %q with this password", user)
	} else if err != nil {
		return nil, fmt.Errorf("asking pod %s/%s through a port-forward: %w", pod.Namespace, pod.Name, err)
	}
	return &Daemon{Address: address.String(), HTTP: client, Way: fmt.Sprintf("through a port-forward to pod %s/%s, as %s", pod.Namespace, pod.Name, user)}, nil
}

// withLogin adds a user and a password to each request.
type withLogin struct {
	user, password string
	next           http.RoundTripper
}

// RoundTrip sends a copy of the request, as the interface demands.
func (l withLogin) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.SetBasicAuth(l.user, l.password)
	return l.next.RoundTrip(req)
}

// pod is a ready pod of the Service, and the number of its port with the pages.
func (c *caller) pod(ctx context.Context, at types.NamespacedName) (pod corev1.Pod, port int32, err error) {
	service, err := c.typed.CoreV1().Services(at.Namespace).Get(ctx, at.Name, metav1.GetOptions{})
	if err != nil {
		return pod, 0, err
	}
	pods, err := c.typed.CoreV1().Pods(at.Namespace).List(ctx, metav1.ListOptions{LabelSelector: labels.SelectorFromSet(service.Spec.Selector).String()})
	if err != nil {
		return pod, 0, err
	}
	i := slices.IndexFunc(pods.Items, ready)
	if i < 0 || len(service.Spec.Selector) == 0 {
		return pod, 0, fmt.Errorf("none of %d pods is ready", len(pods.Items))
	}
	port = containerPort(*service, pods.Items[i])
	if port == 0 {
		return pod, 0, fmt.Errorf("pod %s has no port %s", pods.Items[i].Name, portName)
	}
	return pods.Items[i], port, nil
}

func ready(pod corev1.Pod) bool {
	return pod.DeletionTimestamp == nil && slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

// containerPort is the port of the pages in a pod; 0 if there is none.
func containerPort(service corev1.Service, pod corev1.Pod) int32 {
	var target intstr.IntOrString
	for _, p := range service.Spec.Ports {
		if p.Name == portName {
			target = p.TargetPort
		}
	}
	if target.Type == intstr.Int {
		return target.IntVal
	}
	for _, c := range pod.Spec.Containers {
		for _, p := range c.Ports {
			if p.Name == target.StrVal {
				return p.ContainerPort
			}
		}
	}
	return 0
}

// forward lets a free port of this machine lead to a port of a pod, until the context ends.
func (c *caller) forward(ctx context.Context, pod corev1.Pod, port int32) (local uint16, err error) {
	to := c.typed.CoreV1().RESTClient().Post().Namespace(pod.Namespace).Resource("pods").Name(pod.Name).SubResource("portforward").URL()
	dialer, err := c.dialer(to)
	if err != nil {
		return 0, err
	}
	var complaints bytes.Buffer // written before the end of ForwardPorts, and read after it
	isReady, ended := make(chan struct{}), make(chan error, 1)
	forwarder, err := portforward.NewOnAddressesForStreamingWithContext(ctx, dialer, []string{"127.0.0.1"}, []string{fmt.Sprintf("0:%d", port)}, isReady, io.Discard, &complaints)
	if err != nil {
		return 0, err
	}
	go func() { ended <- forwarder.ForwardPorts() }()
	select {
	case err := <-ended:
		if err == nil {
			err = errors.New(strings.TrimSpace("it ended at once: " + complaints.String()))
		}
		return 0, err
	case <-isReady:
	}
	ports, err := forwarder.GetPorts()
	if err != nil {
		return 0, err
	}
	return ports[0].Local, nil
}

// dialer opens the connection as kubectl does: a WebSocket, or SPDY where the API server or a proxy in between cannot do that.
func (c *caller) dialer(to *url.URL) (httpstream.Dialer, error) {
	transport, upgrader, err := spdy.RoundTripperFor(c.config)
	if err != nil {
		return nil, err
	}
	websocket, err := portforward.NewSPDYOverWebsocketDialerForStreaming(to, c.config)
	if err != nil {
		return nil, err
	}
	older := spdy.NewDialerForStreaming(upgrader, &http.Client{Transport: transport}, http.MethodPost, to)
	return portforward.NewFallbackDialerForStreaming(websocket, older, func(err error) bool {
		return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
	}), nil
}
