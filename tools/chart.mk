# The tests and the generated files of the Helm chart. The Makefile in the root folder includes this file.

CHART := charts/lagscaler

# The first version, from which `make upgrade` upgrades.
FIRST ?= 7e9cfb5a

.PHONY: chart chart-files chart-readme chart-schema upgrade

## chart: test the chart, and run the program as the chart installs it, with Helm 3 and 4 on a real control plane
chart: chart-tools kubernetes
	go test ./charts
	cd e2e && go test ./suites/chart -count=1 -timeout 10m

## upgrade: upgrade from the first version of the chart and the program to this one, and roll back, on a real control plane
upgrade: chart-tools kubernetes
	@git cat-file -e '$(FIRST)^{commit}' || { echo 'upgrade: this clone has no commit $(FIRST)' >&2; exit 1; }
	@out='$(CACHE)/version-$(FIRST)'; [ -x "$$out/bin/lagscaler" ] || { rm -rf "$$out" && mkdir -p "$$out" && \
		git archive '$(FIRST)' | tar -x -C "$$out" && make -C "$$out" build; }
	cd e2e && LAGSCALER_FIRST_VERSION='$(CACHE)/version-$(FIRST)' go test -count=1 -timeout 15m -v -run TestUpgradeFromTheFirstVersion ./suites/chart

## chart-files: copy alert rules, dashboards and the CRD into the chart
chart-files:
	mkdir -p $(CHART)/files/rules $(CHART)/files/dashboards
	cp alerts/rules/*.yaml $(CHART)/files/rules/
	cp dashboards/json/*.json $(CHART)/files/dashboards/
	cp alerts/dashboard_url.tmpl alerts/owner_join.tmpl $(CHART)/files/
	cp scaler/kube/crd/lagscaler.io_kafkascalers.yaml $(CHART)/files/kafkascalers.yaml

## chart-readme: generate the README of the chart from values.yaml
chart-readme: helm-docs
	$(TOOLS_BIN)/helm-docs --chart-search-root charts --sort-values-order file

## chart-schema: generate the parts of values.schema.json for the configuration and the alerts
chart-schema:
	go test ./charts -update
