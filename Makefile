# The most important targets; make help lists all:
#   make demo    run a demonstration, without Kafka and Kubernetes
#   make check   the tests that need only Go, for every edit: about two minutes
#   make test    also tests on real servers; installs the tools into $(CACHE)

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

.PHONY: build check vet raced pure pure-then-long test tools lint e2e versions stories long outage properties worlds soak demo help clean

## build: compile bin/lagscaler
build:
	@test -e bin/lagscaler || echo "compiling; the first time Go downloads and compiles all dependencies, which takes 2 to 4 minutes on two cores"
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/lagscaler ./cmd/lagscaler

# Tests are linked without DWARF and symbols, which debuggers need and traces of a panic do not: with DWARF, linking is a third of the CPU when every test is
# run anew.
QUICK_LINK := -ldflags=-s

## check: run the tests that need only Go; run this at every edit
# Side by side, because the packages with the race detector wait for clocks and connections at times, and the others need only CPU. They
# share no compiled package; vet and the second half do.
check: vet
	@$(MAKE) --no-print-directory -j2 raced pure

vet:
	go vet ./...
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$unformatted" || { echo "not formatted: $$unformatted"; exit 1; }

# These packages and their tests start no goroutine, so the race detector finds nothing, and takes eight times as long; check_test.go
# checks that. It finds races in the packages that call them: the engine, the daemon, the pages, the demo, the worlds.
ONE_GOROUTINE := alerts charts internal/api internal/client internal/frozen internal/keda internal/messages internal/mutate internal/plot internal/propose internal/record \
	lag lag/shard lag/kafkasource/framing lag/kafkasource/headers lag/kafkasource/topics lag/rights mixin \
	scaler scaler/asleep scaler/bill scaler/brakes scaler/breaker scaler/learn scaler/need scaler/number scaler/packed scaler/plan scaler/promise scaler/release scaler/say scaler/seen scaler/standby \
	scaler/sim scaler/timeline
# These have goroutines, and most of what their tests do is to simulate in one of them. make test takes the race detector to them, make check
# does not.
SIMULATING := cmd/lagscaler dashboards internal/audit internal/tryout scaler/sim/benchmark scaler/sim/worlds
WITHOUT_RACE = $(ONE_GOROUTINE) $(if $(filter all,$(RACED)),,$(SIMULATING))
MODULE := github.com/lagscaler/lagscaler
RACE = $(filter-out $(MODULE) $(addprefix $(MODULE)/,$(WITHOUT_RACE)),$(shell go list ./...))

# The longest begin first. With -race some tests do a part of their work, as a race_test.go beside them says; without it, here or in
# make long, they do all of it. A program with -race waits a second at its end, for races of goroutines that still run; 0.1 s is enough
# for packages, and for the commands of scripts. Most tests simulate: they make garbage and keep little, so a later collection saves a
# fifth of their CPU. The files were vetted before.
raced: export GORACE := atexit_sleep_ms=100
raced pure long: export GOGC := 800
raced pure long: export GOMEMLIMIT := 2GiB
raced:
	go test -vet=off $(QUICK_LINK) -race -p 3 $(filter $(RACE),$(addprefix $(MODULE)/,internal/daemon lag/kafkasource scaler/kube scaler/sim/worlds)) $(RACE)

pure:
	go test -vet=off $(QUICK_LINK) -p 2 ./scaler/sim/worlds $(addprefix ./,$(WITHOUT_RACE)) ./internal/web/recent ./scaler/sim/benchmark
	go test -vet=off $(QUICK_LINK) -run 'TestRequestsGrow|TestCostOf' ./lag/kafkasource ./lag/kafkasource/transport
	go test -vet=off $(QUICK_LINK) -count=1 .

# With the race detector tests take longer: make test runs make long beside them, and make check does not.
pure-then-long: pure
	@$(MAKE) --no-print-directory long

# The tests that do more with LAGSCALER_LONG, and their packages; check_test.go checks that.
LONGER := alerts internal/daemon scaler/sim scaler/sim/worlds
LONGER_TESTS := TestRules TestQuietFleet TestClustersComeAndGo TestOthersPayNothing TestWrongDeclarationsAreCorrected TestPredictedPrice TestRecordedTrafficStopsNobody TestWorlds

## test: run also the tests on real servers, except what make versions and make stories run; with CI=true no other test is skipped
# What needs only CPU runs beside the tests on real servers, one after the other, and gives way to them.
test: export RACED := all
test: tools vet
	@$(MAKE) --no-print-directory -j2 raced pure-then-long
	@$(MAKE) --no-print-directory -j2 ASIDE='nice -n 19' e2e lint vulnerabilities keda-fields site-check

## tools: install all tools and servers of the tests, except Go, into $(CACHE)
tools: gotestsum lint-tools generate-tools chart-tools alert-tools kafka-archives kdc e2e-servers chromium axe grafana-schema buildah

## e2e: run the tests on real Kafka, Kubernetes, Prometheus, Alertmanager and a browser
# On a busy machine a server is sometimes too slow. Therefore a failed test is run again alone, up to two times, and the
# summary lists it. A test that fails three times fails the run.
#
# Two packages run side by side, which keeps two cores busy. Many JVMs at once are too much for them, so
# the order keeps the packages apart that start most of them: servers/kafka, suites/lag, suites/rebalance.
e2e: gotestsum kafka-archives
	cd e2e && gotestsum --format pkgname --rerun-fails=2 --rerun-fails-max-failures=15 \
		--packages='./suites/scale ./servers/kafka ./suites/lag ./suites/alerts ./suites/chaos ./suites/web ./suites/chart ./suites/rebalance ./...' -- $(QUICK_LINK) -race -count=1 -p 2 -timeout 40m

# The tests that make test plays on one version of Kafka, and their packages; check_test.go checks that.
HEAVY := servers/kafka suites/lag suites/rebalance
HEAVY_TESTS := TestClusterStarts TestBreakingNodes TestFleetMovesAndTheLogTellsWhy TestStaticMemberComesBack TestGroupsAsTheToolSeesThem TestTransactions TestLoad TestVerifiableClients \
	TestBrokers TestQuietClusters TestSlowBroker TestMarkersAndAStuckConsumer TestRebalances

## versions: run the tests that make test plays on one version of Kafka on every version
versions: export LAGSCALER_EVERY_VERSION := 1
versions: gotestsum kafka-archives alert-tools
	cd e2e && gotestsum --format pkgname --rerun-fails=2 --rerun-fails-max-failures=15 --packages='$(addprefix ./,$(HEAVY))' \
		-- $(QUICK_LINK) -race -count=1 -p 1 -timeout 40m -run '^($(subst $(empty) ,|,$(strip $(HEAVY_TESTS))))$$'

# The tests that only make stories runs, or tells all of, and their packages; check_test.go checks that.
TOLD := suites/chart suites/scale
STORIES := TestAClusterStandsBy TestItStopsItself TestKubectlLagscaler TestObserveAdviseActInAllNamespaces TestTwoPlaces

## stories: run the tests on real servers that make test leaves out, because they take minutes and others show most of it
stories: export LAGSCALER_STORIES := 1
stories: tools
	cd e2e && gotestsum --format pkgname --rerun-fails=2 --rerun-fails-max-failures=15 --packages='$(addprefix ./,$(TOLD))' \
		-- $(QUICK_LINK) -race -count=1 -p 1 -timeout 40m -run '^($(subst $(empty) ,|,$(strip $(STORIES))))$$'

## long: run what make check leaves out, because it takes long: a day of alerts, eight simulated hours, fleets for longer, the rest of the simulations, and the longest answers of brokers
long: alert-tools
	SOAK_HOURS=8 go test -vet=off $(QUICK_LINK) -run '^TestSoak$$' ./scaler/sim/worlds
	LAGSCALER_LONG=1 go test -vet=off $(QUICK_LINK) -run "^($$(echo $(LONGER_TESTS) | tr ' ' '|'))\$$" $(addprefix ./,$(LONGER))
	go test -vet=off $(QUICK_LINK) -run TestTimeOfAnAnswer ./lag/kafkasource/transport

## outage: the only replica of some groups' offsets stays away for long (OUTAGE=3m)
outage:
	cd e2e && LAGSCALER_OUTAGE=$(or $(OUTAGE),3m) go test -count=1 -timeout 20m -run TestBrokers ./suites/lag

## properties: check the properties of all packages with other seeds than make check (CHECKS=200)
properties:
	for p in $$(git grep -l pgregory.net/rapid -- '*_test.go' | xargs -n1 dirname | sort -u | grep -v sim/worlds); do \
		LAGSCALER_SEED=random go test -vet=off -count=1 -timeout 60m ./$$p -rapid.checks=$(or $(CHECKS),200); done

## worlds: play the worlds of scaler/sim/worlds with many seeds (SEEDS=50)
worlds:
	LAGSCALER_SEED=random LAGSCALER_LONG=1 WORLDS_SEEDS=$(or $(SEEDS),50) go test -count=1 -timeout 60m ./scaler/sim/worlds

## soak: simulate a month of groups and scalers that come and go: what the program keeps must not grow (SOAK_HOURS=720)
soak:
	SOAK_HOURS=$(or $(SOAK_HOURS),720) go test -count=1 -timeout 60m -v -run '^TestSoak$$' ./scaler/sim/worlds

## demo: run a demonstration (DURATION=90s, SCENARIO=burst|diurnal|hot-partition|stalled|crash-loop|partial-outage)
demo:
	@test -e bin/lagscaler-demo || echo "compiling; the first time Go downloads and compiles the dependencies of the demo, which takes about 100 s of CPU time: a minute on two cores"
	@CGO_ENABLED=0 go build -v -trimpath -ldflags '-s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT)' -o bin/lagscaler-demo ./cmd/lagscaler-demo 2>&1 | \
		awk '/ |^#/ {print; next} ++n % 50 == 0 {print n " packages compiled"; fflush()}'
	bin/lagscaler-demo $(if $(DURATION),--duration $(DURATION)) $(if $(SCENARIO),--scenario $(SCENARIO))

## lint: run golangci-lint, with gofumpt, on both modules
lint: lint-tools
	$(ASIDE) golangci-lint run ./...
	cd e2e && $(ASIDE) golangci-lint run ./...

## help: print this list
help:
	@sed -n 's/^## \([a-z0-9.-]*\): /\1\t/p' $(MAKEFILE_LIST) | sort | expand -t 18

clean:
	rm -rf bin dist
