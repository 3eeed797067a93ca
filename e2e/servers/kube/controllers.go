package kube

import (
	"context"
	"errors"
	"fmt"
	"os"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/lagscaler/lagscaler/e2e/servers/child"
)

// startControllers starts what makes pods out of Deployments and has them
// scheduled and Ready. HPAs are looked at each second rather than every 15.
func (c *ControlPlane) startControllers(context.Context) error {
	kubeconfig := "--kubeconfig=" + c.Kubeconfig()
	manager := []string{
		kubeconfig, "--leader-elect=false", "--secure-port=0",
		"--kube-api-qps=1000", "--kube-api-burst=2000",
		"--use-service-account-credentials=true",
		"--service-account-private-key-file=" + c.path("tokens.key"),
		"--root-ca-file=" + c.CAFile(),
		"--horizontal-pod-autoscaler-sync-period=1s",
		"--horizontal-pod-autoscaler-initial-readiness-delay=1s",
	}
	kubelet, err := c.kubelet()
	if err != nil {
		return err
	}
	programs := [][]string{
		append([]string{"kube-controller-manager"}, append(manager, c.cfg.ControllerManager...)...),
		{"kube-scheduler", kubeconfig, "--leader-elect=false", "--secure-port=0"},
		append([]string{
			"kwok", kubeconfig, "--config=" + c.path("stages"), "--manage-all-nodes=true",
			"--node-lease-duration-seconds=40", "--cidr=10.244.0.1/16",
		}, kubelet...),
	}
	for _, program := range programs {
		p, err := c.launch(program[0], program[1:]...)
		if err != nil {
			return err
		}
		c.others = append(c.others, p)
	}
	return nil
}

// addNodes makes the nodes and waits until pods can go there: each is Ready,
// and the default namespace has its ServiceAccount.
func (c *ControlPlane) addNodes(ctx context.Context) error {
	for i := range c.cfg.Nodes {
		name := fmt.Sprintf("node-%d", i+1)
		node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{
			"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64",
			"topology.kubernetes.io/zone": fmt.Sprintf("zone-%d", i+1),
		}}}
		_, err := c.client.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{})
		if err != nil && !apierrors.IsAlreadyExists(err) {
			return fmt.Errorf("making node %s: %w", name, err)
		}
	}
	return child.Await(ctx, func(ctx context.Context) error {
		return errors.Join(c.nodesReady(ctx), c.defaultAccount(ctx))
	}, c.others...)
}

func (c *ControlPlane) nodesReady(ctx context.Context) error {
	nodes, err := c.client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, node := range nodes.Items {
		if len(node.Spec.Taints) > 0 {
			return fmt.Errorf("node %s has the taint %s", node.Name, node.Spec.Taints[0].Key)
		}
		if !nodeReady(node) {
			return fmt.Errorf("node %s is not Ready", node.Name)
		}
	}
	return nil
}

func nodeReady(node corev1.Node) bool {
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

func (c *ControlPlane) defaultAccount(ctx context.Context) error {
	_, err := c.client.CoreV1().ServiceAccounts("default").Get(ctx, "default", metav1.GetOptions{})
	return err
}

// stages reads how the pretend kubelet treats nodes and pods, and lets a pod
// say how long it takes to become Ready ([Deployment.StartUp]).
func (c *ControlPlane) stages() ([]byte, error) {
	data, err := os.ReadFile(c.bin + "/stages.yaml")
	if err != nil {
		return nil, err
	}
	data, err = delayReady(data)
	return append(data, c.forwards()...), err
}
