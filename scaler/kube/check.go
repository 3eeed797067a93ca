package kube

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/kube/access"
	"github.com/lagscaler/lagscaler/scaler/kube/election"
	"github.com/lagscaler/lagscaler/scaler/kube/v1alpha1"
)

// Finding is one thing that Check tried.
type Finding struct {
	Subject string // such as `API server`, `CRD kafkascalers.lagscaler.io`
	Problem string // the API server's own word for it, such as Forbidden; empty: none
	Warning bool   // it works, and somebody should look at it
	Missing string // the permission that would help; empty when none would
	Text    string // for people
}

// Check tries what an installation needs: the API server, every permission of the mode and those beside it, the CRD, the Lease, and the
// Deployment of the program, and it counts the KafkaScalers that are not ready. It writes nothing. Findings are in that order.
func Check(ctx context.Context, clients access.Clients, o Options, mode scaler.Mode, beside ...access.Permission) []Finding {
	c := checker{clients: clients, opts: o, mode: mode, beside: beside}
	version, err := discovery.ToDiscoveryInterfaceWithContext(clients.Kubernetes.Discovery()).ServerVersionWithContext(ctx)
	if err != nil {
		return []Finding{failed("API server", err)}
	}
	findings := []Finding{{Subject: "API server", Text: "answers, version " + version.GitVersion}}
	findings = append(findings, c.permissions(ctx)...)
	crd := c.crd()
	findings = append(findings, crd)
	if crd.Problem == "" {
		findings = append(findings, c.scalers(ctx))
	}
	return append(findings, c.lease(ctx), c.deployment(ctx))
}

type checker struct {
	clients access.Clients
	opts    Options
	mode    scaler.Mode
	beside  []access.Permission // that parts of the configuration need
}

// failed is the finding of a request that failed.
func failed(subject string, err error) Finding {
	return Finding{Subject: subject, Problem: cmp.Or(string(apierrors.ReasonForError(err)), "Unreachable"), Text: err.Error()}
}

// permissions asks for each permission of the mode whether this user has it. It is not known beforehand which kinds the targets
// have, so those of other kinds than Deployment and StatefulSet are not asked for.
func (c checker) permissions(ctx context.Context) []Finding {
	subject := fmt.Sprintf("permissions of mode %s", c.mode)
	var missing []Finding
	asked := 0
	for _, n := range c.needs() {
		allowed, err := c.may(ctx, n.right)
		if err != nil {
			return append(missing, failed(subject, err))
		}
		if asked++; !allowed {
			missing = append(missing, Finding{
				Subject: subject, Problem: string(metav1.StatusReasonForbidden), Missing: n.right.String(), Text: "without it: " + n.without,
			})
		}
	}
	all := Finding{Subject: subject, Text: fmt.Sprintf("%d of %d are granted to %s", asked-len(missing), asked, c.user(ctx))}
	return append(missing, all)
}

// needed is a right, and what is not known or not done without it.
type needed struct {
	right   access.Right
	without string
}

// needs are the rights to ask for, each once. A CRD that is not installed needs none: that of lagscaler is a finding of its own.
func (c checker) needs() []needed {
	var all []needed
	for _, p := range append(access.Permissions(c.mode), c.beside...) {
		if p.Optional && !c.served(p) {
			continue
		}
		for _, namespace := range c.places(p) {
			for _, verb := range p.VerbsIn(len(c.opts.Watch) == 0) {
				right := access.Right{Verb: verb, Group: p.Group, Resource: p.Resource, Namespace: namespace, Place: p.Place}
				if p.Place == access.System {
					right.Name = access.AuthenticationConfig
				}
				if !slices.ContainsFunc(all, func(n needed) bool { return n.right == right }) {
					all = append(all, needed{right, p.Consequence()})
				}
			}
		}
	}
	return all
}

// places are the namespaces in which a permission is needed; the empty one stands for all, and for none.
func (c checker) places(p access.Permission) []string {
	switch p.Place {
	case access.Own:
		return []string{c.opts.Namespace}
	case access.System:
		return []string{metav1.NamespaceSystem}
	case access.Cluster:
		return []string{""}
	case access.Watched:
	}
	return c.opts.namespaces()
}

// served reports whether the API server has the resource of a permission.
func (c checker) served(p access.Permission) bool {
	resource, _, _ := strings.Cut(p.Resource, "/")
	_, err := c.clients.Mapper.KindFor(schema.GroupVersionResource{Group: p.Group, Resource: resource})
	return !meta.IsNoMatchError(err)
}

func (c checker) may(ctx context.Context, r access.Right) (bool, error) {
	resource, sub, _ := strings.Cut(r.Resource, "/")
	review, err := c.clients.Kubernetes.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, &authorizationv1.SelfSubjectAccessReview{
		Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{
			Namespace: r.Namespace, Verb: r.Verb, Group: r.Group, Resource: resource, Subresource: sub, Name: r.Name,
		}},
	}, metav1.CreateOptions{})
	if err != nil {
		return false, err
	}
	return review.Status.Allowed, nil
}

// user is the name under which the API server knows this process. Kubernetes 1.27 does not tell it.
func (c checker) user(ctx context.Context) string {
	review, err := c.clients.Kubernetes.AuthenticationV1().SelfSubjectReviews().Create(ctx, &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
	if err != nil || review.Status.UserInfo.Username == "" {
		return "this user"
	}
	return review.Status.UserInfo.Username
}

func (c checker) crd() Finding {
	f := Finding{Subject: "CRD " + v1alpha1.Resource.GroupResource().String()}
	switch _, err := c.clients.Mapper.KindFor(v1alpha1.Resource); {
	case meta.IsNoMatchError(err):
		f.Problem, f.Text = string(metav1.StatusReasonNotFound), "not installed: the chart installs it, unless crds.install is false"
	case err != nil:
		return failed(f.Subject, err)
	default:
		f.Text = "installed, version " + v1alpha1.Resource.Version
	}
	return f
}

// scalers counts the KafkaScalers, and names those that are not ready.
func (c checker) scalers(ctx context.Context) Finding {
	f := Finding{Subject: "KafkaScalers"}
	all := 0
	var not []string
	for _, namespace := range c.opts.namespaces() {
		list, err := c.clients.Dynamic.Resource(v1alpha1.Resource).Namespace(namespace).List(ctx, metav1.ListOptions{})
		if apierrors.IsForbidden(err) {
			f.Warning, f.Text = true, "not listed: the permission is missing, see above"
			return f
		}
		if err != nil {
			return failed(f.Subject, err)
		}
		all += len(list.Items)
		for i := range list.Items {
			if reason, bad := notReady(&list.Items[i]); bad {
				not = append(not, list.Items[i].GetNamespace()+"/"+list.Items[i].GetName()+" ("+reason+")")
			}
		}
	}
	const few = 5
	f.Text = fmt.Sprintf("%d, %d of them with Ready=False", all, len(not))
	if len(not) > 0 {
		f.Warning = true
		f.Text += ": " + strings.Join(not[:min(few, len(not))], ", ")
	}
	if len(not) > few {
		f.Text += fmt.Sprintf(" and %d more", len(not)-few)
	}
	return f
}

// notReady is the reason of the condition Ready, if it is False.
func notReady(o *unstructured.Unstructured) (reason string, bad bool) {
	conditions, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions")
	for _, one := range conditions {
		c, _ := one.(map[string]any)
		if c["type"] == v1alpha1.Ready && c["status"] == string(metav1.ConditionFalse) {
			reason, _ = c["reason"].(string)
			return reason, true
		}
	}
	return "", false
}

// lease says who leads.
func (c checker) lease(ctx context.Context) Finding {
	f := Finding{Subject: fmt.Sprintf("Lease %s/%s", c.opts.Namespace, c.opts.Lease)}
	l, err := c.clients.Kubernetes.CoordinationV1().Leases(c.opts.Namespace).Get(ctx, c.opts.Lease, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		f.Warning, f.Text = true, "there is none: no replica of this installation has run yet"
	case apierrors.IsForbidden(err):
		f.Warning, f.Text = true, "not read: the permission is missing, see above"
	case err != nil:
		return failed(f.Subject, err)
	case l.Spec.HolderIdentity == nil || *l.Spec.HolderIdentity == "" || l.Spec.RenewTime == nil:
		f.Warning, f.Text = true, "nobody holds it: no replica leads, so nothing is decided or written"
	default:
		ago := time.Since(l.Spec.RenewTime.Time).Round(time.Second)
		f.Warning = ago > election.Duration
		f.Text = fmt.Sprintf("held by %s, renewed %s ago", *l.Spec.HolderIdentity, ago)
		if f.Warning {
			f.Text += fmt.Sprintf(": more than %s, so no replica leads", election.Duration)
		}
	}
	return f
}

// deployment says whether the pods of the chart's release run.
func (c checker) deployment(ctx context.Context) Finding {
	f := Finding{Subject: "Deployment of lagscaler"}
	list, err := c.clients.Kubernetes.AppsV1().Deployments(c.opts.Namespace).List(ctx, metav1.ListOptions{LabelSelector: "app.kubernetes.io/name=" + access.Program})
	switch {
	case apierrors.IsForbidden(err):
		f.Warning, f.Text = true, "not read: the permission to list deployments.apps in "+c.opts.Namespace+" is missing; lagscaler itself does not need it there"
		return f
	case err != nil:
		return failed(f.Subject, err)
	case len(list.Items) == 0:
		f.Warning, f.Text = true, "there is none with the label app.kubernetes.io/name="+access.Program+" in "+c.opts.Namespace+": it is not installed there, or runs outside Kubernetes"
		return f
	}
	var all []string
	for i := range list.Items {
		d := &list.Items[i]
		want := int32(1)
		if d.Spec.Replicas != nil {
			want = *d.Spec.Replicas
		}
		f.Warning = f.Warning || d.Status.ReadyReplicas < want
		text := fmt.Sprintf("%s: %d of %d ready", d.Name, d.Status.ReadyReplicas, want)
		for _, container := range d.Spec.Template.Spec.Containers {
			text += ", image " + container.Image
		}
		all = append(all, text)
	}
	f.Text = strings.Join(all, "; ")
	return f
}
