// Package chart installs charts/lagscaler with Helm 3 and 4 on a real Kubernetes control plane, and runs the program as
// the Deployment it renders says: its arguments and environment, its configuration, the rights of its ServiceAccount.
// There is no kubelet, so the program is a process of this machine.
package chart
