package access

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
)

// ownNamespace is the file in which a pod finds the namespace it runs in.
const ownNamespace = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"

// Clients are the ways to the API server.
type Clients struct {
	Kubernetes kubernetes.Interface
	Dynamic    dynamic.Interface
	Mapper     meta.ResettableRESTMapper // kinds to resources, from discovery
	Namespace  string                    // of the pod or of the kubeconfig's context
}

// InCluster reports whether this process runs in a pod.
func InCluster() bool { return os.Getenv("KUBERNETES_SERVICE_HOST") != "" }

// Connect makes clients from a kubeconfig file, or from the pod's service account when kubeconfig is empty.
// It does not talk to the API server yet.
func Connect(kubeconfig, userAgent string) (Clients, error) {
	config, namespace, err := load(kubeconfig)
	if err != nil {
		return Clients{}, err
	}
	// The defaults of 5 and 10 would let a scale-up wait behind status writes. The server's own fairness is the limit.
	config.QPS, config.Burst = 200, 400
	config.UserAgent = userAgent
	typed, err := kubernetes.NewForConfig(config)
	if err != nil {
		return Clients{}, fmt.Errorf("making a Kubernetes client: %w", err)
	}
	untyped, err := dynamic.NewForConfig(config)
	if err != nil {
		return Clients{}, fmt.Errorf("making a Kubernetes client: %w", err)
	}
	return Clients{
		Kubernetes: typed, Dynamic: untyped, Namespace: namespace,
		Mapper: restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(typed.Discovery())),
	}, nil
}

func load(kubeconfig string) (config *rest.Config, namespace string, err error) {
	if kubeconfig == "" {
		if config, err = rest.InClusterConfig(); err != nil {
			return nil, "", fmt.Errorf("reading the pod's service account: %w", err)
		}
		text, err := os.ReadFile(ownNamespace)
		if err != nil {
			return nil, "", fmt.Errorf("reading the pod's namespace: %w", err)
		}
		return config, strings.TrimSpace(string(text)), nil
	}
	rules := &clientcmd.ClientConfigLoadingRules{ExplicitPath: kubeconfig}
	if files := filepath.SplitList(kubeconfig); len(files) > 1 { // as in $KUBECONFIG: they are merged, and some may be missing
		rules = &clientcmd.ClientConfigLoadingRules{Precedence: files}
	}
	file := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{})
	if config, err = file.ClientConfig(); err != nil {
		return nil, "", fmt.Errorf("reading the kubeconfig: %w", err)
	}
	if namespace, _, err = file.Namespace(); err != nil {
		return nil, "", fmt.Errorf("reading the kubeconfig: %w", err)
	}
	return config, namespace, nil
}

// LogTo sends the log of client-go to our log instead of standard error, for debugging: what matters of it we log
// ourselves. It concerns the whole process.
func LogTo(log *slog.Logger) { klog.SetSlogLogger(slog.New(lower{log.Handler()})) }

// lower is a handler that takes everything for debugging. The library's own debugging, which would print the bodies of
// requests, is not taken at all.
type lower struct{ slog.Handler }

func (l lower) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelInfo && l.Handler.Enabled(ctx, slog.LevelDebug)
}

func (l lower) Handle(ctx context.Context, r slog.Record) error {
	r.Level = slog.LevelDebug
	return l.Handler.Handle(ctx, r)
}

func (l lower) WithAttrs(attrs []slog.Attr) slog.Handler { return lower{l.Handler.WithAttrs(attrs)} }

func (l lower) WithGroup(name string) slog.Handler { return lower{l.Handler.WithGroup(name)} }
