#!/bin/sh
# Builds the control plane into OUT, with the CRDs and the pretend kubelet's behaviour that the tests load.
# Usage, from this folder: build.sh OUT
set -eu
out=$1

# Without its version set, Kubernetes calls itself v0.0.0-master, and Helm refuses charts that ask for a version.
version=$(go list -m -f '{{.Version}}' k8s.io/kubernetes)
minor=${version#v1.} minor=${minor%%.*}
base=k8s.io/component-base/version client=k8s.io/client-go/pkg/version
ldflags="-s -w -X $client.gitVersion=$version"
for setting in gitVersion="$version" gitMajor=1 gitMinor="$minor" gitTreeState=clean \
	gitCommit=0000000000000000000000000000000000000000 buildDate=1970-01-01T00:00:00Z; do
	ldflags="$ldflags -X $base.$setting"
done
go build -trimpath -ldflags "$ldflags" -o "$out/kubernetes" .
for name in etcd kube-apiserver kube-controller-manager kube-scheduler kubectl kwok; do
	ln -s kubernetes "$out/$name"
done

# What kwok does to nodes and pods: they are ready at once, and leases are renewed.
kwok=$(go list -m -f '{{.Dir}}' sigs.k8s.io/kwok)/kustomize/stage
for stage in "$kwok"/node/fast/node-*.yaml "$kwok"/node/heartbeat-with-lease/node-*.yaml "$kwok"/pod/fast/pod-*.yaml; do
	echo '---'
	cat "$stage"
done >"$out/stages.yaml"

# folder MODULE@VERSION: where the module's files are. Only some YAML of these is wanted, and none of their requirements.
folder() { (cd "$out" && go mod download -json "$1") | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p'; }
mkdir "$out/crds"
install -m 644 "$(folder github.com/kedacore/keda/v2@v2.21.0)/config/crd/bases/keda.sh_scaledobjects.yaml" "$out/crds/"
prometheus=$(folder github.com/prometheus-operator/prometheus-operator@v0.94.1)/example/prometheus-operator-crd
for kind in servicemonitors podmonitors prometheusrules; do
	install -m 644 "$prometheus/monitoring.coreos.com_$kind.yaml" "$out/crds/"
done
