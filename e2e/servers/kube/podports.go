package kube

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/lagscaler/lagscaler/e2e/servers/child"
)

// Address is an address of this machine to which the apiserver may proxy: not one of the loopback. Without one the test is
// skipped; where CI is true it fails.
func Address(t testing.TB) string {
	t.Helper()
	address, err := ownAddress()
	if err != nil && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return address
}

func ownAddress() (string, error) {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return "", err
	}
	for _, a := range all {
		if network, ok := a.(*net.IPNet); ok && network.IP.To4() != nil && network.IP.IsGlobalUnicast() {
			return network.IP.String(), nil
		}
	}
	return "", errors.New("this machine has no IPv4 address but those of the loopback, to which the apiserver refuses to proxy")
}

// kubelet are the arguments with which kwok stands for the kubelets of all nodes: it has this machine's address, and forwards
// [Config.PodPorts].
func (c *ControlPlane) kubelet() ([]string, error) {
	if len(c.cfg.PodPorts) == 0 {
		return nil, nil
	}
	address, err := ownAddress()
	if err != nil {
		return nil, err
	}
	port, err := child.Port()
	if err != nil {
		return nil, err
	}
	return []string{
		"--node-ip=" + address, "--node-port=" + strconv.Itoa(port),
		"--server-address=" + net.JoinHostPort(address, strconv.Itoa(port)),
	}, nil
}

// forwards says where a port-forward to a pod ends: at the same port of this machine.
func (c *ControlPlane) forwards() string {
	if len(c.cfg.PodPorts) == 0 {
		return ""
	}
	address, err := ownAddress()
	if err != nil {
		return "" // kubelet has returned it
	}
	var b strings.Builder
	b.WriteString("---\napiVersion: kwok.x-k8s.io/v1alpha1\nkind: ClusterPortForward\nmetadata: {name: pods}\nspec:\n  forwards:\n")
	for _, port := range c.cfg.PodPorts {
		fmt.Fprintf(&b, "  - {ports: [%d], target: {port: %d, address: %s}}\n", port, port, address)
	}
	return b.String()
}
