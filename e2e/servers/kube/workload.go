package kube

import (
	"context"
	"fmt"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/rand"

	"github.com/lagscaler/lagscaler/e2e/servers/child"
)

// waitLimit bounds what takes a second or two on an idle machine.
const waitLimit = time.Minute

// Namespace makes a namespace with a name of its own, which is deleted after the
// test, and returns its name. Its default ServiceAccount exists.
func (c *ControlPlane) Namespace(t testing.TB) string {
	t.Helper()
	return c.namespace(t, nil)
}

// RestrictedNamespace is a [ControlPlane.Namespace] that refuses pods which do
// not keep to the restricted Pod Security Standard.
func (c *ControlPlane) RestrictedNamespace(t testing.TB) string {
	t.Helper()
	return c.namespace(t, map[string]string{"pod-security.kubernetes.io/enforce": "restricted"})
}

func (c *ControlPlane) namespace(t testing.TB, labels map[string]string) string {
	t.Helper()
	name := "e2e-" + rand.String(8)
	object := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}
	if _, err := c.client.CoreV1().Namespaces().Create(t.Context(), object, metav1.CreateOptions{}); err != nil {
		t.Fatalf("making a namespace: %v", err)
	}
	t.Cleanup(func() {
		// t.Context has ended by now. Nobody waits for the namespace to be gone.
		ctx, cancel := context.WithTimeout(context.Background(), waitLimit)
		defer cancel()
		if err := c.client.CoreV1().Namespaces().Delete(ctx, name, metav1.DeleteOptions{}); err != nil {
			t.Errorf("deleting the namespace %s: %v", name, err)
		}
	})
	c.await(t, "the namespace's ServiceAccount", func(ctx context.Context) error {
		_, err := c.client.CoreV1().ServiceAccounts(name).Get(ctx, "default", metav1.GetOptions{})
		return err
	})
	return name
}

// Deployment is a Deployment of pods that ask for no resources and keep to the
// restricted Pod Security Standard. Each pod has the label app=Name.
type Deployment struct {
	Namespace, Name string
	Replicas        int32
	StartUp         time.Duration     // from scheduled to Ready, in whole milliseconds
	NodeSelector    map[string]string // one that no node has keeps the pods Pending
}

// Deploy makes the Deployment, and does not wait.
func (c *ControlPlane) Deploy(t testing.TB, d Deployment) {
	t.Helper()
	_, err := c.client.AppsV1().Deployments(d.Namespace).Create(t.Context(), d.object(), metav1.CreateOptions{})
	if err != nil {
		t.Fatalf("making the Deployment %s/%s: %v", d.Namespace, d.Name, err)
	}
}

func (d Deployment) object() *appsv1.Deployment {
	labels := map[string]string{"app": d.Name}
	yes, no := true, false
	var annotations map[string]string
	if d.StartUp > 0 {
		annotations = map[string]string{startUpAnnotation: d.StartUp.String()}
	}
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: d.Namespace, Name: d.Name},
		Spec: appsv1.DeploymentSpec{
			Replicas: &d.Replicas,
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels, Annotations: annotations},
				Spec: corev1.PodSpec{
					NodeSelector: d.NodeSelector,
					SecurityContext: &corev1.PodSecurityContext{
						RunAsNonRoot:   &yes,
						SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
					},
					Containers: []corev1.Container{{
						Name: "worker", Image: "worker",
						SecurityContext: &corev1.SecurityContext{
							AllowPrivilegeEscalation: &no,
							Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
						},
					}},
				},
			},
		},
	}
}

// Replicas is the number of pods that the Deployment's spec asks for.
func (c *ControlPlane) Replicas(t testing.TB, namespace, name string) int32 {
	t.Helper()
	scale, err := c.client.AppsV1().Deployments(namespace).GetScale(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatalf("reading the scale of %s/%s: %v", namespace, name, err)
	}
	return scale.Spec.Replicas
}

// Scale asks for so many pods through the scale subresource, as `kubectl scale`
// does, and does not wait.
func (c *ControlPlane) Scale(t testing.TB, namespace, name string, replicas int32) {
	t.Helper()
	c.Kubectl(t, "scale", "deployment", name, "--namespace="+namespace, fmt.Sprintf("--replicas=%d", replicas))
}

// AwaitReady waits until the Deployment has exactly so many pods, all Ready and
// of its latest template.
func (c *ControlPlane) AwaitReady(t testing.TB, namespace, name string, pods int32) {
	t.Helper()
	c.await(t, fmt.Sprintf("%s/%s to have %d Ready pods", namespace, name, pods), func(ctx context.Context) error {
		d, err := c.client.AppsV1().Deployments(namespace).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		s := d.Status
		if s.ObservedGeneration < d.Generation || *d.Spec.Replicas != pods ||
			s.Replicas != pods || s.ReadyReplicas != pods || s.UpdatedReplicas != pods {
			return fmt.Errorf("%d wanted by its spec, %d pods, %d Ready, %d of the latest template",
				*d.Spec.Replicas, s.Replicas, s.ReadyReplicas, s.UpdatedReplicas)
		}
		return nil
	})
}

// AwaitReplicas waits until the Deployment's spec asks for so many pods.
func (c *ControlPlane) AwaitReplicas(t testing.TB, namespace, name string, replicas int32) {
	t.Helper()
	c.await(t, fmt.Sprintf("%s/%s to be asked for %d pods", namespace, name, replicas), func(ctx context.Context) error {
		scale, err := c.client.AppsV1().Deployments(namespace).GetScale(ctx, name, metav1.GetOptions{})
		if err == nil && scale.Spec.Replicas != replicas {
			err = fmt.Errorf("its spec asks for %d", scale.Spec.Replicas)
		}
		return err
	})
}

// await ends the test when the question has no good answer within waitLimit.
func (c *ControlPlane) await(t testing.TB, what string, ask func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), waitLimit)
	defer cancel()
	if err := child.Await(ctx, ask); err != nil {
		t.Fatalf("waiting for %s: %v", what, err)
	}
}
