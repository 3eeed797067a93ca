# The container image.

IMAGE ?= lagscaler/lagscaler:dev
PLATFORMS ?= linux/amd64,linux/arm64
# docker, or buildah, which needs no daemon.
IMAGE_TOOL ?= $(shell docker info >/dev/null 2>&1 && echo docker || echo buildah)
# Options of buildah, such as --root and --runroot.
BUILDAH_OPTIONS ?= --storage-driver=vfs
IMAGE_FOLDER ?= dist/image
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 0)
comma := ,

# One platform after the other, so that two builds list them in the same order. A manifest of an earlier build is removed, because
# buildah would add to it.
define BUILDAH_BUILD
@buildah $(BUILDAH_OPTIONS) manifest rm '$(IMAGE)' >/dev/null 2>&1 || true
$(foreach platform,$(subst $(comma), ,$(PLATFORMS)),buildah $(BUILDAH_OPTIONS) bud --quiet --isolation chroot \
	--timestamp '$(SOURCE_DATE_EPOCH)' --platform '$(platform)' --manifest '$(IMAGE)' --file Dockerfile '$(IMAGE_FOLDER)' &&) true
endef

.PHONY: image image-docker image-buildah image-folder buildah

## image: build the container image (IMAGE=NAME:TAG, PLATFORMS=linux/amd64,linux/arm64, PUSH=1 to push it)
image: image-$(IMAGE_TOOL)

image-docker: image-folder
	docker buildx build --platform '$(PLATFORMS)' --tag '$(IMAGE)' $(if $(PUSH),--push,$(if $(findstring $(comma),$(PLATFORMS)),,--load)) \
		--file Dockerfile '$(IMAGE_FOLDER)'

image-buildah: image-folder buildah
	$(BUILDAH_BUILD)
	$(if $(PUSH),buildah $(BUILDAH_OPTIONS) manifest push --all '$(IMAGE)' 'docker://$(IMAGE)')

# What the Dockerfile copies.
image-folder:
	@sh '$(TOOLS)image-root.sh' '$(IMAGE_FOLDER)' '$(SOURCE_DATE_EPOCH)'
	@set -e; for platform in $(subst $(comma), ,$(PLATFORMS)); do \
		CGO_ENABLED=0 GOOS="$${platform%/*}" GOARCH="$${platform#*/}" go build -trimpath -ldflags '$(LDFLAGS)' \
			-o "$(IMAGE_FOLDER)/$$platform/lagscaler" ./cmd/lagscaler; \
	done

## buildah: install buildah, which builds the image where no Docker runs
buildah:
	@sh '$(TOOLS)debian.sh' 'building the image without Docker' buildah=buildah
