# The most important targets; make help lists all:
#   make demo    run a demonstration, without Kafka and Kubernetes
#   make check   the tests that need only Go, for every edit: less than two minutes
#   make test    all tests, on real servers; installs the tools into $(CACHE)

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

.PHONY: build check vet unit test tools lint e2e worlds demo help clean

## build: compile bin/lagscaler
build:
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/lagscaler ./cmd/lagscaler

## check: run the tests that need only Go; run this at every edit
check: vet unit

vet:
	go vet ./...
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$unformatted" || { echo "not formatted: $$unformatted"; exit 1; }

# Some packages wait for clocks and connections: four at a time keep two cores busy. With -race only a few worlds are played.
unit:
	go test -race -p 4 ./...
	go test ./scaler/sim/worlds
	go test -count=1 .

## test: run all tests on real servers; with CI=true no test is skipped
test: tools lint check e2e

## tools: install all tools and servers of the tests, except Go, into $(CACHE)
tools: gotestsum lint-tools generate-tools chart-tools alert-tools kafka e2e-servers chromium axe grafana-schema

## e2e: run the tests on real Kafka, Kubernetes, Prometheus, Alertmanager and a browser
# On a busy machine a server is sometimes too slow. Therefore a failed test is run again alone, up to two times, and the
# summary lists it. A test that fails three times fails the run.
#
# Two packages run side by side, because most of their time they wait. Many JVMs at once are too much for two cores, so
# the order keeps the packages apart that start most of them: servers/kafka, suites/lag, suites/rebalance.
e2e: gotestsum
	cd e2e && go vet ./... && gotestsum --format pkgname --rerun-fails=2 --rerun-fails-max-failures=15 \
		--packages='./suites/scale ./servers/kafka ./suites/lag ./suites/alerts ./suites/rebalance ./...' -- -race -count=1 -p 2 -timeout 40m

## worlds: play the worlds of scaler/sim/worlds with many seeds (SEEDS=50)
worlds:
	WORLDS_SEEDS=$(or $(SEEDS),50) go test -count=1 -timeout 60m ./scaler/sim/worlds

## demo: run a demonstration (DURATION=90s, SCENARIO=burst|diurnal|hot-partition|stalled|crash-loop|partial-outage)
demo: build
	bin/lagscaler demo $(if $(DURATION),--duration $(DURATION)) $(if $(SCENARIO),--scenario $(SCENARIO))

## lint: run golangci-lint, with gofumpt, on both modules
lint: lint-tools
	golangci-lint run ./...
	cd e2e && golangci-lint run ./...

## help: print this list
help:
	@sed -n 's/^## \([a-z0-9.-]*\): /\1\t/p' $(MAKEFILE_LIST) | sort | expand -t 18

clean:
	rm -rf bin dist
