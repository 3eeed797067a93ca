# The Helm chart's generated parts and its checks. Part of the Makefile at the root.

CHART := charts/lagscaler

.PHONY: chart chart-files chart-readme chart-schema

## chart: check the chart and run the program as it says, with Helm 3 and 4 on a real control plane
chart: chart-tools kubernetes
	go test ./charts
	cd e2e && go test ./suites/chart -count=1 -timeout 10m

## chart-files: copy alert rules, dashboards and the CRD into the chart
chart-files:
	mkdir -p $(CHART)/files/rules $(CHART)/files/dashboards
	cp alerts/rules/*.yaml $(CHART)/files/rules/
	cp dashboards/json/*.json $(CHART)/files/dashboards/
	cp scaler/kube/crd/lagscaler.io_kafkascalers.yaml $(CHART)/files/kafkascalers.yaml

## chart-readme: write the chart's README from values.yaml
chart-readme: helm-docs
	$(TOOLS_BIN)/helm-docs --chart-search-root charts --sort-values-order file

## chart-schema: write the part of values.schema.json that follows from the configuration and the alerts
chart-schema:
	go test ./charts -update
