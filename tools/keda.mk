# KEDA: its servers for comparisons, and the fields of its kafka triggers, which convert knows:
# internal/keda/testdata/keda-fields.txt.

CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/lagscaler
KEDA_TOOLS := $(dir $(lastword $(MAKEFILE_LIST)))

.PHONY: keda keda-fields versus

## keda: build KEDA's operator and metrics adapter (9 minutes the first time); tools/keda/version has the version
keda:
	@sh '$(KEDA_TOOLS)build-module.sh' '$(CACHE)' '$(KEDA_TOOLS)keda'

## versus: run KEDA beside lagscaler on real servers, and write docs/versus.md; no part of make test
versus: keda kafka-archives kubernetes
	cd e2e && LAGSCALER_VERSUS=1 go test ./suites/versus -count=1 -timeout 60m -v

KEDA ?= latest

## keda-fields: compare the fields that convert knows with a version of KEDA, by default the latest (KEDA=v2.21.0)
# A part of make test. Where the module proxy cannot be reached, one line says so.
keda-fields:
	@cd "$$(mktemp -d)" && if ! found=$$(go mod download -json github.com/kedacore/keda/v2@$(KEDA)); then \
		echo "keda-fields: NOT CHECKED, because KEDA $(KEDA) cannot be downloaded: $$(sed -n 's/.*"Error": //p' <<< "$$found")"; \
		exit 0; \
	fi; \
	dir=$$(sed -n 's/.*"Dir": "\(.*\)".*/\1/p' <<< "$$found"); test -n "$$dir"; \
	cd '$(CURDIR)' && go test -count=1 -run '^TestFieldsOfKEDA$$' ./internal/keda -keda "$$dir"
