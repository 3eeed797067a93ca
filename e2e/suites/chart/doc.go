// Package chart installs charts/lagscaler with Helm 3 and 4 on a real Kubernetes control plane, and runs the program
// with the arguments, the environment, the configuration and the ServiceAccount of the Deployment that the chart renders.
// There is no kubelet, so the program runs as a process of this machine.
package chart
