# The tools of the project, built from their Go modules at pinned versions. This file also works alone:
# make -f tools/tools.mk lint-tools
#
# Every tool is a target. It is installed into $(CACHE)/bin, with a stamp file for the versions of the tool and of Go: a
# changed version builds again, an unchanged version does nothing. Every tool has a lock, so several makes can run in
# parallel. `go install` cannot build Kubernetes and Prometheus as the tests need them: each has a module in this folder,
# and its programs are in $(CACHE)/NAME-KEY with a hash of the module as KEY.

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
# Later versions of Alertmanager do not build from the module alone: the module lacks the files of the web UI.
alertmanager.from  := github.com/prometheus/alertmanager/cmd/alertmanager@v0.31.1
amtool.from        := github.com/prometheus/alertmanager/cmd/amtool@v0.31.1
gotestsum.from     := gotest.tools/gotestsum@v1.13.0
govulncheck.from   := golang.org/x/vuln/cmd/govulncheck@v1.9.0
# Later versions of goreleaser need Go 1.27, or a module that not every Go proxy has.
goreleaser.from    := github.com/goreleaser/goreleaser/v2@v2.16.0
cyclonedx-gomod.from := github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0
actionlint.from    := github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
validate-krew-manifest.from := sigs.k8s.io/krew/cmd/validate-krew-manifest@v0.4.4
crane.from         := github.com/google/go-containerregistry/cmd/crane@v0.22.1

# name.set = variables that the linker sets, as in a release. Without them Helm 3 assumes Kubernetes 1.20 for every cluster.
helm3.set := helm.sh/helm/v3/internal/version.version=v3.22.0 \
	$(foreach package,chartutil lint/rules,$(foreach part,Major=1 Minor=37,helm.sh/helm/v3/pkg/$(package).k8sVersion$(part)))
helm.set  := helm.sh/helm/v4/internal/version.version=v4.3.1

GO_TOOLS := golangci-lint gofumpt controller-gen helm helm3 helm-docs \
	alertmanager amtool gotestsum goreleaser govulncheck cyclonedx-gomod actionlint crane validate-krew-manifest

.PHONY: $(GO_TOOLS) lint-tools generate-tools chart-tools alert-tools helm-unittest kubernetes prometheus chromium e2e-servers

$(GO_TOOLS):
	@sh '$(TOOLS)go-install.sh' '$(TOOLS_BIN)' '$@' '$($@.from)' $($@.set)

## lint-tools: install golangci-lint and gofumpt
lint-tools: golangci-lint gofumpt

## generate-tools: install the programs that `go generate` and make chart-readme run
generate-tools: controller-gen helm-docs

## chart-tools: install the programs that check the Helm chart
chart-tools: helm helm3 helm-unittest helm-docs

## alert-tools: install the programs that check alerts and their routes
alert-tools: prometheus amtool

## kubernetes: build etcd, the Kubernetes control plane, kubectl and kwok for the tests (6 minutes the first time)
## prometheus: build Prometheus and promtool for the tests (3 minutes the first time)
kubernetes prometheus helm-unittest:
	@sh '$(TOOLS)build-module.sh' '$(CACHE)' '$(TOOLS)$@'

## e2e-servers: build all servers of e2e/servers/kube and e2e/servers/prom
e2e-servers: kubernetes prometheus alertmanager

## chromium: install the browser for the tests of the web UI
chromium:
	@sh '$(TOOLS)debian.sh' 'testing the web UI' chromium=chromium,fonts-liberation
