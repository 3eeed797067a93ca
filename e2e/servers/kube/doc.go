// Package kube starts a real Kubernetes control plane for a test: etcd,
// kube-apiserver, kube-controller-manager, kube-scheduler, and kwok, which
// simulates nodes and their kubelets. Everything listens on 127.0.0.1 and
// ends with the test binary.
//
//	c := kube.Shared(t)                       // or Start, for one that the test may break
//	ns := c.Namespace(t)
//	c.Deploy(t, kube.Deployment{Namespace: ns, Name: "worker", Replicas: 3})
//	c.AwaitReady(t, ns, "worker", 3)
//	config := c.KubeconfigFor(t, ns, "default") // what a pod of that ServiceAccount may do
//
// Pods become Ready although no process runs in them. [ControlPlane.Follow]
// calls the test for each Ready pod, so that the test can run one real
// consumer for it. There
// are no logs and no exec. With [Config.PodPorts] programs of this machine serve
// ports of pods: the apiserver's proxy and port-forwards reach them.
package kube
