# The Helm chart's generated parts and its checks. Stands alone: make -f tools/chart.mk chart-files

CHART := charts/lagscaler

.PHONY: chart-files chart-readme

## chart-files: copy alert rules, dashboards and the CRD into the chart
chart-files:
	mkdir -p $(CHART)/files/rules $(CHART)/files/dashboards
	cp alerts/rules/*.yaml $(CHART)/files/rules/
	cp dashboards/json/*.json $(CHART)/files/dashboards/
	cp scaler/kube/crd/lagscaler.io_kafkascalers.yaml $(CHART)/files/kafkascalers.yaml

## chart-readme: write the chart's README from values.yaml
chart-readme: helm-docs
	helm-docs --chart-search-root charts --sort-values-order file
