# Two targets are all a newcomer needs:
#   make demo    watch it work: no Kafka, no Kubernetes
#   make test    everything, on real servers; installs what it needs into $(CACHE)
# and one for every edit:
#   make check   Go only, under two minutes

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := check

CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/lagscaler
BIN := $(CACHE)/bin
export PATH := $(BIN):$(PATH)

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
COMMIT ?= $(shell git rev-parse HEAD 2>/dev/null || echo unknown)
DATE ?= $(shell git log -1 --format=%cI 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT) -X main.date=$(DATE)

include $(sort $(wildcard tools/*.mk))

.PHONY: build check test demo lint vet unit e2e generate fmt clean help

build: ## bin/lagscaler
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/lagscaler ./cmd/lagscaler

check: vet unit ## what to run at every edit: Go only

vet:
	go vet ./...
	test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); exit 1; }

unit:
	go test -race ./...
	go test -count=1 .

demo: build ## watch it work (DURATION=90s, SCENARIO=burst|diurnal|hot-partition|stalled|crash-loop|partial-outage)
	bin/lagscaler demo $(if $(DURATION),--duration $(DURATION)) $(if $(SCENARIO),--scenario $(SCENARIO))

help: ## this list
	@grep -hE '^[a-z0-9.-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | sort | expand -t 20

clean:
	rm -rf bin dist
