# The tools of the house, each built from its Go module at one pinned version. Stands alone:
# make -f tools/tools.mk lint-tools
#
# Each tool is a target of its own and lands in $(CACHE)/bin, beside a stamp that names its version and Go's, so
# a changed pin builds again and an unchanged one does nothing. Each is built under a lock of its own: several makes may
# run at once. What one `go install` cannot build (Kubernetes, Prometheus) has a module here, and a folder keyed by it.

CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/lagscaler
TOOLS := $(dir $(lastword $(MAKEFILE_LIST)))
TOOLS_BIN := $(CACHE)/bin

# name = package@version
golangci-lint.from := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
gofumpt.from       := mvdan.cc/gofumpt@v0.12.0
controller-gen.from := sigs.k8s.io/controller-tools/cmd/controller-gen@v0.23.0
helm.from          := helm.sh/helm/v4/cmd/helm@v4.3.1
helm3.from         := helm.sh/helm/v3/cmd/helm@v3.22.0
helm-docs.from     := github.com/norwoodj/helm-docs/cmd/helm-docs@v1.14.2
# Later versions of Alertmanager need a user interface that their module does not carry.
alertmanager.from  := github.com/prometheus/alertmanager/cmd/alertmanager@v0.31.1
amtool.from        := github.com/prometheus/alertmanager/cmd/amtool@v0.31.1
gotestsum.from     := gotest.tools/gotestsum@v1.13.0
# Later versions of goreleaser need Go 1.27, or a module that the proxy does not serve everywhere.
goreleaser.from    := github.com/goreleaser/goreleaser/v2@v2.16.0

# name.set = variables that a release is linked with. Without them Helm 3 takes every cluster for Kubernetes 1.20.
helm3.set := helm.sh/helm/v3/internal/version.version=v3.22.0 \
	$(foreach package,chartutil lint/rules,$(foreach part,Major=1 Minor=37,helm.sh/helm/v3/pkg/$(package).k8sVersion$(part)))
helm.set  := helm.sh/helm/v4/internal/version.version=v4.3.1

GO_TOOLS := golangci-lint gofumpt controller-gen helm helm3 helm-docs \
	alertmanager amtool gotestsum goreleaser

.PHONY: $(GO_TOOLS) lint-tools generate-tools chart-tools alert-tools helm-unittest kubernetes prometheus chromium e2e-servers

$(GO_TOOLS):
	@sh '$(TOOLS)go-install.sh' '$(TOOLS_BIN)' '$@' '$($@.from)' $($@.set)

## lint-tools: golangci-lint and gofumpt
lint-tools: golangci-lint gofumpt

## generate-tools: what `go generate` calls
generate-tools: controller-gen helm-docs

## chart-tools: what checks the Helm chart
chart-tools: helm helm3 helm-unittest helm-docs

## alert-tools: what checks alerts and their routing
alert-tools: prometheus amtool

## kubernetes: build etcd, the Kubernetes control plane, kubectl and kwok for the tests (6 minutes the first time)
## prometheus: build Prometheus and promtool for the tests (3 minutes the first time)
kubernetes prometheus helm-unittest:
	@sh '$(TOOLS)build-module.sh' '$(CACHE)' '$(TOOLS)$@'

## e2e-servers: every server of e2e/servers/kube and e2e/servers/prom
e2e-servers: kubernetes prometheus alertmanager

## chromium: the browser of the web page's tests
chromium:
	@sh '$(TOOLS)chromium.sh'
