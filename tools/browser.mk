# axe-core, which the tests of the web UI use to check accessibility. This file also works alone:
# make -f tools/browser.mk axe

CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/lagscaler
AXE_VERSION := 4.14.1

.PHONY: axe screenshots

## axe: download axe-core, which checks the accessibility of the pages
axe:
	@command -v npm >/dev/null || { echo "axe: needs node and npm on the PATH" >&2; exit 1; }
	@set -e; out='$(CACHE)/axe-core'; [ -f "$$out/$(AXE_VERSION)" ] && exit 0; \
	mkdir -p '$(CACHE)'; exec 9>'$(CACHE)/axe.lock'; flock 9; [ -f "$$out/$(AXE_VERSION)" ] && exit 0; \
	work=$$(mktemp -d); trap 'rm -rf "$$work"' EXIT; \
	(cd "$$work" && npm pack --silent axe-core@$(AXE_VERSION) >/dev/null && tar xzf ./*.tgz); \
	mkdir -p "$$out"; cp "$$work/package/axe.min.js" "$$out/axe.min.js"; touch "$$out/$(AXE_VERSION)"

## screenshots: write the screenshots of the documentation: of a running demo, and of a cluster with problems
screenshots: chromium
	mkdir -p docs/images
	cd e2e && LAGSCALER_SCREENSHOTS='$(CURDIR)/docs/images' go test -count=1 -run 'TestScreenshots|TestInTrouble' ./suites/web
