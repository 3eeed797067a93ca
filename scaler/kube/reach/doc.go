// Package reach finds lagscaler in a Kubernetes cluster, and a way to its pages for a user of kubectl.
//
// The problem: a user's shell does not reach the port of a pod, and the pages know nothing of the users of Kubernetes. The ways:
//
//	way                               used when                       who decides whether the user may
//	the service proxy of the API      the pages ask for no password   RBAC: get on services/proxy of the one Service
//	server
//	a port-forward to a pod           they do: the proxy removes      RBAC: get and create on pods/portforward; then the pages, by
//	                                  the header with the password    user and password
//
// Both ways are all or nothing: whoever may ask sees all groups and scalers. The certificate of the pages is not verified on
// either way: the API server's proxy does not do so, and a port-forward ends in the pod itself. What speaks for the pod is the
// API server, whose certificate is verified as the kubeconfig says.
//
//	flags.go    the flags of kubectl, and what they select
//	find.go     Find: which Service, and which way
//	proxy.go    the first way, and how the API server's answers are told from those of the pages
//	forward.go  the second way
package reach
