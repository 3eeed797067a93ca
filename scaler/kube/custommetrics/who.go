package custommetrics

import (
	"context"
	"fmt"
	"net/http"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/cache"
	"k8s.io/apiserver/pkg/authentication/request/headerrequest"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/server/dynamiccertificates"
	"k8s.io/client-go/kubernetes"
)

// The ConfigMap in which the API server publishes how it identifies itself to those that it passes questions on to.
const (
	authenticationNamespace = "kube-system"
	authenticationName      = "extension-apiserver-authentication"
)

// apiServer identifies the API server, and the users for whom it asks.
type apiServer struct {
	authority *dynamiccertificates.ConfigMapCAController
	headers   *headerrequest.RequestHeaderAuthRequestController
	client    kubernetes.Interface
	allowed   *cache.LRUExpireCache // users, by what they may read
}

const (
	allowedFor  = time.Minute // a permission that was granted may be withdrawn so much later
	allowedKept = 4096
)

func newAPIServer(client kubernetes.Interface) (*apiServer, error) {
	authority, err := dynamiccertificates.NewDynamicCAFromConfigMapController("client-ca", authenticationNamespace, authenticationName,
		"requestheader-client-ca-file", client)
	if err != nil {
		return nil, err
	}
	return &apiServer{
		authority: authority, client: client, allowed: cache.NewLRUExpireCache(allowedKept),
		headers: headerrequest.NewRequestHeaderAuthRequestController(authenticationName, authenticationNamespace, client,
			"requestheader-username-headers", "requestheader-uid-headers", "requestheader-group-headers", "requestheader-extra-headers-prefix",
			"requestheader-allowed-names"),
	}, nil
}

// follow follows the ConfigMap until ctx ends.
func (a *apiServer) follow(ctx context.Context) {
	go a.authority.Run(ctx, 1)
	a.headers.Run(ctx, 1)
}

// who is the user for whom the API server asks; nil: it is not the API server that asks, or it is not known yet how it identifies itself.
func (a *apiServer) who(r *http.Request) user.Info {
	handler := headerrequest.NewDynamicVerifyOptionsSecure(a.authority.VerifyOptions,
		headerrequest.StringSliceProviderFunc(a.headers.AllowedClientNames),
		headerrequest.StringSliceProviderFunc(a.headers.UsernameHeaders),
		headerrequest.StringSliceProviderFunc(a.headers.UIDHeaders),
		headerrequest.StringSliceProviderFunc(a.headers.GroupHeaders),
		headerrequest.StringSliceProviderFunc(a.headers.ExtraHeaderPrefixes))
	answer, ok, err := handler.AuthenticateRequest(r)
	if err != nil || !ok {
		return nil
	}
	return answer.User
}

// may reports whether a user may read a metric of a KafkaScaler.
func (a *apiServer) may(ctx context.Context, u user.Info, namespace, name, metric string) (bool, error) {
	key := fmt.Sprintf("%q %q %q %q %q %q %q", u.GetName(), u.GetUID(), u.GetGroups(), u.GetExtra(), namespace, name, metric)
	if _, known := a.allowed.Get(key); known {
		return true, nil
	}
	extra := map[string]authorizationv1.ExtraValue{}
	for k, v := range u.GetExtra() {
		extra[k] = v
	}
	review, err := a.client.AuthorizationV1().SubjectAccessReviews().Create(ctx, &authorizationv1.SubjectAccessReview{
		Spec: authorizationv1.SubjectAccessReviewSpec{
			User: u.GetName(), UID: u.GetUID(), Groups: u.GetGroups(), Extra: extra,
			ResourceAttributes: &authorizationv1.ResourceAttributes{
				Namespace: namespace, Verb: "get", Group: Group, Version: Version, Resource: kafkaScalers, Subresource: metric, Name: name,
			},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		return false, err
	}
	if review.Status.Allowed {
		a.allowed.Add(key, true, allowedFor)
	}
	return review.Status.Allowed, nil
}

type userKey struct{}

func withUser(ctx context.Context, u user.Info) context.Context {
	return context.WithValue(ctx, userKey{}, u)
}

func userOf(ctx context.Context) user.Info {
	u, _ := ctx.Value(userKey{}).(user.Info)
	return u
}
