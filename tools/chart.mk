# The tests and the generated files of the Helm chart. The Makefile in the root folder includes this file.

CHART := charts/lagscaler

.PHONY: chart chart-files chart-readme chart-schema

## chart: test the chart, and run the program as the chart installs it, with Helm 3 and 4 on a real control plane
chart: chart-tools kubernetes
	go test ./charts
	cd e2e && go test ./suites/chart -count=1 -timeout 10m

## chart-files: copy alert rules, dashboards and the CRD into the chart
chart-files:
	mkdir -p $(CHART)/files/rules $(CHART)/files/dashboards
	cp alerts/rules/*.yaml $(CHART)/files/rules/
	cp dashboards/json/*.json $(CHART)/files/dashboards/
	cp scaler/kube/crd/lagscaler.io_kafkascalers.yaml $(CHART)/files/kafkascalers.yaml

## chart-readme: generate the README of the chart from values.yaml
chart-readme: helm-docs
	$(TOOLS_BIN)/helm-docs --chart-search-root charts --sort-values-order file

## chart-schema: generate the parts of values.schema.json for the configuration and the alerts
chart-schema:
	go test ./charts -update
