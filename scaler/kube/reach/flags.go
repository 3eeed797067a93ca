package reach

import (
	"fmt"

	"github.com/spf13/pflag"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// Flags are those flags of kubectl that say which cluster is asked, and as whom.
type Flags struct {
	kubeconfig string
	overrides  clientcmd.ConfigOverrides
}

// Bind adds the flags, with the names that they have in kubectl: --kubeconfig, --context, --as and so on.
func (f *Flags) Bind(flags *pflag.FlagSet) {
	flags.StringVar(&f.kubeconfig, clientcmd.RecommendedConfigPathFlag, "", "path to the kubeconfig `FILE` (default: $KUBECONFIG, or ~/.kube/config)")
	names := clientcmd.RecommendedConfigOverrideFlags("")
	names.ContextOverrideFlags.Namespace.ShortName = "n"
	names.ContextOverrideFlags.Namespace.Description = "namespace of a scaler that is named without one (default: that of the kubeconfig context)"
	names.ClusterOverrideFlags.APIServer.ShortName = "s"
	names.AuthOverrideFlags.Username.LongName, names.AuthOverrideFlags.Password.LongName = "", "" // no API server has taken them since Kubernetes 1.19
	clientcmd.BindOverrideFlags(&f.overrides, flags, names)
}

// Namespace is the namespace of a name without one.
func (f *Flags) Namespace() (string, error) {
	namespace, _, err := f.file().Namespace()
	if err != nil {
		return "", fmt.Errorf("reading the kubeconfig: %w", err)
	}
	return namespace, nil
}

// load is the way to the API server. In a pod without a kubeconfig it is that of the pod's service account.
func (f *Flags) load() (*rest.Config, error) {
	config, err := f.file().ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("reading the kubeconfig: %w", err)
	}
	return config, nil
}

func (f *Flags) file() clientcmd.ClientConfig {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = f.kubeconfig
	return clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &f.overrides)
}
