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
export LAGSCALER_CACHE := $(CACHE)

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
COMMIT ?= $(shell git rev-parse HEAD 2>/dev/null || echo unknown)
DATE ?= $(shell git log -1 --format=%cI 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT) -X main.date=$(DATE)

include $(sort $(wildcard tools/*.mk))

.PHONY: build check vet unit test tools lint e2e demo help clean

## build: bin/lagscaler
build:
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/lagscaler ./cmd/lagscaler

## check: Go only, what to run at every edit
check: vet unit

vet:
	go vet ./...
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$unformatted" || { echo "not formatted: $$unformatted"; exit 1; }

unit:
	go test -race ./...
	go test -count=1 .

## test: everything, on real servers; under CI=true nothing is skipped
test: tools lint check e2e

## tools: everything the tests need beyond Go, into $(CACHE)
tools: gotestsum lint-tools generate-tools chart-tools alert-tools kafka e2e-servers chromium axe grafana-schema

## e2e: the tests on real Kafka, Kubernetes, Prometheus, Alertmanager and a browser
# Real servers on a busy machine are late now and then: a test that fails is run again, alone, up to twice, and the
# summary names it. One that fails each time fails the run.
e2e: gotestsum
	cd e2e && go vet ./... && gotestsum --format pkgname --rerun-fails=2 --rerun-fails-max-failures=15 --packages=./... -- \
		-race -count=1 -p 1 -timeout 40m

## demo: watch it work (DURATION=90s, SCENARIO=burst|diurnal|hot-partition|stalled|crash-loop|partial-outage)
demo: build
	bin/lagscaler demo $(if $(DURATION),--duration $(DURATION)) $(if $(SCENARIO),--scenario $(SCENARIO))

## lint: golangci-lint and gofumpt over both modules
lint: lint-tools
	golangci-lint run ./...
	cd e2e && golangci-lint run ./...

## help: this list
help:
	@sed -n 's/^## \([a-z0-9.-]*\): /\1\t/p' $(MAKEFILE_LIST) | sort | expand -t 18

clean:
	rm -rf bin dist
