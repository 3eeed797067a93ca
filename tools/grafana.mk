# The TypeScript types of current Grafana, which the tests of the dashboards use. This file also works alone:
# make -f tools/grafana.mk grafana-schema
#
# The packages are in $(CACHE)/grafana-schema-KEY. KEY is a hash of package.json and package-lock.json, so nothing happens
# if the folder exists. `npm ci` installs the versions in package-lock.json and runs no scripts of the packages.

CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/lagscaler
GRAFANA_SCHEMA := $(dir $(lastword $(MAKEFILE_LIST)))grafana-schema

.PHONY: grafana-schema

## grafana-schema: download the types of current Grafana and a TypeScript compiler, for the tests of dashboards/
grafana-schema:
	@sh '$(GRAFANA_SCHEMA)/../debian.sh' 'testing the types of the dashboards' npm=npm
	@set -e; key=$$(cat '$(GRAFANA_SCHEMA)/package.json' '$(GRAFANA_SCHEMA)/package-lock.json' | sha256sum | cut -c 1-16); \
	out='$(CACHE)'/grafana-schema-$$key; [ -d "$$out" ] && exit 0; \
	mkdir -p '$(CACHE)'; exec 9>'$(CACHE)/grafana-schema.lock'; flock 9; [ -d "$$out" ] && exit 0; \
	rm -rf "$$out.new"; mkdir "$$out.new"; \
	cp '$(GRAFANA_SCHEMA)/package.json' '$(GRAFANA_SCHEMA)/package-lock.json' "$$out.new"; \
	(cd "$$out.new" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error); \
	mv "$$out.new" "$$out"
