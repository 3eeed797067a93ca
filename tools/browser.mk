# axe-core, which the tests of the web UI use to check accessibility. This file also works alone:
# make -f tools/browser.mk axe

CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/lagscaler
BROWSER_TOOLS := $(dir $(lastword $(MAKEFILE_LIST)))
AXE_VERSION := 4.14.1

.PHONY: axe screenshots look grafana

## axe: download axe-core, which checks the accessibility of the pages
axe:
	@sh '$(BROWSER_TOOLS)debian.sh' 'testing the accessibility of the pages' npm=npm
	@set -e; out='$(CACHE)/axe-core'; [ -f "$$out/$(AXE_VERSION)" ] && exit 0; \
	mkdir -p '$(CACHE)'; exec 9>'$(CACHE)/axe.lock'; flock 9; [ -f "$$out/$(AXE_VERSION)" ] && exit 0; \
	work=$$(mktemp -d); trap 'rm -rf "$$work"' EXIT; \
	(cd "$$work" && npm pack --silent axe-core@$(AXE_VERSION) >/dev/null && tar xzf ./*.tgz); \
	mkdir -p "$$out"; cp "$$work/package/axe.min.js" "$$out/axe.min.js"; touch "$$out/$(AXE_VERSION)"

## screenshots: write the screenshots of the documentation: of a running demo, and of a cluster with problems
screenshots: chromium
	mkdir -p docs/images
	cd e2e && LAGSCALER_SCREENSHOTS='$(CURDIR)/docs/images' go test -count=1 -run 'TestScreenshots|TestInTrouble' ./suites/web

## look: take a picture of every page, wide and on a phone, light and dark, with 3 and 10,000 groups, in peace and in trouble, into dist/look
look: chromium
	mkdir -p dist/look
	cd e2e && LAGSCALER_LOOK='$(CURDIR)/dist/look' go test -count=1 -timeout 20m -run '^TestLook$$' ./suites/web

## grafana: push the dashboards to the Grafana at LAGSCALER_GRAFANA_URL, render them for a demo, and check every panel
grafana: chromium prometheus
	@test -n "$${LAGSCALER_GRAFANA_URL:-}" || { echo "grafana: set LAGSCALER_GRAFANA_URL to a Grafana on this machine, and LAGSCALER_GRAFANA_TOKEN" >&2; exit 1; }
	mkdir -p dist/grafana
	cd e2e && LAGSCALER_GRAFANA_PICTURES='$(CURDIR)/dist/grafana' go test -count=1 -timeout 20m -v -run 'TestGrafana|TestPanelsOfGrafana' ./suites/web
